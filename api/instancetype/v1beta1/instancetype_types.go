package v1beta1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineinstancetypes,singular=virtualmachineinstancetype,shortName=vminstancetype;vminstancetypes;vmf;vmfs,categories=all,scope=Namespaced
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineInstancetype struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

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

// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineclusterinstancetypes,singular=virtualmachineclusterinstancetype,shortName=vmclusterinstancetype;vmclusterinstancetypes;vmcf;vmcfs,scope=Cluster
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineClusterInstancetype struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

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

type VirtualMachineInstancetypeSpec struct {
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// +optional
	SchedulerName string             `json:"schedulerName,omitempty"`
	CPU           CPUInstancetype    `json:"cpu"`
	Memory        MemoryInstancetype `json:"memory"`
	// +optional
	// +listType=atomic
	GPUs []v1.GPU `json:"gpus,omitempty"`
	// +optional
	// +listType=atomic
	HostDevices []v1.HostDevice `json:"hostDevices,omitempty"`
	// +optional
	IOThreadsPolicy *v1.IOThreadsPolicy `json:"ioThreadsPolicy,omitempty"`
	// +optional
	IOThreads *v1.DiskIOThreads `json:"ioThreads,omitempty"`
	// +optional
	LaunchSecurity *v1.LaunchSecurity `json:"launchSecurity,omitempty"`
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
}

type CPUInstancetype struct {
	Guest uint32 `json:"guest"`
	// +optional
	Model *string `json:"model,omitempty"`
	// +optional
	DedicatedCPUPlacement *bool `json:"dedicatedCPUPlacement,omitempty"`
	// +optional
	NUMA *v1.NUMA `json:"numa,omitempty"`
	// +optional
	IsolateEmulatorThread *bool `json:"isolateEmulatorThread,omitempty"`
	// +optional
	Realtime *v1.Realtime `json:"realtime,omitempty"`
	// +optional
	MaxSockets *uint32 `json:"maxSockets,omitempty"`
}

type MemoryInstancetype struct {
	Guest resource.Quantity `json:"guest"`
	// +optional
	Hugepages *v1.Hugepages `json:"hugepages,omitempty"`
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	OvercommitPercent int `json:"overcommitPercent,omitempty"`
	// +optional
	MaxGuest *resource.Quantity `json:"maxGuest,omitempty"`
}
