package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// VirtualMachineInstanceReplicaSet keeps a number of equal instances running.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineinstancereplicasets,singular=virtualmachineinstancereplicaset,shortName=vmirs;vmirss,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.labelSelector
// +kubebuilder:printcolumn:name="Desired",type="integer",JSONPath=".spec.replicas"
// +kubebuilder:printcolumn:name="Current",type="integer",JSONPath=".status.replicas"
// +kubebuilder:printcolumn:name="Ready",type="integer",JSONPath=".status.readyReplicas"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineInstanceReplicaSet struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// How many of which instances.
	Spec VirtualMachineInstanceReplicaSetSpec `json:"spec"`
	// How many there are.
	// +optional
	// +nullable
	Status VirtualMachineInstanceReplicaSetStatus `json:"status,omitempty"`
}

// VirtualMachineInstanceReplicaSetList is what a LIST of virtualmachineinstancereplicasets returns.
// +kubebuilder:object:root=true
type VirtualMachineInstanceReplicaSetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineInstanceReplicaSet `json:"items"`
}

// VirtualMachineInstanceReplicaSetSpec describes a replica set.
type VirtualMachineInstanceReplicaSetSpec struct {
	// How many instances; 1 if unset.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas *int32 `json:"replicas,omitempty"`
	// Labels of the instances that count; must match the template's.
	Selector *metav1.LabelSelector `json:"selector"`
	// What the instances are made from.
	Template *VirtualMachineInstanceTemplateSpec `json:"template"`
	// Leaves the instances as they are.
	// +optional
	Paused bool `json:"paused,omitempty"`
}

// VirtualMachineInstanceReplicaSetStatus is what a replica set has.
type VirtualMachineInstanceReplicaSetStatus struct {
	// Instances there are.
	// +optional
	Replicas int32 `json:"replicas,omitempty"`
	// Instances that are ready.
	// +optional
	ReadyReplicas int32 `json:"readyReplicas,omitempty"`
	// Aspects of the set's state, one per type.
	// +optional
	Conditions []Condition `json:"conditions,omitempty"`
	// The selector as text, for the scale subresource.
	// +optional
	LabelSelector string `json:"labelSelector,omitempty"`
}
