package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// VirtualMachineInstancePreset fills in instances that match its selector; deprecated in favour of instance
// types.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineinstancepresets,singular=virtualmachineinstancepreset,shortName=vmipreset;vmipresets,categories=all,scope=Namespaced
// +kubebuilder:deprecatedversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineInstancePreset struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// What is filled in, and where.
	// +optional
	Spec VirtualMachineInstancePresetSpec `json:"spec,omitempty"`
}

// VirtualMachineInstancePresetList is what a LIST of virtualmachineinstancepresets returns.
// +kubebuilder:object:root=true
type VirtualMachineInstancePresetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineInstancePreset `json:"items"`
}

// VirtualMachineInstancePresetSpec describes a preset.
type VirtualMachineInstancePresetSpec struct {
	// Labels of the instances it applies to.
	Selector metav1.LabelSelector `json:"selector"`
	// Values for what those instances leave open.
	// +optional
	Domain *DomainSpec `json:"domain,omitempty"`
}
