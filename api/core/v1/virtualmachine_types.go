package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
)

// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachines,singular=virtualmachine,shortName=vm;vms,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="Status",type="string",JSONPath=".status.printableStatus"
// +kubebuilder:printcolumn:name="Ready",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachine struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec VirtualMachineSpec `json:"spec"`
	// +optional
	Status VirtualMachineStatus `json:"status,omitempty"`
}

// VirtualMachineList is what a LIST of virtualmachines returns.
// +kubebuilder:object:root=true
type VirtualMachineList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachine `json:"items"`
}

type VirtualMachineSpec struct {
	// +optional
	Running *bool `json:"running,omitempty"`
	// +optional
	RunStrategy *VirtualMachineRunStrategy `json:"runStrategy,omitempty"`
	// +optional
	Instancetype *InstancetypeMatcher `json:"instancetype,omitempty"`
	// +optional
	Preference *PreferenceMatcher                  `json:"preference,omitempty"`
	Template   *VirtualMachineInstanceTemplateSpec `json:"template"`
	// +optional
	DataVolumeTemplates []DataVolumeTemplateSpec `json:"dataVolumeTemplates,omitempty"`
	// +optional
	UpdateVolumesStrategy *UpdateVolumesStrategy `json:"updateVolumesStrategy,omitempty"`
}

type DataVolumeTemplateSpec struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	// +nullable
	// +kubebuilder:pruning:PreserveUnknownFields
	Metadata metav1.ObjectMeta         `json:"metadata,omitempty"`
	Spec     cdiv1beta1.DataVolumeSpec `json:"spec"`
	// +optional
	// +nullable
	Status *DataVolumeTemplateDummyStatus `json:"status,omitempty"`
}

type DataVolumeTemplateDummyStatus struct {
}

type VirtualMachineRunStrategy string

// Values of VirtualMachineRunStrategy.
const (
	RunStrategyUnset          VirtualMachineRunStrategy = ""
	RunStrategyAlways         VirtualMachineRunStrategy = "Always"
	RunStrategyHalted         VirtualMachineRunStrategy = "Halted"
	RunStrategyManual         VirtualMachineRunStrategy = "Manual"
	RunStrategyRerunOnFailure VirtualMachineRunStrategy = "RerunOnFailure"
	RunStrategyOnce           VirtualMachineRunStrategy = "Once"
	RunStrategyWaitAsReceiver VirtualMachineRunStrategy = "WaitAsReceiver"
)

type UpdateVolumesStrategy string

// Values of UpdateVolumesStrategy.
const (
	UpdateVolumesStrategyMigration   UpdateVolumesStrategy = "Migration"
	UpdateVolumesStrategyReplacement UpdateVolumesStrategy = "Replacement"
)
