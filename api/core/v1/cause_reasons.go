package v1

// Reasons of the condition Impeded of a VirtualMachine and of the causes that its explanation lists: whether it
// is to run.
const (
	// CauseHalted: the run strategy wants the machine off.
	CauseHalted = "Halted"
	// CauseNotStarted: the run strategy starts the machine only on request, and nobody has asked.
	CauseNotStarted = "NotStarted"
	// CauseGuestPoweredOff: the guest has shut down, and the run strategy leaves it off.
	CauseGuestPoweredOff = "GuestPoweredOff"
	// CauseWaitsForReceiver: the machine waits for a guest to migrate into it.
	CauseWaitsForReceiver = "WaitsForReceiver"
	// CauseShuttingDown: the guest has been asked to shut down and has time left.
	CauseShuttingDown = "ShuttingDown"
	// CauseStartPending: a start that was asked for is not carried out.
	CauseStartPending = "StartPending"
	// CauseCrashLoop: the guest failed to start several times; the next try waits.
	CauseCrashLoop = "CrashLoop"
	// CauseGuestKeepsEnding: the guest ends again and again soon after its start.
	CauseGuestKeepsEnding = "GuestKeepsEnding"
	// CauseGuestFailed: the guest has failed, and the run strategy leaves it off.
	CauseGuestFailed = "GuestFailed"
	// CauseInstanceNameTaken: an instance of the machine's name belongs to somebody else.
	CauseInstanceNameTaken = "InstanceNameTaken"
	// CauseInstanceRefused: the machine's instance could not be made.
	CauseInstanceRefused = "InstanceRefused"
	// CauseControllerSilent: virt-controller has not acted for long.
	CauseControllerSilent = "ControllerSilent"
	// CauseRunStrategyInvalid: the run strategy is unknown or contradicts itself.
	CauseRunStrategyInvalid = "RunStrategyInvalid"
)

// Causes that lie in storage.
const (
	// CauseClaimNotFound: a volume's claim does not exist.
	CauseClaimNotFound = "ClaimNotFound"
	// CauseClaimTerminating: a volume's claim is being deleted.
	CauseClaimTerminating = "ClaimTerminating"
	// CauseClaimLost: a volume's claim has lost its persistent volume.
	CauseClaimLost = "ClaimLost"
	// CauseClaimInUse: a volume's claim is in use by another pod that excludes this one.
	CauseClaimInUse = "ClaimInUse"
	// CauseNoDefaultStorageClass: a claim names no storage class, and there is no default one.
	CauseNoDefaultStorageClass = "NoDefaultStorageClass"
	// CauseStorageClassNotFound: a claim names a storage class that does not exist.
	CauseStorageClassNotFound = "StorageClassNotFound"
	// CauseProvisioningFailed: the provisioner could not make a claim's volume.
	CauseProvisioningFailed = "ProvisioningFailed"
	// CauseClaimNotBound: a claim has been waiting for its volume for long.
	CauseClaimNotBound = "ClaimNotBound"
	// CauseVolumeNodeConflict: a claim's volume cannot be reached from a node that suits the guest.
	CauseVolumeNodeConflict = "VolumeNodeConflict"
	// CauseVolumeAttachFailed: a claim's volume could not be attached to the node.
	CauseVolumeAttachFailed = "VolumeAttachFailed"
	// CauseVolumeMountFailed: a volume could not be mounted into the launcher pod.
	CauseVolumeMountFailed = "VolumeMountFailed"
	// CauseDataVolumesUnavailable: a data volume is needed, and the cluster has none.
	CauseDataVolumesUnavailable = "DataVolumesUnavailable"
	// CauseDataVolumeFailed: a data volume could not be filled.
	CauseDataVolumeFailed = "DataVolumeFailed"
	// CauseDataVolumeNotFilled: a data volume has been waiting to be filled for long.
	CauseDataVolumeNotFilled = "DataVolumeNotFilled"
	// CauseDataVolumeRefused: a data volume could not be made.
	CauseDataVolumeRefused = "DataVolumeRefused"
	// CauseCloneSourceNotFound: what a data volume is to be cloned from does not exist.
	CauseCloneSourceNotFound = "CloneSourceNotFound"
	// CauseCloneUnauthorized: the machine may not clone a data volume's source.
	CauseCloneUnauthorized = "CloneUnauthorized"
	// CauseSecretNotFound: a secret that a volume shows does not exist.
	CauseSecretNotFound = "SecretNotFound"
	// CauseConfigMapNotFound: a config map that a volume shows does not exist.
	CauseConfigMapNotFound = "ConfigMapNotFound"
	// CauseCloudInitSecretNotFound: the secret with the guest's cloud-init data does not exist.
	CauseCloudInitSecretNotFound = "CloudInitSecretNotFound"
)

