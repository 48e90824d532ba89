package v1

import (
	corev1 "k8s.io/api/core/v1"
)

type NetworkConfiguration struct {
	// +optional
	DefaultNetworkInterface string `json:"defaultNetworkInterface,omitempty"`
	// +optional
	PermitSlirpInterface *bool `json:"permitSlirpInterface,omitempty"`
	// +optional
	PermitBridgeInterfaceOnPodNetwork *bool `json:"permitBridgeInterfaceOnPodNetwork,omitempty"`
	// +optional
	Binding map[string]InterfaceBindingPlugin `json:"binding,omitempty"`
}

type InterfaceBindingPlugin struct {
	// +optional
	SidecarImage string `json:"sidecarImage,omitempty"`
	// +optional
	NetworkAttachmentDefinition string `json:"networkAttachmentDefinition,omitempty"`
	// +optional
	DomainAttachmentType DomainAttachmentType `json:"domainAttachmentType,omitempty"`
	// +optional
	Migration *InterfaceBindingMigration `json:"migration,omitempty"`
	// +optional
	DownwardAPI NetworkBindingDownwardAPIType `json:"downwardAPI,omitempty"`
	// +optional
	ComputeResourceOverhead *ResourceRequirementsWithoutClaims `json:"computeResourceOverhead,omitempty"`
}

type InterfaceBindingMigration struct {
	// +optional
	Method MigrationMethod `json:"method,omitempty"`
}

type ResourceRequirementsWithoutClaims struct {
	// +optional
	Limits corev1.ResourceList `json:"limits,omitempty"`
	// +optional
	Requests corev1.ResourceList `json:"requests,omitempty"`
}

type DomainAttachmentType string

// Values of DomainAttachmentType.
const (
	DomainAttachmentTypeTap        DomainAttachmentType = "tap"
	DomainAttachmentTypeManagedTap DomainAttachmentType = "managedTap"
)

type MigrationMethod string

// Values of MigrationMethod.
const (
	MigrationMethodLinkRefresh MigrationMethod = "link-refresh"
)

type NetworkBindingDownwardAPIType string

// Values of NetworkBindingDownwardAPIType.
const (
	NetworkBindingDownwardAPITypeDeviceInfo NetworkBindingDownwardAPIType = "device-info"
)
