package v1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// VirtualMachineInstanceMigrationState is a guest's move from one node to another.
type VirtualMachineInstanceMigrationState struct {
	// When copying began.
	// +optional
	// +nullable
	StartTimestamp *metav1.Time `json:"startTimestamp,omitempty"`
	// When the migration ended, well or not.
	// +optional
	// +nullable
	EndTimestamp *metav1.Time `json:"endTimestamp,omitempty"`
	// When the guest ran on the target.
	// +optional
	TargetNodeDomainReadyTimestamp *metav1.Time `json:"targetNodeDomainReadyTimestamp,omitempty"`
	// Whether the target's node agent has seen the guest.
	// +optional
	TargetNodeDomainDetected bool `json:"targetNodeDomainDetected,omitempty"`
	// Address on which the target listens.
	// +optional
	TargetNodeAddress string `json:"targetNodeAddress,omitempty"`
	// Ports on which the target listens, with the launcher's port behind each.
	// +optional
	TargetDirectMigrationNodePorts map[string]int `json:"targetDirectMigrationNodePorts,omitempty"`
	// Node the guest moves to.
	// +optional
	TargetNode string `json:"targetNode,omitempty"`
	// Launcher pod the guest moves to.
	// +optional
	TargetPod string `json:"targetPod,omitempty"`
	// Pod that brings hotplugged volumes to the target.
	// +optional
	TargetAttachmentPodUID types.UID `json:"targetAttachmentPodUID,omitempty"`
	// Node the guest comes from.
	// +optional
	SourceNode string `json:"sourceNode,omitempty"`
	// Launcher pod the guest comes from.
	// +optional
	SourcePod string `json:"sourcePod,omitempty"`
	// Whether the migration has ended, well or not.
	// +optional
	Completed bool `json:"completed,omitempty"`
	// Whether it ended without the guest having moved.
	// +optional
	Failed bool `json:"failed,omitempty"`
	// Whether it was asked to stop.
	// +optional
	AbortRequested bool `json:"abortRequested,omitempty"`
	// What became of that request.
	// +optional
	AbortStatus MigrationAbortStatus `json:"abortStatus,omitempty"`
	// Why it failed, in words.
	// +optional
	FailureReason string `json:"failureReason,omitempty"`
	// UID of the VirtualMachineInstanceMigration.
	// +optional
	MigrationUID types.UID `json:"migrationUid,omitempty"`
	// How memory is moved at this time.
	// +optional
	Mode MigrationMode `json:"mode,omitempty"`
	// MigrationPolicy that was applied, if any.
	// +optional
	MigrationPolicyName *string `json:"migrationPolicyName,omitempty"`
	// Settings the migration goes by, policy included.
	// +optional
	MigrationConfiguration *VMIMConfigurationOptions `json:"migrationConfiguration,omitempty"`
	// CPUs of the target node reserved for the guest.
	// +optional
	// +listType=atomic
	TargetCPUSet []int `json:"targetCPUSet,omitempty"`
	// The target node's CPUs and memory, in JSON.
	// +optional
	TargetNodeTopology string `json:"targetNodeTopology,omitempty"`
	// Claim with the firmware state on the source's side.
	// +optional
	SourcePersistentStatePVCName string `json:"sourcePersistentStatePVCName,omitempty"`
	// Claim with the firmware state on the target's side.
	// +optional
	TargetPersistentStatePVCName string `json:"targetPersistentStatePVCName,omitempty"`
	// The source's side.
	// +optional
	SourceState *VirtualMachineInstanceMigrationSourceState `json:"sourceState,omitempty"`
	// The target's side.
	// +optional
	TargetState *VirtualMachineInstanceMigrationTargetState `json:"targetState,omitempty"`
	// Network the data travels on.
	// +optional
	MigrationNetworkType MigrationNetworkType `json:"migrationNetworkType,omitempty"`
	// Memory of the target's launcher pod beyond the guest's.
	// +optional
	TargetMemoryOverhead *resource.Quantity `json:"targetMemoryOverhead,omitempty"`
}

// VirtualMachineInstanceMigrationSourceState is the source's side of a migration.
type VirtualMachineInstanceMigrationSourceState struct {
	// What both sides tell.
	VirtualMachineInstanceCommonMigrationState `json:",inline"`
	// Labels that the target's node needs for the guest's CPU.
	// +optional
	NodeSelectors map[string]string `json:"nodeSelectors,omitempty"`
}

