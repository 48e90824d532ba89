package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// VirtualMachineBackup asks for a backup of a running machine's disks.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachinebackups,singular=virtualmachinebackup,shortName=vmbackup;vmbackups,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="SourceKind",type="string",JSONPath=".spec.source.kind"
// +kubebuilder:printcolumn:name="SourceName",type="string",JSONPath=".spec.source.name"
// +kubebuilder:printcolumn:name="Type",type="string",JSONPath=".status.type"
// +kubebuilder:printcolumn:name="CheckpointName",type="string",JSONPath=".status.checkpointName"
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineBackup struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Which machine and how; cannot be changed.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec is immutable"
	// +kubebuilder:validation:XValidation:rule="has(self.pvcName) && self.pvcName != ''",message="pvcName must be set"
	// +kubebuilder:validation:XValidation:rule="!has(self.mode) || self.mode != 'Pull' || (has(self.tokenSecretRef) && self.tokenSecretRef != '')",message="mode Pull requires tokenSecretRef"
	Spec VirtualMachineBackupSpec `json:"spec"`
	// How far the backup is.
	// +optional
	Status *VirtualMachineBackupStatus `json:"status,omitempty"`
}

// VirtualMachineBackupList is what a LIST of virtualmachinebackups returns.
// +kubebuilder:object:root=true
type VirtualMachineBackupList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineBackup `json:"items"`
}

// VirtualMachineBackupSpec describes a backup.
type VirtualMachineBackupSpec struct {
	// The VirtualMachine, or the VirtualMachineBackupTracker for incremental backups.
	// +kubebuilder:validation:XValidation:rule="has(self.apiGroup)",message="apiGroup must be set"
	// +kubebuilder:validation:XValidation:rule="!has(self.apiGroup) || self.apiGroup in ['kubevirt.io', 'backup.kubevirt.io']",message="apiGroup must be kubevirt.io or backup.kubevirt.io"
	// +kubebuilder:validation:XValidation:rule="!has(self.apiGroup) || (self.apiGroup == 'kubevirt.io' ? self.kind == 'VirtualMachine' : self.apiGroup != 'backup.kubevirt.io' || self.kind == 'VirtualMachineBackupTracker')",message="kind must be VirtualMachine of kubevirt.io or VirtualMachineBackupTracker of backup.kubevirt.io"
	// +kubebuilder:validation:XValidation:rule="self.name != ''",message="name must not be empty"
	Source corev1.TypedLocalObjectReference `json:"source"`
	// Push writes to the claim, Pull lets a client read; Push if unset.
	// +optional
	Mode *BackupMode `json:"mode,omitempty"`
	// Claim that receives the backup, or what is written meanwhile in pull mode.
	// +optional
	PVCName *string `json:"pvcName,omitempty"`
	// Leaves the guest's filesystems unfrozen.
	// +optional
	SkipQuiesce bool `json:"skipQuiesce,omitempty"`
	// Copies everything although a checkpoint exists.
	// +optional
	ForceFullBackup bool `json:"forceFullBackup,omitempty"`
	// Secret with the token that reading needs in pull mode.
	// +optional
	TokenSecretRef string `json:"tokenSecretRef,omitempty"`
	// How long a backup in pull mode can be read.
	// +optional
	TTLDuration *metav1.Duration `json:"ttlDuration,omitempty"`
}

// VirtualMachineBackupStatus is how far a backup is.
type VirtualMachineBackupStatus struct {
	// Whether it holds everything or what has changed.
	// +optional
	Type BackupType `json:"type,omitempty"`
	// Aspects of the backup's state, one per type.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// Checkpoint the next incremental backup begins from.
	// +optional
	CheckpointName *string `json:"checkpointName,omitempty"`
	// CA of the server in pull mode, in PEM.
	// +optional
	EndpointCert *string `json:"endpointCert,omitempty"`
	// Volumes in the backup.
	// +optional
	// +listType=atomic
	IncludedVolumes []BackupVolumeInfo `json:"includedVolumes,omitempty"`
	// UID of the export that serves the backup in pull mode.
	// +optional
	ExportUID *types.UID `json:"exportUID,omitempty"`
}

// BackupVolumeInfo is a volume in a backup.
type BackupVolumeInfo struct {
	// Name of the volume.
	VolumeName string `json:"volumeName"`
	// Address of the content in pull mode.
	// +optional
	DataEndpoint string `json:"dataEndpoint,omitempty"`
	// Address of the list of changed parts in pull mode.
	// +optional
	MapEndpoint string `json:"mapEndpoint,omitempty"`
}

// BackupMode is who moves the data.
// +kubebuilder:validation:Enum=Push;Pull
type BackupMode string

// Values of BackupMode.
const (
	// BackupModePush has the hypervisor write to a claim.
	BackupModePush BackupMode = "Push"
	// BackupModePull has a client read from the hypervisor.
	BackupModePull BackupMode = "Pull"
)

// BackupType is how much a backup holds.
type BackupType string

// Values of BackupType.
const (
	// BackupTypeFull holds everything.
	BackupTypeFull BackupType = "Full"
	// BackupTypeIncremental holds what has changed since a checkpoint.
	BackupTypeIncremental BackupType = "Incremental"
)
