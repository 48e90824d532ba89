package v1

import (
	corev1 "k8s.io/api/core/v1"
)

// NetworkConfiguration is about the interfaces of guests.
type NetworkConfiguration struct {
	// Binding of the interface that guests without any get: bridge or masquerade; bridge if empty.
	// +optional
	// +kubebuilder:validation:Enum="";bridge;masquerade
	DefaultNetworkInterface string `json:"defaultNetworkInterface,omitempty"`
	// Of no effect; deprecated.
	// +optional
	PermitSlirpInterface *bool `json:"permitSlirpInterface,omitempty"`
	// Whether guests may bridge the pod network; true if unset.
	// +optional
	PermitBridgeInterfaceOnPodNetwork *bool `json:"permitBridgeInterfaceOnPodNetwork,omitempty"`
	// Plugins that bind interfaces, by name.
	// +optional
	Binding map[string]InterfaceBindingPlugin `json:"binding,omitempty"`
}

// InterfaceBindingPlugin binds interfaces in a way of its own.
type InterfaceBindingPlugin struct {
	// Image of a container that may change the guest's definition.
	// +optional
	SidecarImage string `json:"sidecarImage,omitempty"`
	// NetworkAttachmentDefinition, as namespace/name, whose CNI plugin sets the pod up.
	// +optional
	// +kubebuilder:validation:Pattern=`^(([a-z0-9-]+/)?[a-z0-9][a-z0-9.-]*)?$`
	NetworkAttachmentDefinition string `json:"networkAttachmentDefinition,omitempty"`
	// How the interface shows in the guest's definition: tap or managedTap; left to the sidecar if empty.
	// +optional
	DomainAttachmentType DomainAttachmentType `json:"domainAttachmentType,omitempty"`
	// What is done to the interface after a migration.
	// +optional
	Migration *InterfaceBindingMigration `json:"migration,omitempty"`
	// What the sidecar is told; device-info or nothing.
	// +optional
	DownwardAPI NetworkBindingDownwardAPIType `json:"downwardAPI,omitempty"`
	// Resources the plugin adds to the compute container.
	// +optional
	ComputeResourceOverhead *ResourceRequirementsWithoutClaims `json:"computeResourceOverhead,omitempty"`
}

// InterfaceBindingMigration is what is done to an interface after a migration.
type InterfaceBindingMigration struct {
	// link-refresh takes the link down and up again.
	// +optional
	Method MigrationMethod `json:"method,omitempty"`
}

// ResourceRequirementsWithoutClaims is a container's resources.
type ResourceRequirementsWithoutClaims struct {
	// Most amounts.
	// +optional
	Limits corev1.ResourceList `json:"limits,omitempty"`
	// Least amounts; the limits if unset.
	// +optional
	Requests corev1.ResourceList `json:"requests,omitempty"`
}

// DomainAttachmentType is how an interface shows in a guest's definition.
// +kubebuilder:validation:Enum="";tap;managedTap
type DomainAttachmentType string

// Values of DomainAttachmentType.
const (
	// DomainAttachmentTypeTap uses a tap device that the plugin made.
	DomainAttachmentTypeTap DomainAttachmentType = "tap"
	// DomainAttachmentTypeManagedTap uses a tap device that the node agent makes.
	DomainAttachmentTypeManagedTap DomainAttachmentType = "managedTap"
)

// MigrationMethod is what is done to an interface after a migration.
// +kubebuilder:validation:Enum="";link-refresh
type MigrationMethod string

// Values of MigrationMethod.
const (
	// MigrationMethodLinkRefresh takes the link down and up again.
	MigrationMethodLinkRefresh MigrationMethod = "link-refresh"
)

// NetworkBindingDownwardAPIType is what a binding plugin's sidecar is told.
// +kubebuilder:validation:Enum="";device-info
type NetworkBindingDownwardAPIType string

// Values of NetworkBindingDownwardAPIType.
const (
	// NetworkBindingDownwardAPITypeDeviceInfo tells about the devices behind the network.
	NetworkBindingDownwardAPITypeDeviceInfo NetworkBindingDownwardAPIType = "device-info"
)
