package v1alpha3

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineinstances,singular=virtualmachineinstance,shortName=vmi;vmis,categories=all,scope=Namespaced
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase"
// +kubebuilder:printcolumn:name="IP",type="string",JSONPath=".status.interfaces[0].ipAddress"
// +kubebuilder:printcolumn:name="NodeName",type="string",JSONPath=".status.nodeName"
// +kubebuilder:printcolumn:name="Ready",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="Live-Migratable",type="string",JSONPath=".status.conditions[?(@.type=='LiveMigratable')].status",priority=1
// +kubebuilder:printcolumn:name="Paused",type="string",JSONPath=".status.conditions[?(@.type=='Paused')].status",priority=1
// +kubebuilder:deprecatedversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineInstance struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec v1.VirtualMachineInstanceSpec `json:"spec"`
	// +optional
	Status v1.VirtualMachineInstanceStatus `json:"status,omitempty"`
}

// VirtualMachineInstanceList is what a LIST of virtualmachineinstances returns.
// +kubebuilder:object:root=true
type VirtualMachineInstanceList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineInstance `json:"items"`
}

// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineinstancepresets,singular=virtualmachineinstancepreset,shortName=vmipreset;vmipresets,categories=all,scope=Namespaced
// +kubebuilder:storageversion
// +kubebuilder:deprecatedversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineInstancePreset struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +optional
	Spec v1.VirtualMachineInstancePresetSpec `json:"spec,omitempty"`
}

// VirtualMachineInstancePresetList is what a LIST of virtualmachineinstancepresets returns.
// +kubebuilder:object:root=true
type VirtualMachineInstancePresetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineInstancePreset `json:"items"`
}

// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineinstancereplicasets,singular=virtualmachineinstancereplicaset,shortName=vmirs;vmirss,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.labelSelector
// +kubebuilder:printcolumn:name="Desired",type="integer",JSONPath=".spec.replicas"
// +kubebuilder:printcolumn:name="Current",type="integer",JSONPath=".status.replicas"
// +kubebuilder:printcolumn:name="Ready",type="integer",JSONPath=".status.readyReplicas"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:deprecatedversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineInstanceReplicaSet struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec v1.VirtualMachineInstanceReplicaSetSpec `json:"spec"`
	// +optional
	// +nullable
	Status v1.VirtualMachineInstanceReplicaSetStatus `json:"status,omitempty"`
}

// VirtualMachineInstanceReplicaSetList is what a LIST of virtualmachineinstancereplicasets returns.
// +kubebuilder:object:root=true
type VirtualMachineInstanceReplicaSetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineInstanceReplicaSet `json:"items"`
}

// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachines,singular=virtualmachine,shortName=vm;vms,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="Status",type="string",JSONPath=".status.printableStatus"
// +kubebuilder:printcolumn:name="Ready",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:deprecatedversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachine struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec v1.VirtualMachineSpec `json:"spec"`
	// +optional
	Status v1.VirtualMachineStatus `json:"status,omitempty"`
}

// VirtualMachineList is what a LIST of virtualmachines returns.
// +kubebuilder:object:root=true
type VirtualMachineList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachine `json:"items"`
}

// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineinstancemigrations,singular=virtualmachineinstancemigration,shortName=vmim;vmims,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase"
// +kubebuilder:printcolumn:name="VMI",type="string",JSONPath=".spec.vmiName"
// +kubebuilder:deprecatedversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineInstanceMigration struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec v1.VirtualMachineInstanceMigrationSpec `json:"spec"`
	// +optional
	Status v1.VirtualMachineInstanceMigrationStatus `json:"status,omitempty"`
}

// VirtualMachineInstanceMigrationList is what a LIST of virtualmachineinstancemigrations returns.
// +kubebuilder:object:root=true
type VirtualMachineInstanceMigrationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineInstanceMigration `json:"items"`
}

// +kubebuilder:object:root=true
// +kubebuilder:resource:path=kubevirts,singular=kubevirt,shortName=kv;kvs,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase"
// +kubebuilder:deprecatedversion
// +kubebuilder:metadata:labels={"operator.kubevirt.io="}
type KubeVirt struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec v1.KubeVirtSpec `json:"spec"`
	// +optional
	Status v1.KubeVirtStatus `json:"status,omitempty"`
}

// KubeVirtList is what a LIST of kubevirts returns.
// +kubebuilder:object:root=true
type KubeVirtList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []KubeVirt `json:"items"`
}
