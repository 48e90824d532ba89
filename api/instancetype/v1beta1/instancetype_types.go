package v1beta1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// VirtualMachineInstancetype is a size for machines of its namespace; a machine that uses it may not say
// otherwise.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineinstancetypes,singular=virtualmachineinstancetype,shortName=vminstancetype;vminstancetypes;vmf;vmfs,categories=all,scope=Namespaced
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineInstancetype struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// The size.
	Spec VirtualMachineInstancetypeSpec `json:"spec"`
}

// VirtualMachineInstancetypeList is what a LIST of virtualmachineinstancetypes returns.
// +kubebuilder:object:root=true
type VirtualMachineInstancetypeList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineInstancetype `json:"items"`
}

// VirtualMachineClusterInstancetype is a size for all machines of the cluster; a machine that uses it may not
// say otherwise.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineclusterinstancetypes,singular=virtualmachineclusterinstancetype,shortName=vmclusterinstancetype;vmclusterinstancetypes;vmcf;vmcfs,scope=Cluster
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineClusterInstancetype struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// The size.
	Spec VirtualMachineInstancetypeSpec `json:"spec"`
}

// VirtualMachineClusterInstancetypeList is what a LIST of virtualmachineclusterinstancetypes returns.
// +kubebuilder:object:root=true
type VirtualMachineClusterInstancetypeList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineClusterInstancetype `json:"items"`
}

// VirtualMachineInstancetypeSpec is what an instance type gives a machine.
type VirtualMachineInstancetypeSpec struct {
	// Labels a node must have.
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// Scheduler that places the launcher pod.
	// +optional
	SchedulerName string `json:"schedulerName,omitempty"`
	// Virtual CPUs.
	CPU CPUInstancetype `json:"cpu"`
	// Memory.
	Memory MemoryInstancetype `json:"memory"`
	// Graphics processors of the node.
	// +optional
	// +listType=atomic
	GPUs []v1.GPU `json:"gpus,omitempty"`
	// Devices of the node that the guest uses directly.
	// +optional
	// +listType=atomic
	HostDevices []v1.HostDevice `json:"hostDevices,omitempty"`
	// How disk work is shared among threads.
	// +optional
	IOThreadsPolicy *v1.IOThreadsPolicy `json:"ioThreadsPolicy,omitempty"`
	// Size of the thread pool that the policy supplementalPool uses.
	// +optional
	IOThreads *v1.DiskIOThreads `json:"ioThreads,omitempty"`
	// Encryption of the guest's memory; deprecated in favour of the preference's.
	// +optional
	LaunchSecurity *v1.LaunchSecurity `json:"launchSecurity,omitempty"`
	// Annotations of the instances.
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
}

// CPUInstancetype is the virtual CPUs of an instance type.
type CPUInstancetype struct {
	// How many; the preference says whether as sockets, cores or threads.
	Guest uint32 `json:"guest"`
	// CPU model; host-model if unset.
	// +optional
	Model *string `json:"model,omitempty"`
	// Gives every virtual CPU a whole CPU of the node for itself.
	// +optional
	DedicatedCPUPlacement *bool `json:"dedicatedCPUPlacement,omitempty"`
	// How the guest's memory is laid out over NUMA nodes.
	// +optional
	NUMA *v1.NUMA `json:"numa,omitempty"`
	// Gives QEMU's own work a further dedicated CPU.
	// +optional
	IsolateEmulatorThread *bool `json:"isolateEmulatorThread,omitempty"`
	// Tunes the virtual CPUs for real-time guests.
	// +optional
	Realtime *v1.Realtime `json:"realtime,omitempty"`
	// Sockets up to which the guest can be grown while it runs.
	// +optional
	MaxSockets *uint32 `json:"maxSockets,omitempty"`
}

// MemoryInstancetype is the memory of an instance type.
type MemoryInstancetype struct {
	// Memory the guest sees.
	Guest resource.Quantity `json:"guest"`
	// Backs the memory by huge pages of the node.
	// +optional
	Hugepages *v1.Hugepages `json:"hugepages,omitempty"`
	// Percent of the memory that is not requested, 0 to 100; not with huge pages.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	OvercommitPercent int `json:"overcommitPercent,omitempty"`
	// Memory up to which the guest can be grown while it runs.
	// +optional
	MaxGuest *resource.Quantity `json:"maxGuest,omitempty"`
}
