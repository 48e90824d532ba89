package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineexports,singular=virtualmachineexport,shortName=vmexport;vmexports,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="SourceKind",type="string",JSONPath=".spec.source.kind"
// +kubebuilder:printcolumn:name="SourceName",type="string",JSONPath=".spec.source.name"
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase"
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineExport struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec VirtualMachineExportSpec `json:"spec"`
	// +optional
	Status *VirtualMachineExportStatus `json:"status,omitempty"`
}

// VirtualMachineExportList is what a LIST of virtualmachineexports returns.
// +kubebuilder:object:root=true
type VirtualMachineExportList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineExport `json:"items"`
}

type VirtualMachineExportSpec struct {
	Source corev1.TypedLocalObjectReference `json:"source"`
	// +optional
	TokenSecretRef *string `json:"tokenSecretRef,omitempty"`
	// +optional
	TTLDuration *metav1.Duration `json:"ttlDuration,omitempty"`
}

type VirtualMachineExportStatus struct {
	// +optional
	Phase VirtualMachineExportPhase `json:"phase,omitempty"`
	// +optional
	Links *VirtualMachineExportLinks `json:"links,omitempty"`
	// +optional
	TokenSecretRef *string `json:"tokenSecretRef,omitempty"`
	// +optional
	TTLExpirationTime *metav1.Time `json:"ttlExpirationTime,omitempty"`
	// +optional
	ServiceName string `json:"serviceName,omitempty"`
	// +optional
	VirtualMachineName *string `json:"virtualMachineName,omitempty"`
	// +optional
	// +listType=atomic
	Conditions []v1.Condition `json:"conditions,omitempty"`
}

type VirtualMachineExportLinks struct {
	// +optional
	Internal *VirtualMachineExportLink `json:"internal,omitempty"`
	// +optional
	External *VirtualMachineExportLink `json:"external,omitempty"`
}

type VirtualMachineExportLink struct {
	Cert string `json:"cert"`
	// +optional
	// +listType=map
	// +listMapKey=name
	Volumes []VirtualMachineExportVolume `json:"volumes,omitempty"`
	// +optional
	// +listType=map
	// +listMapKey=name
	Backups []VirtualMachineExportBackup `json:"backups,omitempty"`
	// +optional
	// +listType=map
	// +listMapKey=type
	Manifests []VirtualMachineExportManifest `json:"manifests,omitempty"`
}

type VirtualMachineExportVolume struct {
	Name string `json:"name"`
	// +optional
	// +listType=map
	// +listMapKey=format
	Formats []VirtualMachineExportVolumeFormat `json:"formats,omitempty"`
}

type VirtualMachineExportVolumeFormat struct {
	Format ExportVolumeFormat `json:"format"`
	URL    string             `json:"url"`
}

type VirtualMachineExportBackup struct {
	Name string `json:"name"`
	// +optional
	// +listType=map
	// +listMapKey=endpoint
	Endpoints []VirtualMachineExportBackupEndpoint `json:"endpoints,omitempty"`
}

type VirtualMachineExportBackupEndpoint struct {
	Endpoint ExportBackupEndpoint `json:"endpoint"`
	URL      string               `json:"url"`
}

type VirtualMachineExportManifest struct {
	Type ExportManifestType `json:"type"`
	URL  string             `json:"url"`
}

type VirtualMachineExportPhase string

// Values of VirtualMachineExportPhase.
const (
	ExportPhasePending    VirtualMachineExportPhase = "Pending"
	ExportPhaseReady      VirtualMachineExportPhase = "Ready"
	ExportPhaseTerminated VirtualMachineExportPhase = "Terminated"
	ExportPhaseSkipped    VirtualMachineExportPhase = "Skipped"
)

type ExportVolumeFormat string

// Values of ExportVolumeFormat.
const (
	ExportVolumeFormatRaw   ExportVolumeFormat = "raw"
	ExportVolumeFormatGzip  ExportVolumeFormat = "gzip"
	ExportVolumeFormatDir   ExportVolumeFormat = "dir"
	ExportVolumeFormatTarGz ExportVolumeFormat = "tar.gz"
)

type ExportBackupEndpoint string

// Values of ExportBackupEndpoint.
const (
	ExportBackupEndpointMap  ExportBackupEndpoint = "map"
	ExportBackupEndpointData ExportBackupEndpoint = "data"
)

type ExportManifestType string

// Values of ExportManifestType.
const (
	ExportManifestTypeAll              ExportManifestType = "all"
	ExportManifestTypeAuthHeaderSecret ExportManifestType = "auth-header-secret"
	ExportManifestTypeOCI              ExportManifestType = "oci"
)
