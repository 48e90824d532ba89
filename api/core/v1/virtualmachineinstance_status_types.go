package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

type VirtualMachineInstanceStatus struct {
	// +optional
	NodeName string `json:"nodeName,omitempty"`
	// +optional
	Reason string `json:"reason,omitempty"`
	// +optional
	Conditions []Condition `json:"conditions,omitempty"`
	// +optional
	Phase VirtualMachineInstancePhase `json:"phase,omitempty"`
	// +optional
	// +listType=atomic
	PhaseTransitionTimestamps []VirtualMachineInstancePhaseTransitionTimestamp `json:"phaseTransitionTimestamps,omitempty"`
	// +optional
	Interfaces []VirtualMachineInstanceNetworkInterface `json:"interfaces,omitempty"`
	// +optional
	GuestOSInfo VirtualMachineInstanceGuestOSInfo `json:"guestOSInfo,omitempty"`
	// +optional
	MigrationState *VirtualMachineInstanceMigrationState `json:"migrationState,omitempty"`
	// +optional
	MigrationMethod VirtualMachineInstanceMigrationMethod `json:"migrationMethod,omitempty"`
	// +optional
	MigrationTransport VirtualMachineInstanceMigrationTransport `json:"migrationTransport,omitempty"`
	// +optional
	QOSClass *corev1.PodQOSClass `json:"qosClass,omitempty"`
	// +optional
	LauncherContainerImageVersion string `json:"launcherContainerImageVersion,omitempty"`
	// +optional
	EvacuationNodeName string `json:"evacuationNodeName,omitempty"`
	// +optional
	ActivePods map[types.UID]string `json:"activePods,omitempty"`
	// +optional
	// +listType=atomic
	VolumeStatus []VolumeStatus `json:"volumeStatus,omitempty"`
	// +optional
	KernelBootStatus *KernelBootStatus `json:"kernelBootStatus,omitempty"`
	// +optional
	FSFreezeStatus string `json:"fsFreezeStatus,omitempty"`
	// +optional
	TopologyHints *TopologyHints `json:"topologyHints,omitempty"`
	// +optional
	VirtualMachineRevisionName string `json:"virtualMachineRevisionName,omitempty"`
	// +optional
	RuntimeUser uint64 `json:"runtimeUser"`
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=4294967295
	// +kubebuilder:validation:Format=int64
	VSOCKCID *uint32 `json:"VSOCKCID,omitempty"`
	// +optional
	SELinuxContext string `json:"selinuxContext,omitempty"`
	// +optional
	Machine *Machine `json:"machine,omitempty"`
	// +optional
	CurrentCPUTopology *CPUTopology `json:"currentCPUTopology,omitempty"`
	// +optional
	Memory *MemoryStatus `json:"memory,omitempty"`
	// +optional
	// +listType=atomic
	MigratedVolumes []StorageMigratedVolumeInfo `json:"migratedVolumes,omitempty"`
	// +optional
	// +nullable
	ChangedBlockTracking *ChangedBlockTrackingStatus `json:"changedBlockTracking,omitempty"`
}

type VirtualMachineInstancePhaseTransitionTimestamp struct {
	// +optional
	Phase VirtualMachineInstancePhase `json:"phase,omitempty"`
	// +optional
	PhaseTransitionTimestamp metav1.Time `json:"phaseTransitionTimestamp,omitempty"`
}

type VirtualMachineInstanceNetworkInterface struct {
	// +optional
	IP string `json:"ipAddress,omitempty"`
	// +optional
	MAC string `json:"mac,omitempty"`
	// +optional
	Name string `json:"name,omitempty"`
	// +optional
	IPs []string `json:"ipAddresses,omitempty"`
	// +optional
	PodInterfaceName string `json:"podInterfaceName,omitempty"`
	// +optional
	InterfaceName string `json:"interfaceName,omitempty"`
	// +optional
	InfoSource string `json:"infoSource,omitempty"`
	// +optional
	QueueCount int32 `json:"queueCount,omitempty"`
	// +optional
	LinkState string `json:"linkState,omitempty"`
}

type VirtualMachineInstanceGuestOSInfo struct {
	// +optional
	Name string `json:"name,omitempty"`
	// +optional
	KernelRelease string `json:"kernelRelease,omitempty"`
	// +optional
	Version string `json:"version,omitempty"`
	// +optional
	PrettyName string `json:"prettyName,omitempty"`
	// +optional
	VersionID string `json:"versionId,omitempty"`
	// +optional
	KernelVersion string `json:"kernelVersion,omitempty"`
	// +optional
	Machine string `json:"machine,omitempty"`
	// +optional
	ID string `json:"id,omitempty"`
}

type KernelBootStatus struct {
	// +optional
	KernelInfo *KernelInfo `json:"kernelInfo,omitempty"`
	// +optional
	InitrdInfo *InitrdInfo `json:"initrdInfo,omitempty"`
}

type KernelInfo struct {
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=4294967295
	// +kubebuilder:validation:Format=int64
	Checksum uint32 `json:"checksum,omitempty"`
}

type InitrdInfo struct {
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=4294967295
	// +kubebuilder:validation:Format=int64
	Checksum uint32 `json:"checksum,omitempty"`
}

type TopologyHints struct {
	// +optional
	TSCFrequency *int64 `json:"tscFrequency,omitempty"`
}

type VirtualMachineInstancePhase string

// Values of VirtualMachineInstancePhase.
const (
	VMIPhaseUnset          VirtualMachineInstancePhase = ""
	VMIPhasePending        VirtualMachineInstancePhase = "Pending"
	VMIPhaseScheduling     VirtualMachineInstancePhase = "Scheduling"
	VMIPhaseScheduled      VirtualMachineInstancePhase = "Scheduled"
	VMIPhaseRunning        VirtualMachineInstancePhase = "Running"
	VMIPhaseSucceeded      VirtualMachineInstancePhase = "Succeeded"
	VMIPhaseFailed         VirtualMachineInstancePhase = "Failed"
	VMIPhaseWaitingForSync VirtualMachineInstancePhase = "WaitingForSync"
	VMIPhaseUnknown        VirtualMachineInstancePhase = "Unknown"
)
