package v1

// Reasons of a VirtualMachineInstance's Ready condition, beside those copied from the launcher pod.
const (
	// ReasonPodTerminating: the launcher pod is being deleted.
	ReasonPodTerminating = "PodTerminating"
	// ReasonPodNotExists: there is no launcher pod.
	ReasonPodNotExists = "PodNotExists"
	// ReasonPodConditionMissing: the launcher pod has not reported readiness yet.
	ReasonPodConditionMissing = "PodConditionMissing"
	// ReasonGuestNotRunning: the pod is up but the guest does not run.
	ReasonGuestNotRunning = "GuestNotRunning"
)

// Reasons of a VirtualMachine's Ready condition.
const (
	// ReasonVMINotExists: the machine has no instance.
	ReasonVMINotExists = "VMINotExists"
	// ReasonVMIConditionMissing: the instance has not reported readiness yet.
	ReasonVMIConditionMissing = "VMIConditionMissing"
)

// ReasonUnschedulable is the reason of PodScheduled=False when no node fits.
const ReasonUnschedulable = "Unschedulable"

// Reasons of Synchronized=False on a VirtualMachineInstance.
const (
	// ReasonFailedCreate: an object the instance or machine needs could not be created.
	ReasonFailedCreate = "FailedCreate"
	// ReasonFailedDelete: an object of the instance or machine could not be deleted.
	ReasonFailedDelete = "FailedDelete"
	// ReasonFailedPvcNotFound: a claim that a volume names does not exist.
	ReasonFailedPvcNotFound = "FailedPvcNotFound"
	// ReasonClaimInUse: another instance uses a volume's claim in a way that excludes this one.
	ReasonClaimInUse = "ClaimInUse"
	// ReasonFailedDataVolumeImport: a data volume could not be filled.
	ReasonFailedDataVolumeImport = "FailedDataVolumeImport"
	// ReasonFailedGuaranteeResources: dedicated CPUs were asked for but the pod is not of the Guaranteed class.
	ReasonFailedGuaranteeResources = "FailedGuaranteeResources"
	// ReasonErrImagePull: an image of the launcher pod could not be pulled.
	ReasonErrImagePull = "ErrImagePull"
	// ReasonImagePullBackOff: the kubelet waits before it tries to pull an image again.
	ReasonImagePullBackOff = "ImagePullBackOff"
	// ReasonFailedHotplugSync: a hotplugged volume could not be brought to the guest.
	ReasonFailedHotplugSync = "FailedHotplugSync"
	// ReasonContainerPathVolumesDisabled: a containerPath volume is used while its feature gate is off.
	ReasonContainerPathVolumesDisabled = "ContainerPathVolumesDisabled"
	// ReasonMissingVirtiofsContainers: what serves a shared filesystem to the guest has ended.
	ReasonMissingVirtiofsContainers = "MissingVirtiofsContainers"
)

// Reasons of the Paused condition.
const (
	// ReasonPausedByUser: somebody called the pause subresource, or the start strategy asks for it.
	ReasonPausedByUser = "PausedByUser"
	// ReasonPausedByMigrationMonitor: a migration paused the guest to be able to finish.
	ReasonPausedByMigrationMonitor = "PausedByMigrationMonitor"
	// ReasonPausedIOError: a disk of the guest returned an error.
	ReasonPausedIOError = "PausedIOError"
)

// ReasonReplicaPaused is the reason of ReplicaPaused: the set's spec says paused.
const ReasonReplicaPaused = "Paused"

// Reasons of ReplicaFailure on a VirtualMachinePool.
const (
	// ReasonFailedScaleOut: a machine could not be added.
	ReasonFailedScaleOut = "FailedScaleOut"
	// ReasonFailedScaleIn: a machine could not be removed.
	ReasonFailedScaleIn = "FailedScaleIn"
	// ReasonFailedUpdate: a machine could not be brought to the current template.
	ReasonFailedUpdate = "FailedUpdate"
	// ReasonFailedRevisionPruning: old revisions of the template could not be removed.
	ReasonFailedRevisionPruning = "FailedRevisionPruning"
)

// Reasons of LiveMigratable=False and StorageLiveMigratable=False.
const (
	// ReasonDisksNotLiveMigratable: a disk can be reached from this node only.
	ReasonDisksNotLiveMigratable = "DisksNotLiveMigratable"
	// ReasonInterfaceNotLiveMigratable: a network interface is bound in a way that cannot move.
	ReasonInterfaceNotLiveMigratable = "InterfaceNotLiveMigratable"
	// ReasonHotplugNotLiveMigratable: a hotplugged volume can be reached from this node only.
	ReasonHotplugNotLiveMigratable = "HotplugNotLiveMigratable"
	// ReasonCPUModeNotLiveMigratable: the CPU is passed through as it is.
	ReasonCPUModeNotLiveMigratable = "CPUModeLiveMigratable"
	// ReasonVirtIOFSNotLiveMigratable: a filesystem is shared by virtiofs.
	ReasonVirtIOFSNotLiveMigratable = "VirtIOFSNotLiveMigratable"
	// ReasonHostDeviceNotLiveMigratable: a device of the node is passed through.
	ReasonHostDeviceNotLiveMigratable = "HostDeviceNotLiveMigratable"
	// ReasonSEVNotLiveMigratable: the guest's memory is encrypted by AMD SEV.
	ReasonSEVNotLiveMigratable = "SEVNotLiveMigratable"
	// ReasonSecureExecutionNotLiveMigratable: the guest uses IBM Secure Execution.
	ReasonSecureExecutionNotLiveMigratable = "SecureExecutionNotLiveMigratable"
	// ReasonTDXNotLiveMigratable: the guest is an Intel TDX trust domain.
	ReasonTDXNotLiveMigratable = "TDXNotLiveMigratable"
	// ReasonNoTSCFrequencyNotLiveMigratable: the guest needs a fixed TSC frequency and the cluster knows none.
	ReasonNoTSCFrequencyNotLiveMigratable = "NoTSCFrequencyNotLiveMigratable"
	// ReasonHypervPassthroughNotLiveMigratable: the node's Hyper-V features are passed through as they are.
	ReasonHypervPassthroughNotLiveMigratable = "HypervPassthroughNotLiveMigratable"
	// ReasonPersistentReservationNotLiveMigratable: a LUN holds SCSI persistent reservations.
	ReasonPersistentReservationNotLiveMigratable = "PersistentReservationNotLiveMigratable"
	// ReasonDecentralizedNotLiveMigratable: the guest can move within its cluster only.
	ReasonDecentralizedNotLiveMigratable = "DecentralizedNotLiveMigratable"
	// ReasonNotMigratable: the guest cannot move for a reason given in the message.
	ReasonNotMigratable = "NotMigratable"
)

