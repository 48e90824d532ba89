package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SEVSessionOptions is the body of sev/setupsession.
type SEVSessionOptions struct {
	// Session data of the guest's owner, base64.
	// +optional
	Session string `json:"session,omitempty"`
	// Diffie-Hellman certificate of the guest's owner, base64.
	// +optional
	DHCert string `json:"dhCert,omitempty"`
}

// SEVSecretOptions is the body of sev/injectlaunchsecret.
type SEVSecretOptions struct {
	// Header of the secret, base64.
	// +optional
	Header string `json:"header,omitempty"`
	// The secret, encrypted for the guest, base64.
	// +optional
	Secret string `json:"secret,omitempty"`
}

// SEVPlatformInfo is the answer of sev/fetchcertchain.
// +kubebuilder:object:root=true
type SEVPlatformInfo struct {
	metav1.TypeMeta `json:",inline"`
	// Diffie-Hellman key of the platform, base64.
	// +optional
	PDH string `json:"pdh,omitempty"`
	// Certificates of the platform, base64.
	// +optional
	CertChain string `json:"certChain,omitempty"`
}

// SEVMeasurementInfo is the answer of sev/querylaunchmeasurement.
// +kubebuilder:object:root=true
type SEVMeasurementInfo struct {
	metav1.TypeMeta `json:",inline"`
	// Measurement of the guest, base64.
	// +optional
	Measurement string `json:"measurement,omitempty"`
	// Major version of the SEV firmware's API.
	// +optional
	APIMajor uint `json:"apiMajor,omitempty"`
	// Minor version of the SEV firmware's API.
	// +optional
	APIMinor uint `json:"apiMinor,omitempty"`
	// Build of the SEV firmware.
	// +optional
	BuildID uint `json:"buildID,omitempty"`
	// Policy the guest was started with.
	// +optional
	Policy uint `json:"policy,omitempty"`
	// SHA-256 of the guest's firmware.
	// +optional
	LoaderSHA string `json:"loaderSHA,omitempty"`
}
