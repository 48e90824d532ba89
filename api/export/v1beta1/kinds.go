package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/export/v1"
)

// VirtualMachineExport lets the volumes of its source be downloaded.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineexports,singular=virtualmachineexport,shortName=vmexport;vmexports,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="SourceKind",type="string",JSONPath=".spec.source.kind"
// +kubebuilder:printcolumn:name="SourceName",type="string",JSONPath=".spec.source.name"
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase"
// +kubebuilder:deprecatedversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineExport struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// What is exported; cannot be changed.
	Spec v1.VirtualMachineExportSpec `json:"spec"`
	// Where it can be downloaded.
	// +optional
	Status *v1.VirtualMachineExportStatus `json:"status,omitempty"`
}

// VirtualMachineExportList is what a LIST of virtualmachineexports returns.
// +kubebuilder:object:root=true
type VirtualMachineExportList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineExport `json:"items"`
}
