package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

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

	Spec VirtualMachineRestoreSpec `json:"spec"`
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

type VirtualMachineRestoreSpec struct {
	Target                     corev1.TypedLocalObjectReference `json:"target"`
	VirtualMachineSnapshotName string                           `json:"virtualMachineSnapshotName"`
	// +optional
	// +kubebuilder:default="WaitGracePeriod"
	TargetReadinessPolicy *TargetReadinessPolicy `json:"targetReadinessPolicy,omitempty"`
	// +optional
	VolumeRestorePolicy *VolumeRestorePolicy `json:"volumeRestorePolicy,omitempty"`
	// +optional
	VolumeOwnershipPolicy *VolumeOwnershipPolicy `json:"volumeOwnershipPolicy,omitempty"`
	// +optional
	// +listType=atomic
	VolumeRestoreOverrides []VolumeRestoreOverride `json:"volumeRestoreOverrides,omitempty"`
	// +optional
	// +listType=atomic
	Patches []string `json:"patches,omitempty"`
}

type VolumeRestoreOverride struct {
	// +optional
	VolumeName string `json:"volumeName,omitempty"`
	// +optional
	RestoreName string `json:"restoreName,omitempty"`
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
}

type VirtualMachineRestoreStatus struct {
	// +optional
	// +listType=atomic
	Restores []VolumeRestore `json:"restores,omitempty"`
	// +optional
	RestoreTime *metav1.Time `json:"restoreTime,omitempty"`
	// +optional
	// +listType=set
	DeletedDataVolumes []string `json:"deletedDataVolumes,omitempty"`
	// +optional
	Complete *bool `json:"complete,omitempty"`
	// +optional
	// +listType=atomic
	Conditions []v1.Condition `json:"conditions,omitempty"`
}

type VolumeRestore struct {
	VolumeName            string `json:"volumeName"`
	PersistentVolumeClaim string `json:"persistentVolumeClaim"`
	VolumeSnapshotName    string `json:"volumeSnapshotName"`
	// +optional
	DataVolumeName *string `json:"dataVolumeName,omitempty"`
}

// +kubebuilder:validation:Enum=StopTarget;WaitGracePeriod;FailImmediate;WaitEventually
type TargetReadinessPolicy string

// Values of TargetReadinessPolicy.
const (
	TargetReadinessPolicyStopTarget      TargetReadinessPolicy = "StopTarget"
	TargetReadinessPolicyWaitGracePeriod TargetReadinessPolicy = "WaitGracePeriod"
	TargetReadinessPolicyFailImmediate   TargetReadinessPolicy = "FailImmediate"
	TargetReadinessPolicyWaitEventually  TargetReadinessPolicy = "WaitEventually"
)

type VolumeRestorePolicy string

// Values of VolumeRestorePolicy.
const (
	VolumeRestorePolicyRandomizeNames   VolumeRestorePolicy = "RandomizeNames"
	VolumeRestorePolicyInPlace          VolumeRestorePolicy = "InPlace"
	VolumeRestorePolicyPrefixTargetName VolumeRestorePolicy = "PrefixTargetName"
)

type VolumeOwnershipPolicy string

// Values of VolumeOwnershipPolicy.
const (
	VolumeOwnershipPolicyVm   VolumeOwnershipPolicy = "Vm"
	VolumeOwnershipPolicyNone VolumeOwnershipPolicy = "None"
)
