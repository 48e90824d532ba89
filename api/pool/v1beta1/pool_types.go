package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

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

	Spec VirtualMachinePoolSpec `json:"spec"`
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

type VirtualMachinePoolSpec struct {
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas               *int32                      `json:"replicas,omitempty"`
	Selector               *metav1.LabelSelector       `json:"selector"`
	VirtualMachineTemplate *VirtualMachineTemplateSpec `json:"virtualMachineTemplate"`
	// +optional
	Paused bool `json:"paused,omitempty"`
	// +optional
	NameGeneration *VirtualMachinePoolNameGeneration `json:"nameGeneration,omitempty"`
	// +optional
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`
	// +optional
	ScaleInStrategy *VirtualMachinePoolScaleInStrategy `json:"scaleInStrategy,omitempty"`
	// +optional
	UpdateStrategy *VirtualMachinePoolUpdateStrategy `json:"updateStrategy,omitempty"`
	// +optional
	Autohealing *VirtualMachinePoolAutohealingStrategy `json:"autohealing,omitempty"`
}

type VirtualMachineTemplateSpec struct {
	// +optional
	// +nullable
	// +kubebuilder:pruning:PreserveUnknownFields
	Metadata metav1.ObjectMeta `json:"metadata,omitempty"`
	// +optional
	Spec v1.VirtualMachineSpec `json:"spec,omitempty"`
}

type VirtualMachinePoolNameGeneration struct {
	// +optional
	AppendIndexToConfigMapRefs *bool `json:"appendIndexToConfigMapRefs,omitempty"`
	// +optional
	AppendIndexToSecretRefs *bool `json:"appendIndexToSecretRefs,omitempty"`
}

type VirtualMachinePoolScaleInStrategy struct {
	// +optional
	Unmanaged *VirtualMachinePoolUnmanagedStrategy `json:"unmanaged,omitempty"`
	// +optional
	Opportunistic *VirtualMachinePoolOpportunisticScaleInStrategy `json:"opportunistic,omitempty"`
	// +optional
	Proactive *VirtualMachinePoolProactiveScaleInStrategy `json:"proactive,omitempty"`
}

type VirtualMachinePoolUnmanagedStrategy struct {
}

type VirtualMachinePoolOpportunisticScaleInStrategy struct {
	// +optional
	StatePreservation *StatePreservation `json:"statePreservation,omitempty"`
}

type VirtualMachinePoolProactiveScaleInStrategy struct {
	// +optional
	SelectionPolicy *VirtualMachinePoolSelectionPolicy `json:"selectionPolicy,omitempty"`
	// +optional
	StatePreservation *StatePreservation `json:"statePreservation,omitempty"`
}

type VirtualMachinePoolSelectionPolicy struct {
	// +optional
	SortPolicy *VirtualMachinePoolSortPolicy `json:"sortPolicy,omitempty"`
	// +optional
	Selectors *VirtualMachinePoolSelectors `json:"selectors,omitempty"`
}

type VirtualMachinePoolSelectors struct {
	// +optional
	LabelSelector *metav1.LabelSelector `json:"labelSelector,omitempty"`
	// +optional
	NodeSelectorRequirementMatcher *[]corev1.NodeSelectorRequirement `json:"nodeSelectorRequirementMatcher,omitempty"`
}

type VirtualMachinePoolUpdateStrategy struct {
	// +optional
	Unmanaged *VirtualMachinePoolUnmanagedStrategy `json:"unmanaged,omitempty"`
	// +optional
	Opportunistic *VirtualMachineOpportunisticUpdateStrategy `json:"opportunistic,omitempty"`
	// +optional
	Proactive *VirtualMachinePoolProactiveUpdateStrategy `json:"proactive,omitempty"`
}

type VirtualMachineOpportunisticUpdateStrategy struct {
}

type VirtualMachinePoolProactiveUpdateStrategy struct {
	// +optional
	SelectionPolicy *VirtualMachinePoolSelectionPolicy `json:"selectionPolicy,omitempty"`
}

type VirtualMachinePoolAutohealingStrategy struct {
	// +optional
	// +kubebuilder:validation:Minimum=1
	StartUpFailureThreshold *uint32 `json:"startUpFailureThreshold,omitempty"`
	// +optional
	MinFailingToStartDuration *metav1.Duration `json:"minFailingToStartDuration,omitempty"`
}

type VirtualMachinePoolStatus struct {
	// +optional
	Replicas int32 `json:"replicas,omitempty"`
	// +optional
	ReadyReplicas int32 `json:"readyReplicas,omitempty"`
	// +optional
	// +listType=atomic
	Conditions []v1.Condition `json:"conditions,omitempty"`
	// +optional
	LabelSelector string `json:"labelSelector,omitempty"`
}

// +kubebuilder:validation:Enum=Disabled;Offline;Online
type StatePreservation string

// Values of StatePreservation.
const (
	StatePreservationDisabled StatePreservation = "Disabled"
	StatePreservationOffline  StatePreservation = "Offline"
	StatePreservationOnline   StatePreservation = "Online"
)

// +kubebuilder:validation:Enum=AscendingOrder;DescendingOrder;Newest;Oldest;Random
type VirtualMachinePoolSortPolicy string

// Values of VirtualMachinePoolSortPolicy.
const (
	SortPolicyAscendingOrder  VirtualMachinePoolSortPolicy = "AscendingOrder"
	SortPolicyDescendingOrder VirtualMachinePoolSortPolicy = "DescendingOrder"
	SortPolicyNewest          VirtualMachinePoolSortPolicy = "Newest"
	SortPolicyOldest          VirtualMachinePoolSortPolicy = "Oldest"
	SortPolicyRandom          VirtualMachinePoolSortPolicy = "Random"
)
