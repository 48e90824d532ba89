package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// VirtualMachinePool keeps a number of like machines.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachinepools,singular=virtualmachinepool,shortName=vmpool;vmpools,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.labelSelector
// +kubebuilder:printcolumn:name="Desired",type="integer",JSONPath=".spec.replicas"
// +kubebuilder:printcolumn:name="Current",type="integer",JSONPath=".status.replicas"
// +kubebuilder:printcolumn:name="Ready",type="integer",JSONPath=".status.readyReplicas"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachinePool struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// How many of which machines.
	Spec VirtualMachinePoolSpec `json:"spec"`
	// How many there are.
	// +optional
	Status VirtualMachinePoolStatus `json:"status,omitempty"`
}

// VirtualMachinePoolList is what a LIST of virtualmachinepools returns.
// +kubebuilder:object:root=true
type VirtualMachinePoolList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachinePool `json:"items"`
}

// VirtualMachinePoolSpec describes a pool.
type VirtualMachinePoolSpec struct {
	// How many machines; 1 if unset.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas *int32 `json:"replicas,omitempty"`
	// Labels of the machines that count; must match the template's and cannot be changed.
	Selector *metav1.LabelSelector `json:"selector"`
	// What the machines are made from.
	VirtualMachineTemplate *VirtualMachineTemplateSpec `json:"virtualMachineTemplate"`
	// Leaves the machines as they are.
	// +optional
	Paused bool `json:"paused,omitempty"`
	// How the names of what the machines use are made.
	// +optional
	NameGeneration *VirtualMachinePoolNameGeneration `json:"nameGeneration,omitempty"`
	// Machines, as a number or in percent, that may be down during an update; 100% if unset.
	// +optional
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`
	// Which machines go when there are too many, and what stays of them.
	// +optional
	ScaleInStrategy *VirtualMachinePoolScaleInStrategy `json:"scaleInStrategy,omitempty"`
	// How machines get a changed template.
	// +optional
	UpdateStrategy *VirtualMachinePoolUpdateStrategy `json:"updateStrategy,omitempty"`
	// Replaces machines that fail to start.
	// +optional
	Autohealing *VirtualMachinePoolAutohealingStrategy `json:"autohealing,omitempty"`
}

// VirtualMachineTemplateSpec is what a pool's machines are made from.
type VirtualMachineTemplateSpec struct {
	// Labels and annotations of the machines.
	// +optional
	// +nullable
	// +kubebuilder:pruning:PreserveUnknownFields
	Metadata metav1.ObjectMeta `json:"metadata,omitempty"`
	// Spec of the machines.
	// +optional
	Spec v1.VirtualMachineSpec `json:"spec,omitempty"`
}

// VirtualMachinePoolNameGeneration says whether machines share what they refer to.
type VirtualMachinePoolNameGeneration struct {
	// Appends the machine's number to the names of ConfigMaps; false if unset.
	// +optional
	AppendIndexToConfigMapRefs *bool `json:"appendIndexToConfigMapRefs,omitempty"`
	// Appends the machine's number to the names of Secrets; false if unset.
	// +optional
	AppendIndexToSecretRefs *bool `json:"appendIndexToSecretRefs,omitempty"`
}

// VirtualMachinePoolScaleInStrategy says which machines go; at most one is set, proactive if none.
type VirtualMachinePoolScaleInStrategy struct {
	// None: somebody else deletes machines.
	// +optional
	Unmanaged *VirtualMachinePoolUnmanagedStrategy `json:"unmanaged,omitempty"`
	// Machines that are off anyway.
	// +optional
	Opportunistic *VirtualMachinePoolOpportunisticScaleInStrategy `json:"opportunistic,omitempty"`
	// Machines by a policy, running or not.
	// +optional
	Proactive *VirtualMachinePoolProactiveScaleInStrategy `json:"proactive,omitempty"`
}

// VirtualMachinePoolUnmanagedStrategy leaves the work to somebody else.
type VirtualMachinePoolUnmanagedStrategy struct {
}

// VirtualMachinePoolOpportunisticScaleInStrategy removes machines that are off.
type VirtualMachinePoolOpportunisticScaleInStrategy struct {
	// What stays of a removed machine; Disabled if unset.
	// +optional
	StatePreservation *StatePreservation `json:"statePreservation,omitempty"`
}

// VirtualMachinePoolProactiveScaleInStrategy removes machines by a policy.
type VirtualMachinePoolProactiveScaleInStrategy struct {
	// Which machines go first; Random if unset.
	// +optional
	SelectionPolicy *VirtualMachinePoolSelectionPolicy `json:"selectionPolicy,omitempty"`
	// What stays of a removed machine; Disabled if unset.
	// +optional
	StatePreservation *StatePreservation `json:"statePreservation,omitempty"`
}

// VirtualMachinePoolSelectionPolicy puts machines in an order.
type VirtualMachinePoolSelectionPolicy struct {
	// The order; Random if unset.
	// +optional
	SortPolicy *VirtualMachinePoolSortPolicy `json:"sortPolicy,omitempty"`
	// Machines that come before all others.
	// +optional
	Selectors *VirtualMachinePoolSelectors `json:"selectors,omitempty"`
}

// VirtualMachinePoolSelectors chooses machines.
type VirtualMachinePoolSelectors struct {
	// By the machines' labels.
	// +optional
	LabelSelector *metav1.LabelSelector `json:"labelSelector,omitempty"`
	// By the labels of the nodes they run on.
	// +optional
	NodeSelectorRequirementMatcher *[]corev1.NodeSelectorRequirement `json:"nodeSelectorRequirementMatcher,omitempty"`
}

// VirtualMachinePoolUpdateStrategy says how machines get a changed template; at most one is set, proactive if
// none.
type VirtualMachinePoolUpdateStrategy struct {
	// Never: somebody else updates machines.
	// +optional
	Unmanaged *VirtualMachinePoolUnmanagedStrategy `json:"unmanaged,omitempty"`
	// At their next start.
	// +optional
	Opportunistic *VirtualMachineOpportunisticUpdateStrategy `json:"opportunistic,omitempty"`
	// At once, restarting them.
	// +optional
	Proactive *VirtualMachinePoolProactiveUpdateStrategy `json:"proactive,omitempty"`
}

// VirtualMachineOpportunisticUpdateStrategy waits for machines to be restarted.
type VirtualMachineOpportunisticUpdateStrategy struct {
}

// VirtualMachinePoolProactiveUpdateStrategy restarts machines.
type VirtualMachinePoolProactiveUpdateStrategy struct {
	// Which machines come first; Random if unset.
	// +optional
	SelectionPolicy *VirtualMachinePoolSelectionPolicy `json:"selectionPolicy,omitempty"`
}

// VirtualMachinePoolAutohealingStrategy replaces machines that fail to start.
type VirtualMachinePoolAutohealingStrategy struct {
	// Failed starts in a row before a machine is replaced; 3 if unset.
	// +optional
	// +kubebuilder:validation:Minimum=1
	StartUpFailureThreshold *uint32 `json:"startUpFailureThreshold,omitempty"`
	// Time a machine must have been failing before it is replaced; 5 minutes if unset.
	// +optional
	MinFailingToStartDuration *metav1.Duration `json:"minFailingToStartDuration,omitempty"`
}

// VirtualMachinePoolStatus is what a pool has.
type VirtualMachinePoolStatus struct {
	// Machines there are.
	// +optional
	Replicas int32 `json:"replicas,omitempty"`
	// Machines that are ready.
	// +optional
	ReadyReplicas int32 `json:"readyReplicas,omitempty"`
	// Aspects of the pool's state, one per type.
	// +optional
	// +listType=atomic
	Conditions []v1.Condition `json:"conditions,omitempty"`
	// The selector as text, for the scale subresource.
	// +optional
	LabelSelector string `json:"labelSelector,omitempty"`
}

// StatePreservation is what stays of a removed machine.
// +kubebuilder:validation:Enum=Disabled;Offline;Online
type StatePreservation string

// Values of StatePreservation.
const (
	// StatePreservationDisabled deletes the machine with its volumes.
	StatePreservationDisabled StatePreservation = "Disabled"
	// StatePreservationOffline keeps the volumes for the machine that takes its place.
	StatePreservationOffline StatePreservation = "Offline"
	// StatePreservationOnline keeps the volumes and the guest's memory.
	StatePreservationOnline StatePreservation = "Online"
)

// VirtualMachinePoolSortPolicy is an order of machines.
// +kubebuilder:validation:Enum=AscendingOrder;DescendingOrder;Newest;Oldest;Random
type VirtualMachinePoolSortPolicy string

// Values of VirtualMachinePoolSortPolicy.
const (
	// SortPolicyAscendingOrder begins with the lowest number.
	SortPolicyAscendingOrder VirtualMachinePoolSortPolicy = "AscendingOrder"
	// SortPolicyDescendingOrder begins with the highest number.
	SortPolicyDescendingOrder VirtualMachinePoolSortPolicy = "DescendingOrder"
	// SortPolicyNewest begins with the youngest.
	SortPolicyNewest VirtualMachinePoolSortPolicy = "Newest"
	// SortPolicyOldest begins with the eldest.
	SortPolicyOldest VirtualMachinePoolSortPolicy = "Oldest"
	// SortPolicyRandom follows no order.
	SortPolicyRandom VirtualMachinePoolSortPolicy = "Random"
)
