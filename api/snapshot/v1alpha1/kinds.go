package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1beta1 "kubevirt.io/kubevirt/api/snapshot/v1beta1"
)

// VirtualMachineSnapshot asks for a snapshot of a machine: its spec and its volumes at one moment.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachinesnapshots,singular=virtualmachinesnapshot,shortName=vmsnapshot;vmsnapshots,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="SourceKind",type="string",JSONPath=".spec.source.kind"
// +kubebuilder:printcolumn:name="SourceName",type="string",JSONPath=".spec.source.name"
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase"
// +kubebuilder:printcolumn:name="ReadyToUse",type="boolean",JSONPath=".status.readyToUse"
// +kubebuilder:printcolumn:name="CreationTime",type="date",JSONPath=".status.creationTime"
// +kubebuilder:printcolumn:name="Error",type="string",JSONPath=".status.error.message"
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineSnapshot struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Which machine; cannot be changed.
	Spec v1beta1.VirtualMachineSnapshotSpec `json:"spec"`
	// How far the snapshot is.
	// +optional
	Status *v1beta1.VirtualMachineSnapshotStatus `json:"status,omitempty"`
}

// VirtualMachineSnapshotList is what a LIST of virtualmachinesnapshots returns.
// +kubebuilder:object:root=true
type VirtualMachineSnapshotList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineSnapshot `json:"items"`
}

// VirtualMachineSnapshotContent holds a snapshot: the machine as it was and the snapshots of its volumes.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachinesnapshotcontents,singular=virtualmachinesnapshotcontent,shortName=vmsnapshotcontent;vmsnapshotcontents,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="ReadyToUse",type="boolean",JSONPath=".status.readyToUse"
// +kubebuilder:printcolumn:name="CreationTime",type="date",JSONPath=".status.creationTime"
// +kubebuilder:printcolumn:name="Error",type="string",JSONPath=".status.error.message"
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineSnapshotContent struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// What was there.
	Spec v1beta1.VirtualMachineSnapshotContentSpec `json:"spec"`
	// How far the volumes' snapshots are.
	// +optional
	Status *v1beta1.VirtualMachineSnapshotContentStatus `json:"status,omitempty"`
}

// VirtualMachineSnapshotContentList is what a LIST of virtualmachinesnapshotcontents returns.
// +kubebuilder:object:root=true
type VirtualMachineSnapshotContentList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineSnapshotContent `json:"items"`
}

// VirtualMachineRestore asks for a machine to be set back to a snapshot.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachinerestores,singular=virtualmachinerestore,shortName=vmrestore;vmrestores,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="TargetKind",type="string",JSONPath=".spec.target.kind"
// +kubebuilder:printcolumn:name="TargetName",type="string",JSONPath=".spec.target.name"
// +kubebuilder:printcolumn:name="Complete",type="boolean",JSONPath=".status.complete"
// +kubebuilder:printcolumn:name="RestoreTime",type="date",JSONPath=".status.restoreTime"
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineRestore struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Which machine, and which snapshot; cannot be changed.
	Spec v1beta1.VirtualMachineRestoreSpec `json:"spec"`
	// How far the restore is.
	// +optional
	Status *v1beta1.VirtualMachineRestoreStatus `json:"status,omitempty"`
}

// VirtualMachineRestoreList is what a LIST of virtualmachinerestores returns.
// +kubebuilder:object:root=true
type VirtualMachineRestoreList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineRestore `json:"items"`
}
