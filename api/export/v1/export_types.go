package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// VirtualMachineExport lets the volumes of its source be downloaded.
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

	// What is exported; cannot be changed.
	Spec VirtualMachineExportSpec `json:"spec"`
	// Where it can be downloaded.
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

// VirtualMachineExportSpec describes an export.
type VirtualMachineExportSpec struct {
	// A VirtualMachine, a VirtualMachineSnapshot, a VirtualMachineBackup or a PersistentVolumeClaim.
	Source corev1.TypedLocalObjectReference `json:"source"`
	// Secret with the token that downloads need; made if unset.
	// +optional
	TokenSecretRef *string `json:"tokenSecretRef,omitempty"`
	// How long the export lives; 2 hours if unset.
	// +optional
	TTLDuration *metav1.Duration `json:"ttlDuration,omitempty"`
}

// VirtualMachineExportStatus is where an export can be downloaded.
type VirtualMachineExportStatus struct {
	// Where the export stands.
	// +optional
	Phase VirtualMachineExportPhase `json:"phase,omitempty"`
	// Addresses of the content.
	// +optional
	Links *VirtualMachineExportLinks `json:"links,omitempty"`
	// Secret with the token that downloads need.
	// +optional
	TokenSecretRef *string `json:"tokenSecretRef,omitempty"`
	// When the export is deleted.
	// +optional
	TTLExpirationTime *metav1.Time `json:"ttlExpirationTime,omitempty"`
	// Service by which the content is reached.
	// +optional
	ServiceName string `json:"serviceName,omitempty"`
	// Machine the source belongs to.
	// +optional
	VirtualMachineName *string `json:"virtualMachineName,omitempty"`
	// Aspects of the export's state, one per type.
	// +optional
	// +listType=atomic
	Conditions []v1.Condition `json:"conditions,omitempty"`
}

// VirtualMachineExportLinks is the addresses of an export.
type VirtualMachineExportLinks struct {
	// Addresses within the cluster.
	// +optional
	Internal *VirtualMachineExportLink `json:"internal,omitempty"`
	// Addresses from outside, where there is an Ingress or Route.
	// +optional
	External *VirtualMachineExportLink `json:"external,omitempty"`
}

// VirtualMachineExportLink is addresses under one certificate.
type VirtualMachineExportLink struct {
	// CA of the server, in PEM.
	Cert string `json:"cert"`
	// Disks that can be downloaded.
	// +optional
	// +listType=map
	// +listMapKey=name
	Volumes []VirtualMachineExportVolume `json:"volumes,omitempty"`
	// Backups that can be read.
	// +optional
	// +listType=map
	// +listMapKey=name
	Backups []VirtualMachineExportBackup `json:"backups,omitempty"`
	// Manifests that can be downloaded.
	// +optional
	// +listType=map
	// +listMapKey=type
	Manifests []VirtualMachineExportManifest `json:"manifests,omitempty"`
}

// VirtualMachineExportVolume is a disk that can be downloaded.
type VirtualMachineExportVolume struct {
	// Name of the volume.
	Name string `json:"name"`
	// Formats it comes in.
	// +optional
	// +listType=map
	// +listMapKey=format
	Formats []VirtualMachineExportVolumeFormat `json:"formats,omitempty"`
}

// VirtualMachineExportVolumeFormat is a format of a download.
type VirtualMachineExportVolumeFormat struct {
	// The format.
	Format ExportVolumeFormat `json:"format"`
	// Its address.
	URL string `json:"url"`
}

// VirtualMachineExportBackup is a disk of a backup in pull mode.
type VirtualMachineExportBackup struct {
	// Name of the volume.
	Name string `json:"name"`
	// What can be asked about it.
	// +optional
	// +listType=map
	// +listMapKey=endpoint
	Endpoints []VirtualMachineExportBackupEndpoint `json:"endpoints,omitempty"`
}

// VirtualMachineExportBackupEndpoint is what can be asked about a disk of a backup.
type VirtualMachineExportBackupEndpoint struct {
	// map for which parts have changed, data for their content.
	Endpoint ExportBackupEndpoint `json:"endpoint"`
	// Its address.
	URL string `json:"url"`
}

// VirtualMachineExportManifest is a manifest that can be downloaded.
type VirtualMachineExportManifest struct {
	// The manifest.
	Type ExportManifestType `json:"type"`
	// Its address.
	URL string `json:"url"`
}

// VirtualMachineExportPhase is where an export stands.
type VirtualMachineExportPhase string

// Values of VirtualMachineExportPhase.
const (
	// ExportPhasePending is not ready yet.
	ExportPhasePending VirtualMachineExportPhase = "Pending"
	// ExportPhaseReady can be downloaded.
	ExportPhaseReady VirtualMachineExportPhase = "Ready"
	// ExportPhaseTerminated was served and is over.
	ExportPhaseTerminated VirtualMachineExportPhase = "Terminated"
	// ExportPhaseSkipped has nothing to download.
	ExportPhaseSkipped VirtualMachineExportPhase = "Skipped"
)

// ExportVolumeFormat is the format of a download.
type ExportVolumeFormat string

// Values of ExportVolumeFormat.
const (
	// ExportVolumeFormatRaw is a disk image as it is.
	ExportVolumeFormatRaw ExportVolumeFormat = "raw"
	// ExportVolumeFormatGzip is a disk image compressed by gzip.
	ExportVolumeFormatGzip ExportVolumeFormat = "gzip"
	// ExportVolumeFormatDir is a directory to browse.
	ExportVolumeFormatDir ExportVolumeFormat = "dir"
	// ExportVolumeFormatTarGz is a file tree compressed by gzip.
	ExportVolumeFormatTarGz ExportVolumeFormat = "tar.gz"
)

// ExportBackupEndpoint is what can be asked about a disk of a backup.
type ExportBackupEndpoint string

// Values of ExportBackupEndpoint.
const (
	// ExportBackupEndpointMap lists the parts that have changed.
	ExportBackupEndpointMap ExportBackupEndpoint = "map"
	// ExportBackupEndpointData gives the content.
	ExportBackupEndpointData ExportBackupEndpoint = "data"
)

// ExportManifestType is a manifest that can be downloaded.
type ExportManifestType string

// Values of ExportManifestType.
const (
	// ExportManifestTypeAll is everything needed to make the machine anew.
	ExportManifestTypeAll ExportManifestType = "all"
	// ExportManifestTypeAuthHeaderSecret is a Secret with the token as a header, for imports.
	ExportManifestTypeAuthHeaderSecret ExportManifestType = "auth-header-secret"
	// ExportManifestTypeOCI is an OCI image index.
	ExportManifestTypeOCI ExportManifestType = "oci"
)
