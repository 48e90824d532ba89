package v1

// AccessCredential is an ssh key or a password for the guest; exactly one is set.
type AccessCredential struct {
	// Public ssh keys that let their owners in.
	// +optional
	SSHPublicKey *SSHPublicKeyAccessCredential `json:"sshPublicKey,omitempty"`
	// Passwords of users.
	// +optional
	UserPassword *UserPasswordAccessCredential `json:"userPassword,omitempty"`
}

// SSHPublicKeyAccessCredential brings public ssh keys into the guest.
type SSHPublicKeyAccessCredential struct {
	// Where the keys are.
	Source SSHPublicKeyAccessCredentialSource `json:"source"`
	// How the keys reach the guest.
	PropagationMethod SSHPublicKeyAccessCredentialPropagationMethod `json:"propagationMethod"`
}

// SSHPublicKeyAccessCredentialSource says where public ssh keys are.
type SSHPublicKeyAccessCredentialSource struct {
	// Secret each of whose values is a key.
	// +optional
	Secret *AccessCredentialSecretSource `json:"secret,omitempty"`
}

// AccessCredentialSecretSource names a Secret with credentials.
type AccessCredentialSecretSource struct {
	// Name of the Secret in the instance's namespace.
	SecretName string `json:"secretName"`
}

// SSHPublicKeyAccessCredentialPropagationMethod says how ssh keys reach a guest; exactly one is set.
type SSHPublicKeyAccessCredentialPropagationMethod struct {
	// By cloud-init's config drive, at first boot.
	// +optional
	ConfigDrive *ConfigDriveSSHPublicKeyAccessCredentialPropagation `json:"configDrive,omitempty"`
	// By cloud-init's NoCloud disk, at first boot.
	// +optional
	NoCloud *NoCloudSSHPublicKeyAccessCredentialPropagation `json:"noCloud,omitempty"`
	// By the guest agent, whenever the Secret changes.
	// +optional
	QemuGuestAgent *QemuGuestAgentSSHPublicKeyAccessCredentialPropagation `json:"qemuGuestAgent,omitempty"`
}

// ConfigDriveSSHPublicKeyAccessCredentialPropagation puts ssh keys on the config drive.
type ConfigDriveSSHPublicKeyAccessCredentialPropagation struct {
}

// NoCloudSSHPublicKeyAccessCredentialPropagation puts ssh keys on the NoCloud disk.
type NoCloudSSHPublicKeyAccessCredentialPropagation struct {
}

// QemuGuestAgentSSHPublicKeyAccessCredentialPropagation writes ssh keys by the guest agent.
type QemuGuestAgentSSHPublicKeyAccessCredentialPropagation struct {
	// Users of the guest that get the keys.
	// +listType=set
	Users []string `json:"users"`
}

// UserPasswordAccessCredential sets passwords in the guest.
type UserPasswordAccessCredential struct {
	// Where the passwords are.
	Source UserPasswordAccessCredentialSource `json:"source"`
	// How the passwords reach the guest.
	PropagationMethod UserPasswordAccessCredentialPropagationMethod `json:"propagationMethod"`
}

// UserPasswordAccessCredentialSource says where passwords are.
type UserPasswordAccessCredentialSource struct {
	// Secret whose keys are users and whose values are their passwords.
	// +optional
	Secret *AccessCredentialSecretSource `json:"secret,omitempty"`
}

// UserPasswordAccessCredentialPropagationMethod says how passwords reach a guest.
type UserPasswordAccessCredentialPropagationMethod struct {
	// By the guest agent, whenever the Secret changes.
	// +optional
	QemuGuestAgent *QemuGuestAgentUserPasswordAccessCredentialPropagation `json:"qemuGuestAgent,omitempty"`
}

// QemuGuestAgentUserPasswordAccessCredentialPropagation sets passwords by the guest agent.
type QemuGuestAgentUserPasswordAccessCredentialPropagation struct {
}
