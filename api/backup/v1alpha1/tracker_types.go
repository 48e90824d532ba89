package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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

	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec is immutable"
	Spec VirtualMachineBackupTrackerSpec `json:"spec"`
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

type VirtualMachineBackupTrackerSpec struct {
	// +kubebuilder:validation:XValidation:rule="has(self.apiGroup) && self.apiGroup == 'kubevirt.io'",message="apiGroup must be kubevirt.io"
	// +kubebuilder:validation:XValidation:rule="self.kind == 'VirtualMachine'",message="kind must be VirtualMachine"
	// +kubebuilder:validation:XValidation:rule="self.name != ''",message="name must not be empty"
	Source corev1.TypedLocalObjectReference `json:"source"`
}

type VirtualMachineBackupTrackerStatus struct {
	// +optional
	LatestCheckpoint *BackupCheckpoint `json:"latestCheckpoint,omitempty"`
	// +optional
	CheckpointRedefinitionRequired *bool `json:"checkpointRedefinitionRequired,omitempty"`
}

type BackupCheckpoint struct {
	// +optional
	Name string `json:"name,omitempty"`
	// +optional
	CreationTime *metav1.Time `json:"creationTime,omitempty"`
	// +optional
	// +listType=atomic
	Volumes []BackupVolumeInfo `json:"volumes,omitempty"`
}
