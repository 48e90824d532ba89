package v1

// LaunchSecurity protects the guest's memory from its host; exactly one is set.
type LaunchSecurity struct {
	// AMD Secure Encrypted Virtualization.
	// +optional
	SEV *SEV `json:"sev,omitempty"`
	// AMD SEV with Secure Nested Paging.
	// +optional
	SNP *SEVSNP `json:"snp,omitempty"`
	// Intel Trust Domain Extensions.
	// +optional
	TDX *TDX `json:"tdx,omitempty"`
}

// SEV encrypts a guest's memory by AMD SEV.
type SEV struct {
	// What the host may do with the guest.
	// +optional
	Policy *SEVPolicy `json:"policy,omitempty"`
	// Holds the guest until its owner has verified it; needs the start strategy Paused.
	// +optional
	Attestation *SEVAttestation `json:"attestation,omitempty"`
	// Session data of the guest's owner, base64.
	// +optional
	Session string `json:"session,omitempty"`
	// Diffie-Hellman certificate of the guest's owner, base64.
	// +optional
	DHCert string `json:"dhCert,omitempty"`
}

// SEVPolicy restricts what the host may do with an encrypted guest.
type SEVPolicy struct {
	// Encrypts the CPU's registers too (SEV-ES); false if unset.
	// +optional
	EncryptedState *bool `json:"encryptedState,omitempty"`
}

// SEVAttestation has a guest verified before it starts.
type SEVAttestation struct {
}

// SEVSNP protects a guest by AMD SEV-SNP.
type SEVSNP struct {
}

// TDX protects a guest by Intel TDX.
type TDX struct {
}
