package v1

import "strings"

// CredentialVolumeSuffix ends the names of pod volumes with access credentials.
const CredentialVolumeSuffix = "-access-cred"

// SecretName is the Secret that holds the credential; empty where none is named.
func (c *AccessCredential) SecretName() string {
	switch {
	case c.SSHPublicKey != nil && c.SSHPublicKey.Source.Secret != nil:
		return c.SSHPublicKey.Source.Secret.SecretName
	case c.UserPassword != nil && c.UserPassword.Source.Secret != nil:
		return c.UserPassword.Source.Secret.SecretName
	}
	return ""
}

// ByGuestAgent reports whether the guest agent brings the credential into the guest.
func (c *AccessCredential) ByGuestAgent() bool {
	return c.SSHPublicKey != nil && c.SSHPublicKey.PropagationMethod.QemuGuestAgent != nil ||
		c.UserPassword != nil && c.UserPassword.PropagationMethod.QemuGuestAgent != nil
}

// CredentialVolumeName is the name of the launcher pod's volume with a credential's Secret, and of the directory
// where that is mounted. A Secret's name may be longer than theirs, and have dots.
func CredentialVolumeName(secret string) string {
	label := strings.ReplaceAll(secret, ".", "-")
	if label != secret {
		label += "-" + shortHash(secret)
	}
	return FittingName(label + CredentialVolumeSuffix)
}
