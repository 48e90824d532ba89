package v1alpha3

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// VirtualMachineInstance is one run of a guest, from the moment it is asked for to its end; it never runs twice.
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

	// What to run; cannot be changed by its users once the instance exists.
	Spec v1.VirtualMachineInstanceSpec `json:"spec"`
	// How the run goes, as the controllers and the node agent see it.
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

// VirtualMachineInstancePreset fills in instances that match its selector; deprecated in favour of instance
// types.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineinstancepresets,singular=virtualmachineinstancepreset,shortName=vmipreset;vmipresets,categories=all,scope=Namespaced
// +kubebuilder:storageversion
// +kubebuilder:deprecatedversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineInstancePreset struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// What is filled in, and where.
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

// VirtualMachineInstanceReplicaSet keeps a number of equal instances running.
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

	// How many of which instances.
	Spec v1.VirtualMachineInstanceReplicaSetSpec `json:"spec"`
	// How many there are.
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

// VirtualMachine is a guest that outlives its runs: it makes an instance whenever the guest is to run.
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

	// What the machine is and when it runs.
	Spec v1.VirtualMachineSpec `json:"spec"`
	// How the machine is.
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

// VirtualMachineInstanceMigration asks for a running guest to be moved to another node.
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

	// Which guest, and where to.
	Spec v1.VirtualMachineInstanceMigrationSpec `json:"spec"`
	// How far the move is.
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

// KubeVirt is the installation: there is one in a cluster, and virt-operator makes it so.
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

	// What is to be installed and how it is set up.
	Spec v1.KubeVirtSpec `json:"spec"`
	// What is installed.
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