// Reasons of AccessCredentialsSynchronized.
const (
	// ReasonGuestAgentPending: the guest agent, which brings the credentials, has not come or not taken them yet.
	ReasonGuestAgentPending = "GuestAgentPending"
	// ReasonCredentialsInGuest: the guest agent has brought every credential into the guest.
	ReasonCredentialsInGuest = "CredentialsInGuest"
	// ReasonCredentialsNotInGuest: the guest agent could not bring some credential into the guest.
	ReasonCredentialsNotInGuest = "CredentialsNotInGuest"
)

// Reasons of the remaining VirtualMachineInstance conditions.
const (
	// ReasonVolumesChangeCancellation: the copying of volumes is being undone.
	ReasonVolumesChangeCancellation = "VolumesChangeCancellation"
	// ReasonAutoMigrationDueToLiveUpdate: a migration will be made by itself to apply a live update.
	ReasonAutoMigrationDueToLiveUpdate = "AutoMigrationDueToLiveUpdate"
	// ReasonAutoMigrationPending: the migration that applies a live update has not begun.
	ReasonAutoMigrationPending = "AutoMigrationPending"
	// ReasonAllDVsReady: every data volume is filled.
	ReasonAllDVsReady = "AllDVsReady"
	// ReasonNotAllDVsReady: at least one data volume is not filled yet.
	ReasonNotAllDVsReady = "NotAllDVsReady"
	// ReasonEvictionRequested: the eviction of the launcher pod was asked for.
	ReasonEvictionRequested = "EvictionRequested"
)

// Reasons of a VirtualMachine's Failure condition, beside FailedCreate and FailedDelete.
const (
	// ReasonHotPlugVolumeError: a volume could not be added to or removed from the running instance.
	ReasonHotPlugVolumeError = "HotPlugVolumeError"
	// ReasonHotPlugCPUError: the number of CPU sockets could not be changed.
	ReasonHotPlugCPUError = "HotPlugCPUError"
	// ReasonHotPlugMemoryError: the amount of memory could not be changed.
	ReasonHotPlugMemoryError = "HotPlugMemoryError"
	// ReasonHotPlugNetworkInterfaceError: a network interface could not be added or removed.
	ReasonHotPlugNetworkInterfaceError = "HotPlugNetworkInterfaceError"
	// ReasonFailedUpdateError: the machine or its instance could not be updated.
	ReasonFailedUpdateError = "FailedUpdateError"
	// ReasonTemplateChanged: the guest runs an older version of its machine's template.
	ReasonTemplateChanged = "TemplateChanged"
	// ReasonAffinityChangeError: a change of affinity or node selector did not reach the instance.
	ReasonAffinityChangeError = "AffinityChangeError"
	// ReasonTolerationsChangeError: a change of tolerations did not reach the instance.
	ReasonTolerationsChangeError = "TolerationsChangeError"
	// ReasonAnnotationsLabelsChangeError: a change of labels or annotations did not reach the instance.
	ReasonAnnotationsLabelsChangeError = "AnnotationsLabelsChangeError"
	// ReasonVolumesUpdateError: the change of a volume cannot be carried out as asked.
	ReasonVolumesUpdateError = "VolumesUpdateError"
	// ReasonFirmwareUUIDError: the machine's firmware UUID could not be recorded.
	ReasonFirmwareUUIDError = "FirmwareUUIDError"
	// ReasonMemoryDumpError: the memory dump could not be made.
	ReasonMemoryDumpError = "MemoryDumpError"
)

// Reasons of a KubeVirt's conditions.
const (
	// ReasonDeploymentInProgress: the first installation is under way.
	ReasonDeploymentInProgress = "DeploymentInProgress"
	// ReasonUpdateInProgress: an update to another version or configuration is under way.
	ReasonUpdateInProgress = "UpdateInProgress"
	// ReasonUpdateHalted: pods of the new version do not work; the rest of the old one goes on working.
	ReasonUpdateHalted = "UpdateHalted"
	// ReasonAllComponentsReady: every component runs in the wanted version.
	ReasonAllComponentsReady = "AllComponentsReady"
	// ReasonAllResourcesCreated: every object of the installation exists.
	ReasonAllResourcesCreated = "AllResourcesCreated"
	// ReasonDeploymentFailed: a step of the installation failed; the message says which.
	ReasonDeploymentFailed = "DeploymentFailed"
	// ReasonExistingDeployment: another KubeVirt object already manages the installation.
	ReasonExistingDeployment = "ExistingDeployment"
	// ReasonDeletionInProgress: the installation is being removed.
	ReasonDeletionInProgress = "DeletionInProgress"
	// ReasonDeletionFailed: a step of the removal failed; the message says which.
	ReasonDeletionFailed = "DeletionFailed"
)
