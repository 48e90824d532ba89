package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
)

// VirtualMachine is a guest that outlives its runs: it makes an instance whenever the guest is to run.
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

	// What the machine is and when it runs.
	Spec VirtualMachineSpec `json:"spec"`
	// How the machine is.
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

// VirtualMachineSpec describes a machine; one of running and runStrategy must be set.
type VirtualMachineSpec struct {
	// true keeps the machine running and false keeps it off; deprecated in favour of runStrategy.
	// +optional
	Running *bool `json:"running,omitempty"`
	// When the machine runs: Always, Halted, Manual, RerunOnFailure, Once or WaitAsReceiver.
	// +optional
	RunStrategy *VirtualMachineRunStrategy `json:"runStrategy,omitempty"`
	// Sizes the machine by an instance type, which then owns those fields.
	// +optional
	Instancetype *InstancetypeMatcher `json:"instancetype,omitempty"`
	// Fills what the template leaves open by a preference.
	// +optional
	Preference *PreferenceMatcher `json:"preference,omitempty"`
	// What the machine's instances are made from.
	Template *VirtualMachineInstanceTemplateSpec `json:"template"`
	// Claims to be filled and kept for the machine as long as it exists.
	// +optional
	DataVolumeTemplates []DataVolumeTemplateSpec `json:"dataVolumeTemplates,omitempty"`
	// How a changed claim of a volume reaches the guest; Replacement if unset.
	// +optional
	UpdateVolumesStrategy *UpdateVolumesStrategy `json:"updateVolumesStrategy,omitempty"`
}

// DataVolumeTemplateSpec is a DataVolume that belongs to a machine.
type DataVolumeTemplateSpec struct {
	metav1.TypeMeta `json:",inline"`
	// Name, labels and annotations; the name is needed.
	// +optional
	// +nullable
	// +kubebuilder:pruning:PreserveUnknownFields
	Metadata metav1.ObjectMeta `json:"metadata,omitempty"`
	// How the claim is made and filled.
	Spec cdiv1beta1.DataVolumeSpec `json:"spec"`
	// Of no meaning; accepted so that a copied DataVolume passes.
	// +optional
	// +nullable
	Status *DataVolumeTemplateDummyStatus `json:"status,omitempty"`
}

// DataVolumeTemplateDummyStatus is never filled.
type DataVolumeTemplateDummyStatus struct {
}

// VirtualMachineRunStrategy says when a machine runs.
// +kubebuilder:validation:Enum=Always;Halted;Manual;RerunOnFailure;Once;WaitAsReceiver
type VirtualMachineRunStrategy string

// Values of VirtualMachineRunStrategy.
const (
	// RunStrategyUnset is no strategy.
	RunStrategyUnset VirtualMachineRunStrategy = ""
	// RunStrategyAlways keeps the machine running.
	RunStrategyAlways VirtualMachineRunStrategy = "Always"
	// RunStrategyHalted keeps the machine off.
	RunStrategyHalted VirtualMachineRunStrategy = "Halted"
	// RunStrategyManual starts and stops the machine only when asked.
	RunStrategyManual VirtualMachineRunStrategy = "Manual"
	// RunStrategyRerunOnFailure starts the machine again when it failed, not when it was powered off.
	RunStrategyRerunOnFailure VirtualMachineRunStrategy = "RerunOnFailure"
	// RunStrategyOnce runs the machine once, whatever its end.
	RunStrategyOnce VirtualMachineRunStrategy = "Once"
	// RunStrategyWaitAsReceiver keeps the machine ready to receive its guest from elsewhere.
	RunStrategyWaitAsReceiver VirtualMachineRunStrategy = "WaitAsReceiver"
)

// UpdateVolumesStrategy says how a changed volume reaches a running guest.
type UpdateVolumesStrategy string

// Values of UpdateVolumesStrategy.
const (
	// UpdateVolumesStrategyMigration copies the volume to its new claim while the guest runs.
	UpdateVolumesStrategyMigration UpdateVolumesStrategy = "Migration"
	// UpdateVolumesStrategyReplacement takes the new claim as it is, at the next start.
	UpdateVolumesStrategyReplacement UpdateVolumesStrategy = "Replacement"
)
