package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// VirtualMachineBackupTracker remembers where a machine's last backup ended.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachinebackuptrackers,singular=virtualmachinebackuptracker,shortName=vmbackuptracker;vmbackuptrackers,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="SourceKind",type="string",JSONPath=".spec.source.kind"
// +kubebuilder:printcolumn:name="SourceName",type="string",JSONPath=".spec.source.name"
// +kubebuilder:printcolumn:name="LatestCheckpoint",type="string",JSONPath=".status.latestCheckpoint.name"
// +kubebuilder:printcolumn:name="CheckpointTime",type="date",JSONPath=".status.latestCheckpoint.creationTime"
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineBackupTracker struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Which machine; cannot be changed.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec is immutable"
	Spec VirtualMachineBackupTrackerSpec `json:"spec"`
	// Where the last backup ended.
	// +optional
	Status *VirtualMachineBackupTrackerStatus `json:"status,omitempty"`
}

// VirtualMachineBackupTrackerList is what a LIST of virtualmachinebackuptrackers returns.
// +kubebuilder:object:root=true
type VirtualMachineBackupTrackerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineBackupTracker `json:"items"`
}

// VirtualMachineBackupTrackerSpec describes a tracker.
type VirtualMachineBackupTrackerSpec struct {
	// The VirtualMachine.
	// +kubebuilder:validation:XValidation:rule="has(self.apiGroup) && self.apiGroup == 'kubevirt.io'",message="apiGroup must be kubevirt.io"
	// +kubebuilder:validation:XValidation:rule="self.kind == 'VirtualMachine'",message="kind must be VirtualMachine"
	// +kubebuilder:validation:XValidation:rule="self.name != ''",message="name must not be empty"
	Source corev1.TypedLocalObjectReference `json:"source"`
}

// VirtualMachineBackupTrackerStatus is where a machine's last backup ended.
type VirtualMachineBackupTrackerStatus struct {
	// Checkpoint the next backup begins from.
	// +optional
	LatestCheckpoint *BackupCheckpoint `json:"latestCheckpoint,omitempty"`
	// Whether a restarted guest must be told the checkpoint again.
	// +optional
	CheckpointRedefinitionRequired *bool `json:"checkpointRedefinitionRequired,omitempty"`
}

// BackupCheckpoint is a moment from which changes are known.
type BackupCheckpoint struct {
	// Name of the checkpoint.
	// +optional
	Name string `json:"name,omitempty"`
	// The moment.
	// +optional
	CreationTime *metav1.Time `json:"creationTime,omitempty"`
	// Volumes whose changes are known.
	// +optional
	// +listType=atomic
	Volumes []BackupVolumeInfo `json:"volumes,omitempty"`
}