// VirtualMachineInstanceMigrationTargetState is the target's side of a migration.
type VirtualMachineInstanceMigrationTargetState struct {
	// What both sides tell.
	VirtualMachineInstanceCommonMigrationState `json:",inline"`
	// When the guest ran here.
	// +optional
	DomainReadyTimestamp *metav1.Time `json:"domainReadyTimestamp,omitempty"`
	// Whether the node agent has seen the guest here.
	// +optional
	DomainDetected bool `json:"domainDetected,omitempty"`
	// Address on which this side listens.
	// +optional
	NodeAddress *string `json:"nodeAddress,omitempty"`
	// Ports on which this side listens, with the launcher's port behind each.
	// +optional
	DirectMigrationNodePorts map[string]int `json:"directMigrationNodePorts,omitempty"`
	// Pod that brings hotplugged volumes here.
	// +optional
	AttachmentPodUID *types.UID `json:"attachmentPodUID,omitempty"`
	// CPUs reserved for the guest here.
	// +optional
	// +listType=atomic
	CPUSet []int `json:"cpuSet,omitempty"`
	// The node's CPUs and memory, in JSON.
	// +optional
	NodeTopology *string `json:"nodeTopology,omitempty"`
}

// VirtualMachineInstanceCommonMigrationState is what both sides of a migration tell about themselves.
type VirtualMachineInstanceCommonMigrationState struct {
	// Node of this side.
	// +optional
	Node string `json:"node,omitempty"`
	// Launcher pod of this side.
	// +optional
	Pod string `json:"pod,omitempty"`
	// UID of this side's VirtualMachineInstanceMigration.
	// +optional
	MigrationUID types.UID `json:"migrationUID,omitempty"`
	// Name of the guest on this side.
	// +optional
	DomainName *string `json:"domainName,omitempty"`
	// Namespace of the guest on this side.
	// +optional
	DomainNamespace *string `json:"domainNamespace,omitempty"`
	// Address by which the other cluster reaches this side.
	// +optional
	SyncAddress *string `json:"syncAddress,omitempty"`
	// Claim with the firmware state on this side.
	// +optional
	PersistentStatePVCName *string `json:"persistentStatePVCName,omitempty"`
	// SELinux context of this side's launcher.
	// +optional
	SELinuxContext string `json:"selinuxContext,omitempty"`
	// UID of the instance on this side.
	// +optional
	VirtualMachineInstanceUID *types.UID `json:"virtualMachineInstanceUID,omitempty"`
}

// MigrationAbortStatus is what became of the request to stop a migration.
type MigrationAbortStatus string

// Values of MigrationAbortStatus.
const (
	// MigrationAbortStatusSucceeded says that the migration was stopped.
	MigrationAbortStatusSucceeded MigrationAbortStatus = "Succeeded"
	// MigrationAbortStatusFailed says that it could not be stopped.
	MigrationAbortStatusFailed MigrationAbortStatus = "Failed"
	// MigrationAbortStatusAborting says that it is being stopped.
	MigrationAbortStatusAborting MigrationAbortStatus = "Aborting"
)

// MigrationMode is how a migration moves memory.
type MigrationMode string

// Values of MigrationMode.
const (
	// MigrationModePreCopy copies memory while the guest runs on the source.
	MigrationModePreCopy MigrationMode = "PreCopy"
	// MigrationModePostCopy copies memory while the guest runs on the target.
	MigrationModePostCopy MigrationMode = "PostCopy"
	// MigrationModePaused copies memory while the guest stands still.
	MigrationModePaused MigrationMode = "Paused"
)

// MigrationNetworkType is the network on which migration data travels.
type MigrationNetworkType string

// Values of MigrationNetworkType.
const (
	// MigrationNetworkTypePod is the pod network.
	MigrationNetworkTypePod MigrationNetworkType = "Pod"
	// MigrationNetworkTypeMigration is a network for migrations.
	MigrationNetworkTypeMigration MigrationNetworkType = "Migration"
)

// VirtualMachineInstanceMigrationMethod says whether a migration copies disks.
type VirtualMachineInstanceMigrationMethod string

// Values of VirtualMachineInstanceMigrationMethod.
const (
	// VMIMigrationMethodBlockMigration copies disks that the target cannot reach.
	VMIMigrationMethodBlockMigration VirtualMachineInstanceMigrationMethod = "BlockMigration"
	// VMIMigrationMethodLiveMigration copies memory only.
	VMIMigrationMethodLiveMigration VirtualMachineInstanceMigrationMethod = "LiveMigration"
)

// VirtualMachineInstanceMigrationTransport is how migration data travels within a node.
type VirtualMachineInstanceMigrationTransport string

// Values of VirtualMachineInstanceMigrationTransport.
const (
	// MigrationTransportUnix goes over unix sockets, carried between nodes by the node agents.
	MigrationTransportUnix VirtualMachineInstanceMigrationTransport = "Unix"
)
