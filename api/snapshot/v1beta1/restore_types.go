package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// VirtualMachineRestore asks for a machine to be set back to a snapshot.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachinerestores,singular=virtualmachinerestore,shortName=vmrestore;vmrestores,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="TargetKind",type="string",JSONPath=".spec.target.kind"
// +kubebuilder:printcolumn:name="TargetName",type="string",JSONPath=".spec.target.name"
// +kubebuilder:printcolumn:name="Complete",type="boolean",JSONPath=".status.complete"
// +kubebuilder:printcolumn:name="RestoreTime",type="date",JSONPath=".status.restoreTime"
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineRestore struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Which machine, and which snapshot; cannot be changed.
	Spec VirtualMachineRestoreSpec `json:"spec"`
	// How far the restore is.
	// +optional
	Status *VirtualMachineRestoreStatus `json:"status,omitempty"`
}

// VirtualMachineRestoreList is what a LIST of virtualmachinerestores returns.
// +kubebuilder:object:root=true
type VirtualMachineRestoreList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineRestore `json:"items"`
}

// VirtualMachineRestoreSpec describes a restore.
type VirtualMachineRestoreSpec struct {
	// The VirtualMachine of group kubevirt.io; made if it does not exist.
	Target corev1.TypedLocalObjectReference `json:"target"`
	// Snapshot to go back to.
	VirtualMachineSnapshotName string `json:"virtualMachineSnapshotName"`
	// What happens while the machine runs; WaitGracePeriod if unset.
	// +optional
	// +kubebuilder:default="WaitGracePeriod"
	TargetReadinessPolicy *TargetReadinessPolicy `json:"targetReadinessPolicy,omitempty"`
	// How the restored claims are named; RandomizeNames if unset.
	// +optional
	VolumeRestorePolicy *VolumeRestorePolicy `json:"volumeRestorePolicy,omitempty"`
	// Who owns the restored claims; Vm if unset.
	// +optional
	VolumeOwnershipPolicy *VolumeOwnershipPolicy `json:"volumeOwnershipPolicy,omitempty"`
	// Names, labels and annotations of restored claims.
	// +optional
	// +listType=atomic
	VolumeRestoreOverrides []VolumeRestoreOverride `json:"volumeRestoreOverrides,omitempty"`
	// Changes to the restored machine, JSON patch operations under /spec or on labels and annotations.
	// +optional
	// +listType=atomic
	Patches []string `json:"patches,omitempty"`
}

// VolumeRestoreOverride changes a restored claim.
type VolumeRestoreOverride struct {
	// Volume whose claim is meant.
	// +optional
	VolumeName string `json:"volumeName,omitempty"`
	// Name of the claim.
	// +optional
	RestoreName string `json:"restoreName,omitempty"`
	// Labels of the claim.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// Annotations of the claim.
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
}

// VirtualMachineRestoreStatus is how far a restore is.
type VirtualMachineRestoreStatus struct {
	// The claims.
	// +optional
	// +listType=atomic
	Restores []VolumeRestore `json:"restores,omitempty"`
	// When the restore was complete.
	// +optional
	RestoreTime *metav1.Time `json:"restoreTime,omitempty"`
	// Data volumes of the machine that were replaced.
	// +optional
	// +listType=set
	DeletedDataVolumes []string `json:"deletedDataVolumes,omitempty"`
	// Whether the restore is complete.
	// +optional
	Complete *bool `json:"complete,omitempty"`
	// Aspects of the restore's state, one per type.
	// +optional
	// +listType=atomic
	Conditions []v1.Condition `json:"conditions,omitempty"`
}

// VolumeRestore is a restored claim.
type VolumeRestore struct {
	// Volume the claim is behind.
	VolumeName string `json:"volumeName"`
	// Name of the claim.
	PersistentVolumeClaim string `json:"persistentVolumeClaim"`
	// VolumeSnapshot it was made from.
	VolumeSnapshotName string `json:"volumeSnapshotName"`
	// Data volume made for the claim.
	// +optional
	DataVolumeName *string `json:"dataVolumeName,omitempty"`
}

// TargetReadinessPolicy says what a restore does while its machine runs.
// +kubebuilder:validation:Enum=StopTarget;WaitGracePeriod;FailImmediate;WaitEventually
type TargetReadinessPolicy string

// Values of TargetReadinessPolicy.
const (
	// TargetReadinessPolicyStopTarget stops the machine.
	TargetReadinessPolicyStopTarget TargetReadinessPolicy = "StopTarget"
	// TargetReadinessPolicyWaitGracePeriod waits 5 minutes for the machine to be off, then fails.
	TargetReadinessPolicyWaitGracePeriod TargetReadinessPolicy = "WaitGracePeriod"
	// TargetReadinessPolicyFailImmediate fails at once.
	TargetReadinessPolicyFailImmediate TargetReadinessPolicy = "FailImmediate"
	// TargetReadinessPolicyWaitEventually waits for the machine to be off.
	TargetReadinessPolicyWaitEventually TargetReadinessPolicy = "WaitEventually"
)

// VolumeRestorePolicy says how restored claims are named.
type VolumeRestorePolicy string

// Values of VolumeRestorePolicy.
const (
	// VolumeRestorePolicyRandomizeNames makes up names.
	VolumeRestorePolicyRandomizeNames VolumeRestorePolicy = "RandomizeNames"
	// VolumeRestorePolicyInPlace replaces the machine's claims under their names.
	VolumeRestorePolicyInPlace VolumeRestorePolicy = "InPlace"
	// VolumeRestorePolicyPrefixTargetName puts the machine's name before the volumes'.
	VolumeRestorePolicyPrefixTargetName VolumeRestorePolicy = "PrefixTargetName"
)

// VolumeOwnershipPolicy says who owns restored claims.
type VolumeOwnershipPolicy string

// Values of VolumeOwnershipPolicy.
const (
	// VolumeOwnershipPolicyVm has the machine own the claims, which are deleted with it.
	VolumeOwnershipPolicyVm VolumeOwnershipPolicy = "Vm"
	// VolumeOwnershipPolicyNone leaves the claims unowned.
	VolumeOwnershipPolicyNone VolumeOwnershipPolicy = "None"
)