// Causes that lie in images.
const (
	// CauseImageNotFound: an image does not exist.
	CauseImageNotFound = "ImageNotFound"
	// CauseImageUnauthorized: the registry does not hand an image out to the cluster.
	CauseImageUnauthorized = "ImageUnauthorized"
	// CauseRegistryUnreachable: an image's registry cannot be reached.
	CauseRegistryUnreachable = "RegistryUnreachable"
	// CauseImageNameInvalid: an image's name is not one.
	CauseImageNameInvalid = "ImageNameInvalid"
	// CauseImagePullFailed: an image could not be pulled.
	CauseImagePullFailed = "ImagePullFailed"
	// CauseImagePullSlow: an image has been on its way for long.
	CauseImagePullSlow = "ImagePullSlow"
)

// Causes that lie in scheduling.
const (
	// CauseInsufficientMemory: no node has the memory free that the launcher pod requests.
	CauseInsufficientMemory = "InsufficientMemory"
	// CauseInsufficientCPU: no node has the CPU time free that the launcher pod requests.
	CauseInsufficientCPU = "InsufficientCPU"
	// CauseInsufficientResource: no node has enough of another resource, such as huge pages or room for pods.
	CauseInsufficientResource = "InsufficientResource"
	// CauseDeviceUnavailable: no node has a device free that the guest needs.
	CauseDeviceUnavailable = "DeviceUnavailable"
	// CauseNoNodeRunsGuests: virt-handler offers no node for guests.
	CauseNoNodeRunsGuests = "NoNodeRunsGuests"
	// CauseCPUModelUnavailable: no node has the guest's CPU model.
	CauseCPUModelUnavailable = "CPUModelUnavailable"
	// CauseCPUFeatureUnavailable: no node has a CPU feature that the guest requires.
	CauseCPUFeatureUnavailable = "CPUFeatureUnavailable"
	// CauseMachineTypeUnavailable: no node has the guest's machine type.
	CauseMachineTypeUnavailable = "MachineTypeUnavailable"
	// CauseArchitectureUnavailable: no node has the guest's architecture.
	CauseArchitectureUnavailable = "ArchitectureUnavailable"
	// CauseNodeSelectorUnmatched: no node has the labels of the node selector.
	CauseNodeSelectorUnmatched = "NodeSelectorUnmatched"
	// CauseNodeAffinityUnmatched: no node satisfies the node affinity.
	CauseNodeAffinityUnmatched = "NodeAffinityUnmatched"
	// CausePodAffinityUnmatched: no node satisfies the affinity, anti-affinity or spread between pods.
	CausePodAffinityUnmatched = "PodAffinityUnmatched"
	// CauseTaintUntolerated: nodes have taints that the guest does not tolerate.
	CauseTaintUntolerated = "TaintUntolerated"
	// CauseNodesCordoned: nodes are closed for new pods.
	CauseNodesCordoned = "NodesCordoned"
	// CauseNoNodes: the cluster has no nodes.
	CauseNoNodes = "NoNodes"
	// CauseUnschedulable: the scheduler finds no node.
	CauseUnschedulable = "Unschedulable"
	// CauseSchedulerSilent: no scheduler has looked at the launcher pod for long.
	CauseSchedulerSilent = "SchedulerSilent"
)

// Causes that lie in what the API server refuses.
const (
	// CauseQuotaExceeded: a resource quota has no room for the machine.
	CauseQuotaExceeded = "QuotaExceeded"
	// CauseLimitRangeViolated: a limit range does not allow what the machine asks for.
	CauseLimitRangeViolated = "LimitRangeViolated"
	// CausePodSecurityViolated: the namespace's pod security level does not allow the launcher pod.
	CausePodSecurityViolated = "PodSecurityViolated"
	// CauseServiceAccountNotFound: the machine's service account does not exist.
	CauseServiceAccountNotFound = "ServiceAccountNotFound"
	// CausePriorityClassNotFound: the machine's priority class does not exist.
	CausePriorityClassNotFound = "PriorityClassNotFound"
	// CauseRuntimeClassNotFound: the launcher pods' runtime class does not exist.
	CauseRuntimeClassNotFound = "RuntimeClassNotFound"
	// CauseWebhookRefused: an admission webhook or policy refused the machine's pod or instance.
	CauseWebhookRefused = "WebhookRefused"
	// CauseWebhookUnavailable: an admission webhook did not answer.
	CauseWebhookUnavailable = "WebhookUnavailable"
	// CausePodRefused: the launcher pod could not be made.
	CausePodRefused = "PodRefused"
)

