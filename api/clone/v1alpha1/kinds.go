package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1beta1 "kubevirt.io/kubevirt/api/clone/v1beta1"
)

// VirtualMachineClone asks for a copy of a machine.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineclones,singular=virtualmachineclone,shortName=vmclone;vmclones,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase"
// +kubebuilder:printcolumn:name="SourceVirtualMachine",type="string",JSONPath=".spec.source.name"
// +kubebuilder:printcolumn:name="TargetVirtualMachine",type="string",JSONPath=".spec.target.name"
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineClone struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// What is copied, and how the copy differs.
	Spec v1beta1.VirtualMachineCloneSpec `json:"spec"`
	// How far the copy is.
	// +optional
	Status v1beta1.VirtualMachineCloneStatus `json:"status,omitempty"`
}

// VirtualMachineCloneList is what a LIST of virtualmachineclones returns.
// +kubebuilder:object:root=true
type VirtualMachineCloneList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineClone `json:"items"`
}
