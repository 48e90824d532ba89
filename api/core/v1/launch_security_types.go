package v1

type LaunchSecurity struct {
	// +optional
	SEV *SEV `json:"sev,omitempty"`
	// +optional
	SNP *SEVSNP `json:"snp,omitempty"`
	// +optional
	TDX *TDX `json:"tdx,omitempty"`
}

type SEV struct {
	// +optional
	Policy *SEVPolicy `json:"policy,omitempty"`
	// +optional
	Attestation *SEVAttestation `json:"attestation,omitempty"`
	// +optional
	Session string `json:"session,omitempty"`
	// +optional
	DHCert string `json:"dhCert,omitempty"`
}

type SEVPolicy struct {
	// +optional
	EncryptedState *bool `json:"encryptedState,omitempty"`
}

type SEVAttestation struct {
}

type SEVSNP struct {
}

type TDX struct {
}
