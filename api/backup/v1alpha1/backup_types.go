package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

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

	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec is immutable"
	// +kubebuilder:validation:XValidation:rule="has(self.pvcName) && self.pvcName != ''",message="pvcName must be set"
	// +kubebuilder:validation:XValidation:rule="!has(self.mode) || self.mode != 'Pull' || (has(self.tokenSecretRef) && self.tokenSecretRef != '')",message="mode Pull requires tokenSecretRef"
	Spec VirtualMachineBackupSpec `json:"spec"`
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

type VirtualMachineBackupSpec struct {
	// +kubebuilder:validation:XValidation:rule="has(self.apiGroup)",message="apiGroup must be set"
	// +kubebuilder:validation:XValidation:rule="!has(self.apiGroup) || self.apiGroup in ['kubevirt.io', 'backup.kubevirt.io']",message="apiGroup must be kubevirt.io or backup.kubevirt.io"
	// +kubebuilder:validation:XValidation:rule="!has(self.apiGroup) || (self.apiGroup == 'kubevirt.io' ? self.kind == 'VirtualMachine' : self.apiGroup != 'backup.kubevirt.io' || self.kind == 'VirtualMachineBackupTracker')",message="kind must be VirtualMachine of kubevirt.io or VirtualMachineBackupTracker of backup.kubevirt.io"
	// +kubebuilder:validation:XValidation:rule="self.name != ''",message="name must not be empty"
	Source corev1.TypedLocalObjectReference `json:"source"`
	// +optional
	Mode *BackupMode `json:"mode,omitempty"`
	// +optional
	PVCName *string `json:"pvcName,omitempty"`
	// +optional
	SkipQuiesce bool `json:"skipQuiesce,omitempty"`
	// +optional
	ForceFullBackup bool `json:"forceFullBackup,omitempty"`
	// +optional
	TokenSecretRef string `json:"tokenSecretRef,omitempty"`
	// +optional
	TTLDuration *metav1.Duration `json:"ttlDuration,omitempty"`
}

type VirtualMachineBackupStatus struct {
	// +optional
	Type BackupType `json:"type,omitempty"`
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// +optional
	CheckpointName *string `json:"checkpointName,omitempty"`
	// +optional
	EndpointCert *string `json:"endpointCert,omitempty"`
	// +optional
	// +listType=atomic
	IncludedVolumes []BackupVolumeInfo `json:"includedVolumes,omitempty"`
	// +optional
	ExportUID *types.UID `json:"exportUID,omitempty"`
}

type BackupVolumeInfo struct {
	VolumeName string `json:"volumeName"`
	// +optional
	DataEndpoint string `json:"dataEndpoint,omitempty"`
	// +optional
	MapEndpoint string `json:"mapEndpoint,omitempty"`
}

// +kubebuilder:validation:Enum=Push;Pull
type BackupMode string

// Values of BackupMode.
const (
	BackupModePush BackupMode = "Push"
	BackupModePull BackupMode = "Pull"
)

type BackupType string

// Values of BackupType.
const (
	BackupTypeFull        BackupType = "Full"
	BackupTypeIncremental BackupType = "Incremental"
)
