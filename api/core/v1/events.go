package v1

// Reasons of events about objects that a controller makes on somebody's behalf.
const (
	// EventSuccessfulCreate: an object was created.
	EventSuccessfulCreate = "SuccessfulCreate"
	// EventFailedCreate: an object could not be created.
	EventFailedCreate = "FailedCreate"
	// EventSuccessfulDelete: an object was deleted.
	EventSuccessfulDelete = "SuccessfulDelete"
	// EventFailedDelete: an object could not be deleted.
	EventFailedDelete = "FailedDelete"
	// EventSuccessfulUpdate: an object was changed.
	EventSuccessfulUpdate = "SuccessfulUpdate"
	// EventFailedUpdate: an object could not be changed.
	EventFailedUpdate = "FailedUpdate"
)

// Reasons of virt-controller's events on a VirtualMachineInstance.
const (
	// EventSuccessfulHandOver: the instance was handed to the node agent of its node.
	EventSuccessfulHandOver = "SuccessfulHandOver"
	// EventFailedHandOver: the instance could not be handed to the node agent.
	EventFailedHandOver = "FailedHandOver"
	// EventFailedDataVolumeImport: a data volume could not be filled.
	EventFailedDataVolumeImport = "FailedDataVolumeImport"
	// EventFailedGuaranteeResources: the pod did not get the Guaranteed class that dedicated CPUs need.
	EventFailedGuaranteeResources = "FailedGuaranteeResources"
	// EventFailedPvcNotFound: a claim that a volume names does not exist.
	EventFailedPvcNotFound = "FailedPvcNotFound"
	// EventClaimInUse: a claim that a volume names is in use in a way that excludes this instance.
	EventClaimInUse = "ClaimInUse"
	// EventFailedHotplugSync: a hotplugged volume could not be brought to the guest.
	EventFailedHotplugSync = "FailedHotplugSync"
	// EventFailedPodPatch: the launcher pod could not be changed.
	EventFailedPodPatch = "FailedPodPatch"
	// EventPVCNotReady: a claim to be hotplugged is not bound yet.
	EventPVCNotReady = "PVCNotReady"
	// EventMissingAttachmentPod: the pod that brings hotplugged volumes to the node is gone.
	EventMissingAttachmentPod = "MissingAttachmentPod"
	// EventFailedBackendStorageCreate: the claim for persistent firmware state could not be created.
	EventFailedBackendStorageCreate = "FailedBackendStorageCreate"
	// EventFailedBackendStorageProbe: it could not be found out whether that claim is bound.
	EventFailedBackendStorageProbe = "FailedBackendStorageProbe"
	// EventBackendStorageNotReady: the claim for persistent firmware state is not bound yet.
	EventBackendStorageNotReady = "BackendStorageNotReady"
	// EventMigrationBackoff: the next migration waits because earlier ones failed.
	EventMigrationBackoff = "MigrationBackoff"
	// EventUtilityVolumeMigrationPending: a migration waits for utility volumes to be detached.
	EventUtilityVolumeMigrationPending = "UtilityVolumeMigrationPending"
	// EventNoSuitableNodesForHostModelMigration: no other node has the CPU that the guest was started with.
	EventNoSuitableNodesForHostModelMigration = "NoSuitableNodesForHostModelMigration"
	// EventFailedGatherClusterTopologyHints: the nodes' TSC frequencies are unknown. The spelling is the API's.
	EventFailedGatherClusterTopologyHints = "FailedGatherhingClusterTopologyHints"
)

