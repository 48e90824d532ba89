package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ConditionType names one aspect of an object's state.
type ConditionType string

// Condition is the state of one aspect of an object; every kind of this API that
// reports conditions in the older wire shape uses it.
type Condition struct {
	// Type is the aspect described; at most one condition of a type is present.
	Type ConditionType `json:"type"`
	// Status is True, False or Unknown.
	Status corev1.ConditionStatus `json:"status"`
	// LastProbeTime is when the aspect was last looked at; null where it is watched rather than probed.
	// +optional
	// +nullable
	LastProbeTime metav1.Time `json:"lastProbeTime,omitempty"`
	// LastTransitionTime is when Status last changed.
	// +optional
	// +nullable
	LastTransitionTime metav1.Time `json:"lastTransitionTime,omitempty"`
	// Reason is one CamelCase word for programs.
	// +optional
	Reason string `json:"reason,omitempty"`
	// Message is a sentence for people.
	// +optional
	Message string `json:"message,omitempty"`
}

// The kind-specific names under which the API's users know the condition types. All are the one shape.
type (
	// VirtualMachineConditionType is the type of a VirtualMachine's condition.
	VirtualMachineConditionType = ConditionType
	// VirtualMachineInstanceConditionType is the type of a VirtualMachineInstance's condition.
	VirtualMachineInstanceConditionType = ConditionType
	// VirtualMachineInstanceMigrationConditionType is the type of a migration's condition.
	VirtualMachineInstanceMigrationConditionType = ConditionType
	// VirtualMachineInstanceReplicaSetConditionType is the type of a replica set's condition.
	VirtualMachineInstanceReplicaSetConditionType = ConditionType
	// KubeVirtConditionType is the type of a KubeVirt's condition.
	KubeVirtConditionType = ConditionType
)

// Condition types of a VirtualMachineInstance. A VirtualMachine mirrors all of them but Ready.
const (
	// ConditionProvisioning says that the instance's storage is still being filled.
	ConditionProvisioning ConditionType = "Provisioning"
	// ConditionReady says whether the guest can serve: it runs, is not paused and passes its readiness probe.
	ConditionReady ConditionType = "Ready"
	// ConditionSynchronized is only ever False, and then its reason is the error that keeps the instance from its wanted state.
	ConditionSynchronized ConditionType = "Synchronized"
	// ConditionPaused says that the guest's virtual CPUs are stopped, and by whom.
	ConditionPaused ConditionType = "Paused"
	// ConditionPodScheduled repeats the launcher pod's condition while the scheduler cannot place it.
	ConditionPodScheduled ConditionType = "PodScheduled"
	// ConditionAgentConnected says that the guest agent answers.
	ConditionAgentConnected ConditionType = "AgentConnected"
	// ConditionAgentVersionNotSupported says that the guest agent lacks commands that are needed.
	ConditionAgentVersionNotSupported ConditionType = "AgentVersionNotSupported"
	// ConditionAccessCredentialsSynchronized says whether the ssh keys and passwords have reached the guest.
	ConditionAccessCredentialsSynchronized ConditionType = "AccessCredentialsSynchronized"
	// ConditionLiveMigratable says whether the guest can move to another node while it runs.
	ConditionLiveMigratable ConditionType = "LiveMigratable"
	// ConditionStorageLiveMigratable says whether the guest's volumes can move to other claims while it runs.
	ConditionStorageLiveMigratable ConditionType = "StorageLiveMigratable"
	// ConditionHotVCPUChange says that a change of the number of CPU sockets is under way.
	ConditionHotVCPUChange ConditionType = "HotVCPUChange"
	// ConditionHotMemoryChange says that a change of the amount of guest memory is under way.
	ConditionHotMemoryChange ConditionType = "HotMemoryChange"
	// ConditionVolumesChange says that volumes are being copied to their replacements.
	ConditionVolumesChange ConditionType = "VolumesChange"
	// ConditionMigrationRequired says that a change in the spec waits for a live migration to take effect.
	ConditionMigrationRequired ConditionType = "MigrationRequired"
	// ConditionDataVolumesReady says whether every data volume of the instance is filled.
	ConditionDataVolumesReady ConditionType = "DataVolumesReady"
	// ConditionDecentralizedLiveMigrationFailure says that a migration between clusters failed.
	ConditionDecentralizedLiveMigrationFailure ConditionType = "DecentralizedLiveMigrationFailure"
	// ConditionEvictionRequested says that somebody asked for the instance to leave its node and must do it himself.
	ConditionEvictionRequested ConditionType = "EvictionRequested"
	// ConditionSoftwareEmulation says that the guest's CPUs are emulated because the node has no usable KVM.
	ConditionSoftwareEmulation ConditionType = "SoftwareEmulation"
)

// Condition types of a VirtualMachine, beside the mirrored ones.
const (
	// ConditionFailure says that the last step towards the wanted state failed; its reason names the step.
	ConditionFailure ConditionType = "Failure"
	// ConditionRestartRequired says that the running instance differs from the spec in something only a restart can change.
	ConditionRestartRequired ConditionType = "RestartRequired"
	// ConditionManualRecoveryRequired says that the machine must not be started before somebody has repaired its volumes.
	ConditionManualRecoveryRequired ConditionType = "ManualRecoveryRequired"
	// ConditionImpeded is only ever True, and then its reason is the cause, as virtualmachines/explain finds it, that keeps
	// the machine from being as it was asked to be.
	ConditionImpeded ConditionType = "Impeded"
)

// Condition types of a VirtualMachineInstanceMigration.
const (
	// ConditionMigrationAbortRequested says that the migration was asked to stop.
	ConditionMigrationAbortRequested ConditionType = "migrationAbortRequested"
	// ConditionMigrationRejectedByResourceQuota says that the namespace's quota leaves no room for the target pod.
	ConditionMigrationRejectedByResourceQuota ConditionType = "migrationRejectedByResourceQuota"
	// ConditionMigrationBlockedByUtilityVolumes says that the migration waits for utility volumes to be detached.
	ConditionMigrationBlockedByUtilityVolumes ConditionType = "migrationBlockedByUtilityVolumes"
	// ConditionDecentralizedMigrationBlocked says that a migration between clusters cannot go on.
	ConditionDecentralizedMigrationBlocked ConditionType = "decentralizedMigrationBlocked"
	// ConditionMigrationBlockedByBackup says that the migration waits for a backup to end.
	ConditionMigrationBlockedByBackup ConditionType = "migrationBlockedByBackup"
)

// Condition types of a VirtualMachineInstanceReplicaSet and of a VirtualMachinePool.
const (
	// ConditionReplicaFailure says that a replica could not be created or deleted.
	ConditionReplicaFailure ConditionType = "ReplicaFailure"
	// ConditionReplicaPaused says that the set does nothing because it is paused.
	ConditionReplicaPaused ConditionType = "ReplicaPaused"
)

// Condition types of a KubeVirt; Synchronized is shared with the instances.
const (
	// ConditionCreated says that every object of the installation exists.
	ConditionCreated ConditionType = "Created"
	// ConditionAvailable says whether the installation serves.
	ConditionAvailable ConditionType = "Available"
	// ConditionProgressing says that an installation, update or removal is under way.
	ConditionProgressing ConditionType = "Progressing"
	// ConditionDegraded says that the installation needs attention.
	ConditionDegraded ConditionType = "Degraded"
)
