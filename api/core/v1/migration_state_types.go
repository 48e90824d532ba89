package v1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

type VirtualMachineInstanceMigrationState struct {
	// +optional
	// +nullable
	StartTimestamp *metav1.Time `json:"startTimestamp,omitempty"`
	// +optional
	// +nullable
	EndTimestamp *metav1.Time `json:"endTimestamp,omitempty"`
	// +optional
	TargetNodeDomainReadyTimestamp *metav1.Time `json:"targetNodeDomainReadyTimestamp,omitempty"`
	// +optional
	TargetNodeDomainDetected bool `json:"targetNodeDomainDetected,omitempty"`
	// +optional
	TargetNodeAddress string `json:"targetNodeAddress,omitempty"`
	// +optional
	TargetDirectMigrationNodePorts map[string]int `json:"targetDirectMigrationNodePorts,omitempty"`
	// +optional
	TargetNode string `json:"targetNode,omitempty"`
	// +optional
	TargetPod string `json:"targetPod,omitempty"`
	// +optional
	TargetAttachmentPodUID types.UID `json:"targetAttachmentPodUID,omitempty"`
	// +optional
	SourceNode string `json:"sourceNode,omitempty"`
	// +optional
	SourcePod string `json:"sourcePod,omitempty"`
	// +optional
	Completed bool `json:"completed,omitempty"`
	// +optional
	Failed bool `json:"failed,omitempty"`
	// +optional
	AbortRequested bool `json:"abortRequested,omitempty"`
	// +optional
	AbortStatus MigrationAbortStatus `json:"abortStatus,omitempty"`
	// +optional
	FailureReason string `json:"failureReason,omitempty"`
	// +optional
	MigrationUID types.UID `json:"migrationUid,omitempty"`
	// +optional
	Mode MigrationMode `json:"mode,omitempty"`
	// +optional
	MigrationPolicyName *string `json:"migrationPolicyName,omitempty"`
	// +optional
	MigrationConfiguration *VMIMConfigurationOptions `json:"migrationConfiguration,omitempty"`
	// +optional
	// +listType=atomic
	TargetCPUSet []int `json:"targetCPUSet,omitempty"`
	// +optional
	TargetNodeTopology string `json:"targetNodeTopology,omitempty"`
	// +optional
	SourcePersistentStatePVCName string `json:"sourcePersistentStatePVCName,omitempty"`
	// +optional
	TargetPersistentStatePVCName string `json:"targetPersistentStatePVCName,omitempty"`
	// +optional
	SourceState *VirtualMachineInstanceMigrationSourceState `json:"sourceState,omitempty"`
	// +optional
	TargetState *VirtualMachineInstanceMigrationTargetState `json:"targetState,omitempty"`
	// +optional
	MigrationNetworkType MigrationNetworkType `json:"migrationNetworkType,omitempty"`
	// +optional
	TargetMemoryOverhead *resource.Quantity `json:"targetMemoryOverhead,omitempty"`
}

type VirtualMachineInstanceMigrationSourceState struct {
	VirtualMachineInstanceCommonMigrationState `json:",inline"`
	// +optional
	NodeSelectors map[string]string `json:"nodeSelectors,omitempty"`
}

type VirtualMachineInstanceMigrationTargetState struct {
	VirtualMachineInstanceCommonMigrationState `json:",inline"`
	// +optional
	DomainReadyTimestamp *metav1.Time `json:"domainReadyTimestamp,omitempty"`
	// +optional
	DomainDetected bool `json:"domainDetected,omitempty"`
	// +optional
	NodeAddress *string `json:"nodeAddress,omitempty"`
	// +optional
	DirectMigrationNodePorts map[string]int `json:"directMigrationNodePorts,omitempty"`
	// +optional
	AttachmentPodUID *types.UID `json:"attachmentPodUID,omitempty"`
	// +optional
	// +listType=atomic
	CPUSet []int `json:"cpuSet,omitempty"`
	// +optional
	NodeTopology *string `json:"nodeTopology,omitempty"`
}

type VirtualMachineInstanceCommonMigrationState struct {
	// +optional
	Node string `json:"node,omitempty"`
	// +optional
	Pod string `json:"pod,omitempty"`
	// +optional
	MigrationUID types.UID `json:"migrationUID,omitempty"`
	// +optional
	DomainName *string `json:"domainName,omitempty"`
	// +optional
	DomainNamespace *string `json:"domainNamespace,omitempty"`
	// +optional
	SyncAddress *string `json:"syncAddress,omitempty"`
	// +optional
	PersistentStatePVCName *string `json:"persistentStatePVCName,omitempty"`
	// +optional
	SELinuxContext string `json:"selinuxContext,omitempty"`
	// +optional
	VirtualMachineInstanceUID *types.UID `json:"virtualMachineInstanceUID,omitempty"`
}

type MigrationAbortStatus string

// Values of MigrationAbortStatus.
const (
	MigrationAbortStatusSucceeded MigrationAbortStatus = "Succeeded"
	MigrationAbortStatusFailed    MigrationAbortStatus = "Failed"
	MigrationAbortStatusAborting  MigrationAbortStatus = "Aborting"
)

type MigrationMode string

// Values of MigrationMode.
const (
	MigrationModePreCopy  MigrationMode = "PreCopy"
	MigrationModePostCopy MigrationMode = "PostCopy"
	MigrationModePaused   MigrationMode = "Paused"
)

type MigrationNetworkType string

// Values of MigrationNetworkType.
const (
	MigrationNetworkTypePod       MigrationNetworkType = "Pod"
	MigrationNetworkTypeMigration MigrationNetworkType = "Migration"
)

type VirtualMachineInstanceMigrationMethod string

// Values of VirtualMachineInstanceMigrationMethod.
const (
	VMIMigrationMethodBlockMigration VirtualMachineInstanceMigrationMethod = "BlockMigration"
	VMIMigrationMethodLiveMigration  VirtualMachineInstanceMigrationMethod = "LiveMigration"
)

type VirtualMachineInstanceMigrationTransport string

// Values of VirtualMachineInstanceMigrationTransport.
const (
	MigrationTransportUnix VirtualMachineInstanceMigrationTransport = "Unix"
)
