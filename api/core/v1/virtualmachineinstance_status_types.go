package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// VirtualMachineInstanceStatus is how a run goes.
type VirtualMachineInstanceStatus struct {
	// Node the guest runs on or is meant to run on.
	// +optional
	NodeName string `json:"nodeName,omitempty"`
	// Why the instance is in its phase, in a word.
	// +optional
	Reason string `json:"reason,omitempty"`
	// Aspects of the instance's state, one per type.
	// +optional
	Conditions []Condition `json:"conditions,omitempty"`
	// Where the run stands; Succeeded and Failed are final.
	// +optional
	Phase VirtualMachineInstancePhase `json:"phase,omitempty"`
	// When each phase was reached.
	// +optional
	// +listType=atomic
	PhaseTransitionTimestamps []VirtualMachineInstancePhaseTransitionTimestamp `json:"phaseTransitionTimestamps,omitempty"`
	// Network interfaces as the guest has them.
	// +optional
	Interfaces []VirtualMachineInstanceNetworkInterface `json:"interfaces,omitempty"`
	// The guest's operating system, as its agent reports it.
	// +optional
	GuestOSInfo VirtualMachineInstanceGuestOSInfo `json:"guestOSInfo,omitempty"`
	// The last migration of the guest, under way or over.
	// +optional
	MigrationState *VirtualMachineInstanceMigrationState `json:"migrationState,omitempty"`
	// Whether a migration would copy disks too.
	// +optional
	MigrationMethod VirtualMachineInstanceMigrationMethod `json:"migrationMethod,omitempty"`
	// How migration data travels.
	// +optional
	MigrationTransport VirtualMachineInstanceMigrationTransport `json:"migrationTransport,omitempty"`
	// Quality of service class of the launcher pod.
	// +optional
	QOSClass *corev1.PodQOSClass `json:"qosClass,omitempty"`
	// Image of the launcher that runs the guest.
	// +optional
	LauncherContainerImageVersion string `json:"launcherContainerImageVersion,omitempty"`
	// Node the guest must leave, set when its pod is evicted.
	// +optional
	EvacuationNodeName string `json:"evacuationNodeName,omitempty"`
	// Launcher pods that are not finished, by UID, with the node of each.
	// +optional
	ActivePods map[types.UID]string `json:"activePods,omitempty"`
	// State of each volume.
	// +optional
	// +listType=atomic
	VolumeStatus []VolumeStatus `json:"volumeStatus,omitempty"`
	// Kernel and initrd the guest was booted from.
	// +optional
	KernelBootStatus *KernelBootStatus `json:"kernelBootStatus,omitempty"`
	// frozen while the guest's filesystems are frozen, else empty.
	// +optional
	FSFreezeStatus string `json:"fsFreezeStatus,omitempty"`
	// What a node must have to take the guest over.
	// +optional
	TopologyHints *TopologyHints `json:"topologyHints,omitempty"`
	// ControllerRevision with the machine's spec that the instance was made from.
	// +optional
	VirtualMachineRevisionName string `json:"virtualMachineRevisionName,omitempty"`
	// User the launcher runs as: 107, or 0 behind a feature gate.
	// +optional
	RuntimeUser uint64 `json:"runtimeUser"`
	// Address of the guest's VSOCK device.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=4294967295
	// +kubebuilder:validation:Format=int64
	VSOCKCID *uint32 `json:"VSOCKCID,omitempty"`
	// SELinux context of the launcher, none where SELinux is off.
	// +optional
	SELinuxContext string `json:"selinuxContext,omitempty"`
	// Machine type the guest has, in full.
	// +optional
	Machine *Machine `json:"machine,omitempty"`
	// Virtual CPUs the guest has.
	// +optional
	CurrentCPUTopology *CPUTopology `json:"currentCPUTopology,omitempty"`
	// Memory the guest has.
	// +optional
	Memory *MemoryStatus `json:"memory,omitempty"`
	// Volumes that are moving to other claims.
	// +optional
	// +listType=atomic
	MigratedVolumes []StorageMigratedVolumeInfo `json:"migratedVolumes,omitempty"`
	// State of the recording of changed blocks.
	// +optional
	// +nullable
	ChangedBlockTracking *ChangedBlockTrackingStatus `json:"changedBlockTracking,omitempty"`
}

// VirtualMachineInstancePhaseTransitionTimestamp tells when an instance reached a phase.
type VirtualMachineInstancePhaseTransitionTimestamp struct {
	// The phase.
	// +optional
	Phase VirtualMachineInstancePhase `json:"phase,omitempty"`
	// When it was reached.
	// +optional
	PhaseTransitionTimestamp metav1.Time `json:"phaseTransitionTimestamp,omitempty"`
}

