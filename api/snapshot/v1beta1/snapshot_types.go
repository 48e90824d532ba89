package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
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
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineSnapshot struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Which machine; cannot be changed.
	Spec VirtualMachineSnapshotSpec `json:"spec"`
	// How far the snapshot is.
	// +optional
	Status *VirtualMachineSnapshotStatus `json:"status,omitempty"`
}

// VirtualMachineSnapshotList is what a LIST of virtualmachinesnapshots returns.
// +kubebuilder:object:root=true
type VirtualMachineSnapshotList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineSnapshot `json:"items"`
}

// VirtualMachineSnapshotSpec describes a snapshot.
type VirtualMachineSnapshotSpec struct {
	// The VirtualMachine of group kubevirt.io.
	Source corev1.TypedLocalObjectReference `json:"source"`
	// What becomes of the content when the snapshot is deleted; Delete if unset.
	// +optional
	DeletionPolicy *DeletionPolicy `json:"deletionPolicy,omitempty"`
	// How long the snapshot may take; 5 minutes if unset, 0 for no limit.
	// +optional
	FailureDeadline *metav1.Duration `json:"failureDeadline,omitempty"`
}

// VirtualMachineSnapshotStatus is how far a snapshot is.
type VirtualMachineSnapshotStatus struct {
	// UID of the machine.
	// +optional
	SourceUID *types.UID `json:"sourceUID,omitempty"`
	// VirtualMachineSnapshotContent that holds the snapshot.
	// +optional
	VirtualMachineSnapshotContentName *string `json:"virtualMachineSnapshotContentName,omitempty"`
	// The moment the snapshot shows.
	// +optional
	// +nullable
	CreationTime *metav1.Time `json:"creationTime,omitempty"`
	// Where the snapshot stands.
	// +optional
	Phase VirtualMachineSnapshotPhase `json:"phase,omitempty"`
	// Whether the snapshot can be restored.
	// +optional
	ReadyToUse *bool `json:"readyToUse,omitempty"`
	// What went wrong last.
	// +optional
	Error *Error `json:"error,omitempty"`
	// Aspects of the snapshot's state, one per type.
	// +optional
	// +listType=atomic
	Conditions []v1.Condition `json:"conditions,omitempty"`
	// How the snapshot was made; deprecated in favour of sourceIndications.
	// +optional
	// +listType=set
	Indications []Indication `json:"indications,omitempty"`
	// How the snapshot was made, with explanations.
	// +optional
	// +listType=atomic
	SourceIndications []SourceIndication `json:"sourceIndications,omitempty"`
	// Volumes that are in the snapshot, and those that are not.
	// +optional
	SnapshotVolumes *SnapshotVolumesLists `json:"snapshotVolumes,omitempty"`
}

// Error is what went wrong.
type Error struct {
	// When it went wrong.
	// +optional
	Time *metav1.Time `json:"time,omitempty"`
	// What went wrong, in words.
	// +optional
	Message *string `json:"message,omitempty"`
}

// SourceIndication says how good a snapshot is.
type SourceIndication struct {
	// The statement.
	Indication Indication `json:"indication"`
	// The statement, in words.
	Message string `json:"message"`
}

// SnapshotVolumesLists says which volumes are in a snapshot.
type SnapshotVolumesLists struct {
	// Volumes in the snapshot.
	// +optional
	// +listType=set
	IncludedVolumes []string `json:"includedVolumes,omitempty"`
	// Volumes that could not be in the snapshot.
	// +optional
	// +listType=set
	ExcludedVolumes []string `json:"excludedVolumes,omitempty"`
}

// DeletionPolicy is what becomes of a snapshot's content.
type DeletionPolicy string

// Values of DeletionPolicy.
const (
	// DeletionPolicyDelete deletes the content.
	DeletionPolicyDelete DeletionPolicy = "Delete"
	// DeletionPolicyRetain keeps the content.
	DeletionPolicyRetain DeletionPolicy = "Retain"
)

// VirtualMachineSnapshotPhase is where a snapshot stands.
type VirtualMachineSnapshotPhase string

// Values of VirtualMachineSnapshotPhase.
const (
	// SnapshotPhaseUnset has not been seen by anybody.
	SnapshotPhaseUnset VirtualMachineSnapshotPhase = ""
	// SnapshotPhaseInProgress is being made.
	SnapshotPhaseInProgress VirtualMachineSnapshotPhase = "InProgress"
	// SnapshotPhaseSucceeded can be restored.
	SnapshotPhaseSucceeded VirtualMachineSnapshotPhase = "Succeeded"
	// SnapshotPhaseFailed is of no use.
	SnapshotPhaseFailed VirtualMachineSnapshotPhase = "Failed"
	// SnapshotPhaseDeleting is being deleted.
	SnapshotPhaseDeleting VirtualMachineSnapshotPhase = "Deleting"
	// SnapshotPhaseUnknown cannot be told.
	SnapshotPhaseUnknown VirtualMachineSnapshotPhase = "Unknown"
)

// Indication is a statement about how a snapshot was made.
type Indication string

// Values of Indication.
const (
	// IndicationOnline says that the guest ran.
	IndicationOnline Indication = "Online"
	// IndicationNoGuestAgent says that nobody in the guest could freeze its filesystems.
	IndicationNoGuestAgent Indication = "NoGuestAgent"
	// IndicationGuestAgent says that the guest's filesystems were frozen.
	IndicationGuestAgent Indication = "GuestAgent"
	// IndicationQuiesceTimeout says that the guest's filesystems were thawed too early.
	IndicationQuiesceTimeout Indication = "QuiesceTimeout"
	// IndicationPaused says that the guest was paused.
	IndicationPaused Indication = "Paused"
	// IndicationPartialSnapshot says that not all volumes are in the snapshot.
	IndicationPartialSnapshot Indication = "PartialSnapshot"
)