// Causes that lie in the launcher pod and its node.
const (
	// CauseNetworkFailed: the launcher pod's network could not be set up.
	CauseNetworkFailed = "NetworkFailed"
	// CauseContainerInvalid: a container of the launcher pod could not be created.
	CauseContainerInvalid = "ContainerInvalid"
	// CauseLauncherOutOfMemory: the launcher was killed because it used more memory than allowed.
	CauseLauncherOutOfMemory = "LauncherOutOfMemory"
	// CauseLauncherFailed: a container of the launcher pod ended with an error.
	CauseLauncherFailed = "LauncherFailed"
	// CauseLauncherSlow: the launcher pod has been starting for long.
	CauseLauncherSlow = "LauncherSlow"
	// CausePreempted: the launcher pod had to make room for one of a higher priority.
	CausePreempted = "Preempted"
	// CauseEvicted: the launcher pod was evicted from its node.
	CauseEvicted = "Evicted"
	// CauseNodeRefused: the node did not take the launcher pod.
	CauseNodeRefused = "NodeRefused"
	// CauseNodeNotReady: the guest's node is not ready.
	CauseNodeNotReady = "NodeNotReady"
	// CauseHandlerSilent: virt-handler on the guest's node has not reported for long.
	CauseHandlerSilent = "HandlerSilent"
	// CauseHandlerSlow: virt-handler has not started the guest for long.
	CauseHandlerSlow = "HandlerSlow"
	// CauseFinalizerHeld: somebody else's finalizer keeps the machine from going away.
	CauseFinalizerHeld = "FinalizerHeld"
	// CauseTerminationStuck: the launcher pod has not ended in its grace period.
	CauseTerminationStuck = "TerminationStuck"
)

// Causes that lie in the guest and its domain.
const (
	// CauseDiskLocked: a disk image is in use by another process.
	CauseDiskLocked = "DiskLocked"
	// CauseDiskInvalid: a disk image cannot be read as what it is said to be.
	CauseDiskInvalid = "DiskInvalid"
	// CauseHypervisorUnavailable: the node cannot run virtual CPUs.
	CauseHypervisorUnavailable = "HypervisorUnavailable"
	// CauseHostMemoryExhausted: the guest's memory could not be allocated.
	CauseHostMemoryExhausted = "HostMemoryExhausted"
	// CauseStartFailed: the guest could not be started.
	CauseStartFailed = "StartFailed"
	// CausePreparationFailed: the node could not prepare what the guest needs.
	CausePreparationFailed = "PreparationFailed"
	// CauseGuestPaused: somebody has paused the guest.
	CauseGuestPaused = "GuestPaused"
	// CauseGuestPausedByIOError: a disk returned an error, and the guest was paused.
	CauseGuestPausedByIOError = "GuestPausedByIOError"
	// CauseGuestAgentNotConnected: the guest's readiness depends on the guest agent, which is not connected.
	CauseGuestAgentNotConnected = "GuestAgentNotConnected"
	// CauseReadinessProbeFailing: the guest's readiness probe has been failing for long.
	CauseReadinessProbeFailing = "ReadinessProbeFailing"
	// CauseLivenessProbeFailing: the guest's liveness probe fails.
	CauseLivenessProbeFailing = "LivenessProbeFailing"
	// CauseNotReady: the guest has not been ready for long.
	CauseNotReady = "NotReady"
)

// Causes that keep a guest from migrating, beside the reasons of LiveMigratable.
const (
	// CauseHostDiskNotLiveMigratable: a volume is a file of the node.
	CauseHostDiskNotLiveMigratable = "HostDiskNotLiveMigratable"
	// CauseMigrationUnsupported: this version does not migrate guests.
	CauseMigrationUnsupported = "MigrationUnsupported"
)

// What keeps an answer from being a full one.
const (
	// CauseNotAllLookedAt: the machine, or what it is among, has more of something than is looked at.
	CauseNotAllLookedAt = "NotAllLookedAt"
)