// Reasons of events on a VirtualMachineInstanceMigration, beside the hand-over ones.
const (
	// EventSuccessfulMigration: the guest runs on its new node.
	EventSuccessfulMigration = "SuccessfulMigration"
	// EventFailedMigration: the migration failed; the guest runs where it ran.
	EventFailedMigration = "FailedMigration"
	// EventSuccessfulAbortMigration: the migration was stopped as asked.
	EventSuccessfulAbortMigration = "SuccessfulAbortMigration"
	// EventFailedAbortMigration: the migration could not be stopped.
	EventFailedAbortMigration = "FailedAbortMigration"
	// EventBackupAbortedForMigration: a backup was stopped to let the migration begin.
	EventBackupAbortedForMigration = "BackupAbortedForMigration"
	// EventBackupAbortFailed: the backup in the migration's way could not be stopped.
	EventBackupAbortFailed = "BackupAbortFailed"
)

// Reasons of events on a VirtualMachine, beside the ones about objects.
const (
	// EventSuccessfulDataVolumeCreate: a data volume was made from its template.
	EventSuccessfulDataVolumeCreate = "SuccessfulDataVolumeCreate"
	// EventFailedDataVolumeCreate: a data volume could not be made from its template.
	EventFailedDataVolumeCreate = "FailedDataVolumeCreate"
	// EventUnauthorizedDataVolumeCreate: the machine's service account may not clone the source.
	EventUnauthorizedDataVolumeCreate = "UnauthorizedDataVolumeCreate"
	// EventSourcePVCNotAvailable: the claim to clone from does not exist. The spelling is the API's.
	EventSourcePVCNotAvailable = "SourcePVCNotAvailabe"
)

// Reasons of events on replica sets and pools, beside the ones about objects.
const (
	// EventSuccessfulPaused: the set stopped following its spec.
	EventSuccessfulPaused = "SuccessfulPaused"
	// EventSuccessfulResumed: the replica set follows its spec again.
	EventSuccessfulResumed = "SuccessfulResumed"
	// EventSuccessfulResume: the pool follows its spec again.
	EventSuccessfulResume = "SuccessfulResume"
	// EventFailedScaleOut: the pool could not add a machine.
	EventFailedScaleOut = "FailedScaleOut"
	// EventFailedScaleIn: the pool could not remove a machine.
	EventFailedScaleIn = "FailedScaleIn"
	// EventFailedRevisionPruning: old revisions of the pool could not be removed.
	EventFailedRevisionPruning = "FailedRevisionPruning"
)

// Reasons of events of evacuation and workload updates.
const (
	// EventSuccessfulEvict: an instance was told to leave.
	EventSuccessfulEvict = "SuccessfulEvict"
	// EventFailedEvict: an instance could not be told to leave.
	EventFailedEvict = "FailedEvict"
	// EventSuccessfulChangeAbortion: the migration that carried a change was stopped.
	EventSuccessfulChangeAbortion = "SuccessfulChangeAbortion"
	// EventFailedChangeAbortion: the migration that carried a change could not be stopped.
	EventFailedChangeAbortion = "FailedChangeAbortion"
	// EventNodeUnresponsive: the node agent's heartbeat is missing.
	EventNodeUnresponsive = "NodeUnresponsive"
)

// Reasons of events on a VirtualMachineBackup.
const (
	// EventBackupAborting: the backup is being stopped.
	EventBackupAborting = "VirtualMachineBackupAborting"
	// EventBackupCompletedSuccessfully: the backup is complete.
	EventBackupCompletedSuccessfully = "VirtualMachineBackupCompletedSuccessfully"
	// EventBackupCompletedWithWarning: the backup is complete but for what the message says.
	EventBackupCompletedWithWarning = "VirtualMachineBackupCompletedWithWarning"
	// EventBackupFailed: the backup could not be made.
	EventBackupFailed = "VirtualMachineBackupFailed"
	// EventCheckpointRedefinitionFailed: the last checkpoint could not be told to the hypervisor again.
	EventCheckpointRedefinitionFailed = "CheckpointRedefinitionFailed"
)