// VirtualMachineInstanceNetworkInterface is a network interface of a running guest.
type VirtualMachineInstanceNetworkInterface struct {
	// Its first address.
	// +optional
	IP string `json:"ipAddress,omitempty"`
	// Its MAC address.
	// +optional
	MAC string `json:"mac,omitempty"`
	// Network it is on; empty for interfaces only the guest knows.
	// +optional
	Name string `json:"name,omitempty"`
	// All its addresses.
	// +optional
	IPs []string `json:"ipAddresses,omitempty"`
	// Its counterpart in the launcher pod.
	// +optional
	PodInterfaceName string `json:"podInterfaceName,omitempty"`
	// Its name in the guest.
	// +optional
	InterfaceName string `json:"interfaceName,omitempty"`
	// Who told: domain, guest-agent, multus-status, or several with commas.
	// +optional
	InfoSource string `json:"infoSource,omitempty"`
	// Number of its queues.
	// +optional
	QueueCount int32 `json:"queueCount,omitempty"`
	// State of its link: up or down.
	// +optional
	LinkState string `json:"linkState,omitempty"`
}

// VirtualMachineInstanceGuestOSInfo is a guest's operating system, as its agent reports it.
// +k8s:openapi-gen=true
type VirtualMachineInstanceGuestOSInfo struct {
	// Name of the system, such as Debian GNU/Linux.
	// +optional
	Name string `json:"name,omitempty"`
	// Release of its kernel.
	// +optional
	KernelRelease string `json:"kernelRelease,omitempty"`
	// Version with its name, such as 13 (trixie).
	// +optional
	Version string `json:"version,omitempty"`
	// Name and version for people.
	// +optional
	PrettyName string `json:"prettyName,omitempty"`
	// Version as a number, such as 13.
	// +optional
	VersionID string `json:"versionId,omitempty"`
	// Build of its kernel.
	// +optional
	KernelVersion string `json:"kernelVersion,omitempty"`
	// Hardware it was built for, such as x86_64.
	// +optional
	Machine string `json:"machine,omitempty"`
	// Name of the system for programs, such as debian.
	// +optional
	ID string `json:"id,omitempty"`
}

// KernelBootStatus tells what a guest was booted from.
type KernelBootStatus struct {
	// The kernel.
	// +optional
	KernelInfo *KernelInfo `json:"kernelInfo,omitempty"`
	// The initrd.
	// +optional
	InitrdInfo *InitrdInfo `json:"initrdInfo,omitempty"`
}

// KernelInfo identifies a kernel.
type KernelInfo struct {
	// CRC-32 of the file; deprecated.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=4294967295
	// +kubebuilder:validation:Format=int64
	Checksum uint32 `json:"checksum,omitempty"`
}

// InitrdInfo identifies an initrd.
type InitrdInfo struct {
	// CRC-32 of the file; deprecated.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=4294967295
	// +kubebuilder:validation:Format=int64
	Checksum uint32 `json:"checksum,omitempty"`
}

// TopologyHints tell what a guest relies on.
type TopologyHints struct {
	// Frequency of its time stamp counter in Hz.
	// +optional
	TSCFrequency *int64 `json:"tscFrequency,omitempty"`
}

// VirtualMachineInstancePhase is where the run of a guest stands.
type VirtualMachineInstancePhase string

// Values of VirtualMachineInstancePhase.
const (
	// VMIPhaseUnset has not been seen by anybody.
	VMIPhaseUnset VirtualMachineInstancePhase = ""
	// VMIPhasePending has no launcher pod yet.
	VMIPhasePending VirtualMachineInstancePhase = "Pending"
	// VMIPhaseScheduling has a launcher pod that is not up yet.
	VMIPhaseScheduling VirtualMachineInstancePhase = "Scheduling"
	// VMIPhaseScheduled has a launcher on a node; from here the node agent is in charge.
	VMIPhaseScheduled VirtualMachineInstancePhase = "Scheduled"
	// VMIPhaseRunning has a guest that runs, or is paused.
	VMIPhaseRunning VirtualMachineInstancePhase = "Running"
	// VMIPhaseSucceeded has ended with the guest powered off; final.
	VMIPhaseSucceeded VirtualMachineInstancePhase = "Succeeded"
	// VMIPhaseFailed has ended otherwise; final.
	VMIPhaseFailed VirtualMachineInstancePhase = "Failed"
	// VMIPhaseWaitingForSync waits to receive a guest from elsewhere.
	VMIPhaseWaitingForSync VirtualMachineInstancePhase = "WaitingForSync"
	// VMIPhaseUnknown cannot be told because the node does not answer.
	VMIPhaseUnknown VirtualMachineInstancePhase = "Unknown"
)
