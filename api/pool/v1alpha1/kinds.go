package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
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
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachinePool struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// How many of which machines.
	Spec v1beta1.VirtualMachinePoolSpec `json:"spec"`
	// How many there are.
	// +optional
	Status v1beta1.VirtualMachinePoolStatus `json:"status,omitempty"`
}

// VirtualMachinePoolList is what a LIST of virtualmachinepools returns.
// +kubebuilder:object:root=true
type VirtualMachinePoolList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachinePool `json:"items"`
}
