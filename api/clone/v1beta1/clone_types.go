package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

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

	Spec VirtualMachineCloneSpec `json:"spec"`
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

type VirtualMachineCloneSpec struct {
	Source *corev1.TypedLocalObjectReference `json:"source"`
	// +optional
	Target *corev1.TypedLocalObjectReference `json:"target,omitempty"`
	// +optional
	// +listType=atomic
	AnnotationFilters []string `json:"annotationFilters,omitempty"`
	// +optional
	// +listType=atomic
	LabelFilters []string `json:"labelFilters,omitempty"`
	// +optional
	Template VirtualMachineCloneTemplateFilters `json:"template,omitempty"`
	// +optional
	NewMacAddresses map[string]string `json:"newMacAddresses,omitempty"`
	// +optional
	NewSMBiosSerial *string `json:"newSMBiosSerial,omitempty"`
	// +optional
	// +listType=atomic
	Patches []string `json:"patches,omitempty"`
	// +optional
	VolumeNamePolicy *VolumeNamePolicy `json:"volumeNamePolicy,omitempty"`
}

type VirtualMachineCloneTemplateFilters struct {
	// +optional
	// +listType=atomic
	AnnotationFilters []string `json:"annotationFilters,omitempty"`
	// +optional
	// +listType=atomic
	LabelFilters []string `json:"labelFilters,omitempty"`
}

type VirtualMachineCloneStatus struct {
	// +optional
	// +nullable
	CreationTime *metav1.Time `json:"creationTime,omitempty"`
	// +optional
	Phase VirtualMachineClonePhase `json:"phase,omitempty"`
	// +optional
	// +listType=atomic
	Conditions []v1.Condition `json:"conditions,omitempty"`
	// +optional
	// +nullable
	SnapshotName *string `json:"snapshotName,omitempty"`
	// +optional
	// +nullable
	RestoreName *string `json:"restoreName,omitempty"`
	// +optional
	// +nullable
	TargetName *string `json:"targetName,omitempty"`
}

// +kubebuilder:validation:Enum=RandomizeNames;PrefixTargetName
type VolumeNamePolicy string

// Values of VolumeNamePolicy.
const (
	VolumeNamePolicyRandomizeNames   VolumeNamePolicy = "RandomizeNames"
	VolumeNamePolicyPrefixTargetName VolumeNamePolicy = "PrefixTargetName"
)

type VirtualMachineClonePhase string

// Values of VirtualMachineClonePhase.
const (
	ClonePhaseUnset              VirtualMachineClonePhase = ""
	ClonePhaseSnapshotInProgress VirtualMachineClonePhase = "SnapshotInProgress"
	ClonePhaseCreatingTargetVM   VirtualMachineClonePhase = "CreatingTargetVM"
	ClonePhaseRestoreInProgress  VirtualMachineClonePhase = "RestoreInProgress"
	ClonePhaseSucceeded          VirtualMachineClonePhase = "Succeeded"
	ClonePhaseFailed             VirtualMachineClonePhase = "Failed"
	ClonePhaseUnknown            VirtualMachineClonePhase = "Unknown"
)
