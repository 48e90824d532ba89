package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// VirtualMachineClone asks for a copy of a machine.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineclones,singular=virtualmachineclone,shortName=vmclone;vmclones,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase"
// +kubebuilder:printcolumn:name="SourceVirtualMachine",type="string",JSONPath=".spec.source.name"
// +kubebuilder:printcolumn:name="TargetVirtualMachine",type="string",JSONPath=".spec.target.name"
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineClone struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// What is copied, and how the copy differs.
	Spec VirtualMachineCloneSpec `json:"spec"`
	// How far the copy is.
	// +optional
	Status VirtualMachineCloneStatus `json:"status,omitempty"`
}

// VirtualMachineCloneList is what a LIST of virtualmachineclones returns.
// +kubebuilder:object:root=true
type VirtualMachineCloneList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineClone `json:"items"`
}

// VirtualMachineCloneSpec describes a clone.
type VirtualMachineCloneSpec struct {
	// The VirtualMachine or VirtualMachineSnapshot to copy.
	Source *corev1.TypedLocalObjectReference `json:"source"`
	// The VirtualMachine to make; named after the source if unset.
	// +optional
	Target *corev1.TypedLocalObjectReference `json:"target,omitempty"`
	// Annotations to copy: patterns ending in *, with ! in front to leave out; all if none.
	// +optional
	// +listType=atomic
	AnnotationFilters []string `json:"annotationFilters,omitempty"`
	// Labels to copy: patterns ending in *, with ! in front to leave out; all if none.
	// +optional
	// +listType=atomic
	LabelFilters []string `json:"labelFilters,omitempty"`
	// Labels and annotations of the machine's template.
	// +optional
	Template VirtualMachineCloneTemplateFilters `json:"template,omitempty"`
	// MAC addresses by interface; others are left to be chosen.
	// +optional
	NewMacAddresses map[string]string `json:"newMacAddresses,omitempty"`
	// Serial number that SMBIOS shows; made up if unset.
	// +optional
	NewSMBiosSerial *string `json:"newSMBiosSerial,omitempty"`
	// Changes to the copy, JSON patch operations.
	// +optional
	// +listType=atomic
	Patches []string `json:"patches,omitempty"`
	// How the copied claims are named; RandomizeNames if unset.
	// +optional
	VolumeNamePolicy *VolumeNamePolicy `json:"volumeNamePolicy,omitempty"`
}

// VirtualMachineCloneTemplateFilters says what is copied of a template's metadata.
type VirtualMachineCloneTemplateFilters struct {
	// Annotations to copy, in the patterns of the clone's filters; all if none.
	// +optional
	// +listType=atomic
	AnnotationFilters []string `json:"annotationFilters,omitempty"`
	// Labels to copy, in the patterns of the clone's filters; all if none.
	// +optional
	// +listType=atomic
	LabelFilters []string `json:"labelFilters,omitempty"`
}

// VirtualMachineCloneStatus is how far a clone is.
type VirtualMachineCloneStatus struct {
	// When the copy was made.
	// +optional
	// +nullable
	CreationTime *metav1.Time `json:"creationTime,omitempty"`
	// Where the clone stands.
	// +optional
	Phase VirtualMachineClonePhase `json:"phase,omitempty"`
	// Aspects of the clone's state, one per type.
	// +optional
	// +listType=atomic
	Conditions []v1.Condition `json:"conditions,omitempty"`
	// Snapshot the copy is made from.
	// +optional
	// +nullable
	SnapshotName *string `json:"snapshotName,omitempty"`
	// Restore that makes the copy.
	// +optional
	// +nullable
	RestoreName *string `json:"restoreName,omitempty"`
	// Machine that was made.
	// +optional
	// +nullable
	TargetName *string `json:"targetName,omitempty"`
}

// VolumeNamePolicy says how copied claims are named.
// +kubebuilder:validation:Enum=RandomizeNames;PrefixTargetName
type VolumeNamePolicy string

// Values of VolumeNamePolicy.
const (
	// VolumeNamePolicyRandomizeNames makes up names.
	VolumeNamePolicyRandomizeNames VolumeNamePolicy = "RandomizeNames"
	// VolumeNamePolicyPrefixTargetName puts the copy's name before the volumes'.
	VolumeNamePolicyPrefixTargetName VolumeNamePolicy = "PrefixTargetName"
)

// VirtualMachineClonePhase is where a clone stands.
type VirtualMachineClonePhase string

// Values of VirtualMachineClonePhase.
const (
	// ClonePhaseUnset has not been seen by anybody.
	ClonePhaseUnset VirtualMachineClonePhase = ""
	// ClonePhaseSnapshotInProgress waits for the snapshot.
	ClonePhaseSnapshotInProgress VirtualMachineClonePhase = "SnapshotInProgress"
	// ClonePhaseCreatingTargetVM is making the machine.
	ClonePhaseCreatingTargetVM VirtualMachineClonePhase = "CreatingTargetVM"
	// ClonePhaseRestoreInProgress waits for the restore.
	ClonePhaseRestoreInProgress VirtualMachineClonePhase = "RestoreInProgress"
	// ClonePhaseSucceeded is complete.
	ClonePhaseSucceeded VirtualMachineClonePhase = "Succeeded"
	// ClonePhaseFailed has failed.
	ClonePhaseFailed VirtualMachineClonePhase = "Failed"
	// ClonePhaseUnknown cannot be told.
	ClonePhaseUnknown VirtualMachineClonePhase = "Unknown"
)