// Reasons of virt-handler's events on a VirtualMachineInstance.
const (
	// EventCreated: the guest was defined.
	EventCreated = "Created"
	// EventDeleted: the guest is gone from its node.
	EventDeleted = "Deleted"
	// EventPresetFailed: a preset could not be applied.
	EventPresetFailed = "PresetFailed"
	// EventOverride: the instance says otherwise than a preset.
	EventOverride = "Override"
	// EventStarted: the guest runs.
	EventStarted = "Started"
	// EventShuttingDown: the guest was asked to power off.
	EventShuttingDown = "ShuttingDown"
	// EventStopped: the guest has powered off or died.
	EventStopped = "Stopped"
	// EventPreparingTarget: the node is getting ready to receive the guest.
	EventPreparingTarget = "PreparingTarget"
	// EventMigrating: the guest's memory is being copied.
	EventMigrating = "Migrating"
	// EventMigrated: the guest has left the node for another.
	EventMigrated = "Migrated"
	// EventSyncFailed: the guest could not be brought to the wanted state.
	EventSyncFailed = "SyncFailed"
	// EventResumed: the guest's virtual CPUs run again after an interruption.
	EventResumed = "Resumed"
	// EventPaused: the guest's virtual CPUs were stopped.
	EventPaused = "Paused"
	// EventUnpaused: somebody let the guest's virtual CPUs run again.
	EventUnpaused = "Unpaused"
	// EventReset: the guest was reset as by its reset button.
	EventReset = "Reset"
	// EventSoftRebooted: the guest was asked to reboot.
	EventSoftRebooted = "SoftRebooted"
	// EventFreezeError: the guest's filesystems could not be frozen or thawed.
	EventFreezeError = "FreezeError"
	// EventBackupError: the hypervisor refused a backup.
	EventBackupError = "BackupError"
	// EventAccessCredentialsSyncFailed: an ssh key or password did not reach the guest.
	EventAccessCredentialsSyncFailed = "AccessCredentialsSyncFailed"
	// EventAccessCredentialsSyncSuccess: every ssh key and password has reached the guest.
	EventAccessCredentialsSyncSuccess = "AccessCredentialsSyncSuccess"
	// EventMemoryDumpCompleted: the guest's memory is in the claim for it.
	EventMemoryDumpCompleted = "MemoryDumpCompleted"
	// EventMemoryDumpFailed: the guest's memory could not be written.
	EventMemoryDumpFailed = "MemoryDumpFailed"
	// EventVolumeMountedToPod: a hotplugged volume is visible in the launcher pod.
	EventVolumeMountedToPod = "VolumeMountedToPod"
	// EventVolumeReady: a hotplugged volume is attached to the guest.
	EventVolumeReady = "VolumeReady"
	// EventVolumeUnMountedFromPod: a removed volume is no longer visible in the launcher pod.
	EventVolumeUnMountedFromPod = "VolumeUnMountedFromPod"
	// EventVolumeUnplugged: a removed volume is detached from the guest.
	EventVolumeUnplugged = "VolumeUnplugged"
	// EventHotplugFailed: a volume or interface could not be attached.
	EventHotplugFailed = "HotplugFailed"
	// EventNicHotplug: a network interface was attached or detached.
	EventNicHotplug = "NicHotplug"
	// EventToleratedSmallPV: a volume is smaller than asked for, within the tolerance.
	EventToleratedSmallPV = "ToleratedSmallPV"
	// EventHostModelIsObsolete: the node's CPU model is in the list of obsolete ones.
	EventHostModelIsObsolete = "HostModelIsObsolete"
	// EventNotifyServerFailure: the launcher cannot report to the node agent.
	EventNotifyServerFailure = "NotifyServerFailure"
)

// Reasons of virt-operator's events on a KubeVirt, beside the ones about objects:
// EventFailedUpdate is that of an update which its first pods keep from going on.
const (
	// EventAdvancedFeatureUse: a setting for experts is in use.
	EventAdvancedFeatureUse = "AdvancedFeatureUse"
	// EventRestored: an object of the installation was changed or deleted, and is as it was.
	EventRestored = "Restored"
	// EventContested: somebody keeps changing an object of the installation; it is put back less often.
	EventContested = "Contested"
)
