package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type SEVSessionOptions struct {
	// +optional
	Session string `json:"session,omitempty"`
	// +optional
	DHCert string `json:"dhCert,omitempty"`
}

type SEVSecretOptions struct {
	// +optional
	Header string `json:"header,omitempty"`
	// +optional
	Secret string `json:"secret,omitempty"`
}

// +kubebuilder:object:root=true
type SEVPlatformInfo struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	PDH string `json:"pdh,omitempty"`
	// +optional
	CertChain string `json:"certChain,omitempty"`
}

// +kubebuilder:object:root=true
type SEVMeasurementInfo struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	Measurement string `json:"measurement,omitempty"`
	// +optional
	APIMajor uint `json:"apiMajor,omitempty"`
	// +optional
	APIMinor uint `json:"apiMinor,omitempty"`
	// +optional
	BuildID uint `json:"buildID,omitempty"`
	// +optional
	Policy uint `json:"policy,omitempty"`
	// +optional
	LoaderSHA string `json:"loaderSHA,omitempty"`
}
