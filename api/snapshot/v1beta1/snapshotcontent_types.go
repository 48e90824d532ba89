package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachinesnapshotcontents,singular=virtualmachinesnapshotcontent,shortName=vmsnapshotcontent;vmsnapshotcontents,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="ReadyToUse",type="boolean",JSONPath=".status.readyToUse"
// +kubebuilder:printcolumn:name="CreationTime",type="date",JSONPath=".status.creationTime"
// +kubebuilder:printcolumn:name="Error",type="string",JSONPath=".status.error.message"
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineSnapshotContent struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec VirtualMachineSnapshotContentSpec `json:"spec"`
	// +optional
	Status *VirtualMachineSnapshotContentStatus `json:"status,omitempty"`
}

// VirtualMachineSnapshotContentList is what a LIST of virtualmachinesnapshotcontents returns.
// +kubebuilder:object:root=true
type VirtualMachineSnapshotContentList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineSnapshotContent `json:"items"`
}

type VirtualMachineSnapshotContentSpec struct {
	// +optional
	VirtualMachineSnapshotName *string    `json:"virtualMachineSnapshotName,omitempty"`
	Source                     SourceSpec `json:"source"`
	// +optional
	// +listType=atomic
	VolumeBackups []VolumeBackup `json:"volumeBackups,omitempty"`
}

type SourceSpec struct {
	// +optional
	VirtualMachine *VirtualMachine `json:"virtualMachine,omitempty"`
}

type VirtualMachine struct {
	// +optional
	// +nullable
	// +kubebuilder:pruning:PreserveUnknownFields
	Metadata metav1.ObjectMeta `json:"metadata,omitempty"`
	// +optional
	Spec v1.VirtualMachineSpec `json:"spec,omitempty"`
	// +optional
	Status v1.VirtualMachineStatus `json:"status,omitempty"`
}

type VolumeBackup struct {
	VolumeName            string                `json:"volumeName"`
	PersistentVolumeClaim PersistentVolumeClaim `json:"persistentVolumeClaim"`
	// +optional
	VolumeSnapshotName *string `json:"volumeSnapshotName,omitempty"`
}

type PersistentVolumeClaim struct {
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	Metadata metav1.ObjectMeta `json:"metadata,omitempty"`
	// +optional
	Spec corev1.PersistentVolumeClaimSpec `json:"spec,omitempty"`
}

type VirtualMachineSnapshotContentStatus struct {
	// +optional
	// +nullable
	CreationTime *metav1.Time `json:"creationTime,omitempty"`
	// +optional
	ReadyToUse *bool `json:"readyToUse,omitempty"`
	// +optional
	Error *Error `json:"error,omitempty"`
	// +optional
	// +listType=atomic
	VolumeSnapshotStatus []VolumeSnapshotStatus `json:"volumeSnapshotStatus,omitempty"`
}

type VolumeSnapshotStatus struct {
	VolumeSnapshotName string `json:"volumeSnapshotName"`
	// +optional
	// +nullable
	CreationTime *metav1.Time `json:"creationTime,omitempty"`
	// +optional
	ReadyToUse *bool `json:"readyToUse,omitempty"`
	// +optional
	Error *Error `json:"error,omitempty"`
}
