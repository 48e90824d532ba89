package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// VirtualMachineSnapshotContent holds a snapshot: the machine as it was and the snapshots of its volumes.
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

	// What was there.
	Spec VirtualMachineSnapshotContentSpec `json:"spec"`
	// How far the volumes' snapshots are.
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

// VirtualMachineSnapshotContentSpec is what was there when the snapshot was made.
type VirtualMachineSnapshotContentSpec struct {
	// Snapshot the content belongs to.
	// +optional
	VirtualMachineSnapshotName *string `json:"virtualMachineSnapshotName,omitempty"`
	// The machine.
	Source SourceSpec `json:"source"`
	// The machine's claims.
	// +optional
	// +listType=atomic
	VolumeBackups []VolumeBackup `json:"volumeBackups,omitempty"`
}

// SourceSpec is what a snapshot was made of.
type SourceSpec struct {
	// The machine as it was.
	// +optional
	VirtualMachine *VirtualMachine `json:"virtualMachine,omitempty"`
}

// VirtualMachine is a machine as it was when a snapshot was made.
type VirtualMachine struct {
	// Its metadata.
	// +optional
	// +nullable
	// +kubebuilder:pruning:PreserveUnknownFields
	Metadata metav1.ObjectMeta `json:"metadata,omitempty"`
	// Its spec.
	// +optional
	Spec v1.VirtualMachineSpec `json:"spec,omitempty"`
	// Its status.
	// +optional
	Status v1.VirtualMachineStatus `json:"status,omitempty"`
}

// VolumeBackup is a claim as it was, and its snapshot.
type VolumeBackup struct {
	// Volume the claim was behind.
	VolumeName string `json:"volumeName"`
	// The claim.
	PersistentVolumeClaim PersistentVolumeClaim `json:"persistentVolumeClaim"`
	// VolumeSnapshot of the claim.
	// +optional
	VolumeSnapshotName *string `json:"volumeSnapshotName,omitempty"`
}

// PersistentVolumeClaim is a claim as it was.
type PersistentVolumeClaim struct {
	// Its metadata.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	Metadata metav1.ObjectMeta `json:"metadata,omitempty"`
	// Its spec.
	// +optional
	Spec corev1.PersistentVolumeClaimSpec `json:"spec,omitempty"`
}

// VirtualMachineSnapshotContentStatus is how far the volumes' snapshots are.
type VirtualMachineSnapshotContentStatus struct {
	// The moment the snapshots show.
	// +optional
	// +nullable
	CreationTime *metav1.Time `json:"creationTime,omitempty"`
	// Whether all can be restored.
	// +optional
	ReadyToUse *bool `json:"readyToUse,omitempty"`
	// What went wrong last.
	// +optional
	Error *Error `json:"error,omitempty"`
	// How far each is.
	// +optional
	// +listType=atomic
	VolumeSnapshotStatus []VolumeSnapshotStatus `json:"volumeSnapshotStatus,omitempty"`
}

// VolumeSnapshotStatus is how far a volume's snapshot is.
type VolumeSnapshotStatus struct {
	// VolumeSnapshot that is meant.
	VolumeSnapshotName string `json:"volumeSnapshotName"`
	// The moment it shows.
	// +optional
	// +nullable
	CreationTime *metav1.Time `json:"creationTime,omitempty"`
	// Whether it can be restored.
	// +optional
	ReadyToUse *bool `json:"readyToUse,omitempty"`
	// What went wrong last.
	// +optional
	Error *Error `json:"error,omitempty"`
}
