package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

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

	Spec VirtualMachineSnapshotSpec `json:"spec"`
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

type VirtualMachineSnapshotSpec struct {
	Source corev1.TypedLocalObjectReference `json:"source"`
	// +optional
	DeletionPolicy *DeletionPolicy `json:"deletionPolicy,omitempty"`
	// +optional
	FailureDeadline *metav1.Duration `json:"failureDeadline,omitempty"`
}

type VirtualMachineSnapshotStatus struct {
	// +optional
	SourceUID *types.UID `json:"sourceUID,omitempty"`
	// +optional
	VirtualMachineSnapshotContentName *string `json:"virtualMachineSnapshotContentName,omitempty"`
	// +optional
	// +nullable
	CreationTime *metav1.Time `json:"creationTime,omitempty"`
	// +optional
	Phase VirtualMachineSnapshotPhase `json:"phase,omitempty"`
	// +optional
	ReadyToUse *bool `json:"readyToUse,omitempty"`
	// +optional
	Error *Error `json:"error,omitempty"`
	// +optional
	// +listType=atomic
	Conditions []v1.Condition `json:"conditions,omitempty"`
	// +optional
	// +listType=set
	Indications []Indication `json:"indications,omitempty"`
	// +optional
	// +listType=atomic
	SourceIndications []SourceIndication `json:"sourceIndications,omitempty"`
	// +optional
	SnapshotVolumes *SnapshotVolumesLists `json:"snapshotVolumes,omitempty"`
}

type Error struct {
	// +optional
	Time *metav1.Time `json:"time,omitempty"`
	// +optional
	Message *string `json:"message,omitempty"`
}

type SourceIndication struct {
	Indication Indication `json:"indication"`
	Message    string     `json:"message"`
}

type SnapshotVolumesLists struct {
	// +optional
	// +listType=set
	IncludedVolumes []string `json:"includedVolumes,omitempty"`
	// +optional
	// +listType=set
	ExcludedVolumes []string `json:"excludedVolumes,omitempty"`
}

type DeletionPolicy string

// Values of DeletionPolicy.
const (
	DeletionPolicyDelete DeletionPolicy = "Delete"
	DeletionPolicyRetain DeletionPolicy = "Retain"
)

type VirtualMachineSnapshotPhase string

// Values of VirtualMachineSnapshotPhase.
const (
	SnapshotPhaseUnset      VirtualMachineSnapshotPhase = ""
	SnapshotPhaseInProgress VirtualMachineSnapshotPhase = "InProgress"
	SnapshotPhaseSucceeded  VirtualMachineSnapshotPhase = "Succeeded"
	SnapshotPhaseFailed     VirtualMachineSnapshotPhase = "Failed"
	SnapshotPhaseDeleting   VirtualMachineSnapshotPhase = "Deleting"
	SnapshotPhaseUnknown    VirtualMachineSnapshotPhase = "Unknown"
)

type Indication string

// Values of Indication.
const (
	IndicationOnline          Indication = "Online"
	IndicationNoGuestAgent    Indication = "NoGuestAgent"
	IndicationGuestAgent      Indication = "GuestAgent"
	IndicationQuiesceTimeout  Indication = "QuiesceTimeout"
	IndicationPaused          Indication = "Paused"
	IndicationPartialSnapshot Indication = "PartialSnapshot"
)
