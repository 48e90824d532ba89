package v1

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Labels and annotations of launcher pods and of the pods and budgets that go with them.
const (
	// LabelComponent names the part of the system an object belongs to: a component, LauncherPod or HotplugPod, or
	// empty on CRDs.
	LabelComponent = "kubevirt.io"
	// LabelCreatedBy is the UID of the VirtualMachineInstance that an object serves.
	LabelCreatedBy = "kubevirt.io/created-by"
	// AnnotationDomain is the name of the VirtualMachineInstance that a launcher pod runs.
	AnnotationDomain = "kubevirt.io/domain"
	// LabelVMIID is the name of the VirtualMachineInstance, cut and completed by a hash beyond 63 characters.
	LabelVMIID = "vmi.kubevirt.io/id"
	// LabelVMName is the guest's host name, at most 63 characters; deprecated in favour of LabelVMIID.
	LabelVMName = "vm.kubevirt.io/name"
	// LabelPersistentReservationPrefix followed by a claim's UID marks a launcher pod whose guest holds SCSI
	// reservations on that claim.
	LabelPersistentReservationPrefix = "pr.kubevirt.io/"
	// AnnotationOwnerVMIName is the name of the instance for which an attachment pod holds volumes.
	AnnotationOwnerVMIName = "kubevirt.io/owner-vmi-name"
	// AnnotationOwnerVMIUID is the UID of the instance for which an attachment pod holds volumes.
	AnnotationOwnerVMIUID = "kubevirt.io/owner-vmi-uid"
	// AnnotationMemoryOverhead is the memory beyond the guest's own that a launcher pod asks for, in bytes.
	AnnotationMemoryOverhead = "kubevirt.io/memory-overhead-bytes"
	// AnnotationEphemeralProvisioning marks a short-lived pod whose only purpose is to have claims bound.
	AnnotationEphemeralProvisioning = "kubevirt.io/ephemeral-provisioning"
	// ConditionVirtualMachineUnpaused is the launcher pod's readiness gate and condition: False while the guest is
	// paused.
	ConditionVirtualMachineUnpaused = "kubevirt.io/virtual-machine-unpaused"
	// AnnotationDefaultContainer names the container that kubectl logs and exec choose.
	AnnotationDefaultContainer = "kubectl.kubernetes.io/default-container"
	// AnnotationNetworkInfo is JSON about the devices behind the secondary networks, read through the downward API.
	AnnotationNetworkInfo = "kubevirt.io/network-info"
	// AnnotationSafeToEvict lets the cluster autoscaler drain the pod's node.
	AnnotationSafeToEvict = "cluster-autoscaler.kubernetes.io/safe-to-evict"
	// AnnotationDeschedulerRequestEvictOnly tells a descheduler that an eviction is a request that takes time.
	AnnotationDeschedulerRequestEvictOnly = "descheduler.alpha.kubernetes.io/request-evict-only"
	// AnnotationDeschedulerEvictionInProgress tells a descheduler that the instance is already leaving.
	AnnotationDeschedulerEvictionInProgress = "descheduler.alpha.kubernetes.io/eviction-in-progress"
	// AnnotationDeschedulerEvict asks a descheduler to consider the instance; carried from the template to the pod.
	AnnotationDeschedulerEvict = "descheduler.alpha.kubernetes.io/evict"
	// AnnotationDeschedulerPreferNoEviction asks a descheduler to leave the instance; carried from the template to
	// the pod.
	AnnotationDeschedulerPreferNoEviction = "descheduler.alpha.kubernetes.io/prefer-no-eviction"
)

// maxName is how long a label's value, or the name of a pod's volume, may be.
const maxName = 63

// FittingName is the value of LabelVMIID for the name of an instance: the same, or
// one cut and completed by a hash if it is too long for a label.
func FittingName(name string) string {
	if len(name) <= maxName {
		return name
	}
	suffix := "-" + shortHash(name)
	return strings.TrimRight(name[:maxName-len(suffix)], "-.") + suffix
}

func shortHash(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:4])
}

// Values of LabelComponent that mark pods.
const (
	// LauncherPod marks the pod in which a guest runs.
	LauncherPod = "virt-launcher"
	// HotplugPod marks a pod that brings hotplugged volumes to a node.
	HotplugPod = "hotplug-disk"
)

// Labels and annotations of VirtualMachines and VirtualMachineInstances that controllers set.
const (
	// LabelNodeName is the node of an instance, also on its launcher pod.
	LabelNodeName = "kubevirt.io/nodeName"
	// LabelMigrationTargetNodeName is the node an instance is moving to.
	LabelMigrationTargetNodeName = "kubevirt.io/migrationTargetNodeName"
	// LabelVM is the name of the machine, set by people in their templates.
	LabelVM = "kubevirt.io/vm"
	// LabelLogVerbosity is the log level of the instance's launcher in place of the cluster's, set by people.
	LabelLogVerbosity = "logVerbosity"
	// LabelOutdatedLauncherImage marks an instance whose launcher is older than the installation.
	LabelOutdatedLauncherImage = "kubevirt.io/outdatedLauncherImage"
	// LabelPodCPULimits is the CPU limit of the migration target's pod after a hotplug.
	LabelPodCPULimits = "kubevirt.io/vmi-pod-cpu-resource-limits"
	// LabelPodMemoryRequests is the memory request of the migration target's pod after a hotplug.
	LabelPodMemoryRequests = "kubevirt.io/vmi-pod-memory-resource-requests"
	// LabelMemoryHotplugOverheadRatio is the overhead ratio that held when memory was hotplugged.
	LabelMemoryHotplugOverheadRatio = "kubevirt.io/memory-hotplug-overhead-ratio"
	// LabelPoolRevisionName is the revision of the pool a machine was made from.
	LabelPoolRevisionName = "kubevirt.io/vm-pool-revision-name"
	// AnnotationLauncherImage is, on a launcher pod, the image of which it was to be: admission may have made it of
	// another.
	AnnotationLauncherImage = "kubevirt.io/launcher-image"
	// AnnotationLatestObservedAPIVersion is the newest API version that the controllers knew when they saw the
	// object.
	AnnotationLatestObservedAPIVersion = "kubevirt.io/latest-observed-api-version"
	// AnnotationStorageObservedAPIVersion is the API version in which the object was stored when the controllers saw
	// it.
	AnnotationStorageObservedAPIVersion = "kubevirt.io/storage-observed-api-version"
	// AnnotationVMGeneration is the generation of the VirtualMachine that an instance was made from.
	AnnotationVMGeneration = "kubevirt.io/vm-generation"
	// AnnotationFailuresInARow is how many instances of a replica set have failed one after the other in the
	// instance's place.
	AnnotationFailuresInARow = "kubevirt.io/failures-in-a-row"
	// AnnotationInstancetype is the instance type in the machine's namespace that was applied.
	AnnotationInstancetype = "kubevirt.io/instancetype-name"
	// AnnotationClusterInstancetype is the cluster-wide instance type that was applied.
	AnnotationClusterInstancetype = "kubevirt.io/cluster-instancetype-name"
	// AnnotationPreference is the preference in the machine's namespace that was applied.
	AnnotationPreference = "kubevirt.io/preference-name"
	// AnnotationClusterPreference is the cluster-wide preference that was applied.
	AnnotationClusterPreference = "kubevirt.io/cluster-preference-name"
	// AnnotationPCITopologyVersion is the scheme of PCI addresses the guest was first started with: v2 or v3.
	AnnotationPCITopologyVersion = "kubevirt.io/pci-topology-version"
	// AnnotationPCIInterfaceSlotCount is the number of PCI slots for interfaces that scheme v2 keeps for the guest.
	AnnotationPCIInterfaceSlotCount = "kubevirt.io/pci-interface-slot-count"
	// AnnotationQGSSocketPath is the node's socket of the TDX quote generation service.
	AnnotationQGSSocketPath = "kubevirt.io/qgs-socket-path"
	// AnnotationNonRoot says that the launcher runs unprivileged; deprecated, it always does.
	AnnotationNonRoot = "kubevirt.io/nonroot"
	// AnnotationPresetAppliedPrefix followed by a preset's name records that it was applied; the value is an API
	// version.
	AnnotationPresetAppliedPrefix = "virtualmachinepreset.kubevirt.io/"
)

// Annotations and labels of VirtualMachines and VirtualMachineInstances that people set.
const (
	// AnnotationIgnition is an Ignition configuration in JSON for the guest; behind a feature gate.
	AnnotationIgnition = "kubevirt.io/ignitiondata"
	// AnnotationHookSidecars is a JSON list of containers that may change the guest's definition.
	AnnotationHookSidecars = "hooks.kubevirt.io/hookSidecars"
	// AnnotationBaseBoardManufacturer is the SMBIOS base board manufacturer that the example hook sets.
	AnnotationBaseBoardManufacturer = "smbios.vm.kubevirt.io/baseBoardManufacturer"
	// AnnotationPlacePCIDevicesOnRootComplex "true" puts PCI devices on bus 0.
	AnnotationPlacePCIDevicesOnRootComplex = "kubevirt.io/placePCIDevicesOnRootComplex"
	// AnnotationDisablePCIHole64 "true" leaves out the 64-bit PCI hole, for guests that fail with it.
	AnnotationDisablePCIHole64 = "kubevirt.io/disablePCIHole64"
	// AnnotationMemfd "false" keeps guest memory out of a memfd.
	AnnotationMemfd = "kubevirt.io/memfd"
	// AnnotationLibvirtLogFilters are libvirt log filters for the launcher.
	AnnotationLibvirtLogFilters = "kubevirt.io/libvirt-log-filters"
	// AnnotationKeepLauncherAlive keeps the launcher pod for inspection after the guest failed.
	AnnotationKeepLauncherAlive = "kubevirt.io/keep-launcher-alive-after-failure"
	// AnnotationFreePageReportingDisabled "true" stops the balloon from giving free guest pages back.
	AnnotationFreePageReportingDisabled = "kubevirt.io/free-page-reporting-disabled"
	// AnnotationPodBridgeMigration permits live migration although the pod network is bridged.
	AnnotationPodBridgeMigration = "kubevirt.io/allow-pod-bridge-network-live-migration"
	// AnnotationImmediateDataVolumes "false" delays data volumes until the machine is started.
	AnnotationImmediateDataVolumes = "kubevirt.io/immediate-data-volume-creation"
	// AnnotationPauseGuestAgentProbes a true value makes every guestAgentPing probe succeed.
	AnnotationPauseGuestAgentProbes = "kubevirt.io/pause-guest-agent-probes"
	// AnnotationSkipBackupHooks keeps the backup hook annotations off the launcher pod.
	AnnotationSkipBackupHooks = "kubevirt.io/skip-backup-hooks"
	// AnnotationSkipImageDigest leaves the digests of container disks unresolved.
	AnnotationSkipImageDigest = "kubevirt.io/image-volume-skip-digest-resolution"
	// AnnotationExcludePresets keeps presets off an instance.
	AnnotationExcludePresets = "virtualmachineinstancepresets.admission.kubevirt.io/exclude"
	// AnnotationCreateMigrationTarget makes an instance wait to receive a guest from elsewhere.
	AnnotationCreateMigrationTarget = "kubevirt.io/create-migration-target"
	// AnnotationRestoreRunStrategy is the run strategy a machine gets back once it has received its guest.
	AnnotationRestoreRunStrategy = "kubevirt.io/restore-run-strategy"
	// AnnotationVGADisplayEFI on the KubeVirt object gives EFI guests on x86 a VGA display instead of bochs.
	AnnotationVGADisplayEFI = "kubevirt.io/vga-display-efi-x86"
	// AnnotationEmulatorThreadEvenParity on the KubeVirt object, copied to instances, rounds dedicated CPUs with an
	// isolated emulator thread up to an even number.
	AnnotationEmulatorThreadEvenParity = "alpha.kubevirt.io/EmulatorThreadCompleteToEvenParity"
	// AnnotationMetricOS is the operating system as metrics show it.
	AnnotationMetricOS = "vm.kubevirt.io/os"
	// AnnotationMetricWorkload is the kind of workload as metrics show it.
	AnnotationMetricWorkload = "vm.kubevirt.io/workload"
	// AnnotationMetricFlavor is the size as metrics show it.
	AnnotationMetricFlavor = "vm.kubevirt.io/flavor"
	// AnnotationMetricTemplate is the template as metrics show it.
	AnnotationMetricTemplate = "vm.kubevirt.io/template"
	// LabelTemplateArchitecture is the CPU architecture a template is for.
	LabelTemplateArchitecture = "template.kubevirt.io/architecture"
	// AnnotationIstioInject asks for an istio proxy, as an annotation or a label; masquerade then leaves its ports
	// alone.
	AnnotationIstioInject = "sidecar.istio.io/inject"
)

// Annotations and labels of migrations and of the objects they make.
const (
	// LabelMigrationJobUID is the UID of the migration that a target pod belongs to.
	LabelMigrationJobUID = "kubevirt.io/migrationJobUID"
	// AnnotationMigrationJobName is the name of the migration that a target pod belongs to.
	AnnotationMigrationJobName = "kubevirt.io/migrationJobName"
	// LabelMigrationName is the name of the migration that a disruption budget or a state claim serves.
	LabelMigrationName = "kubevirt.io/migrationName"
	// LabelVMIName is the name of the instance that a migration moves.
	LabelVMIName = "kubevirt.io/vmi-name"
	// AnnotationEvacuationMigration is the node that a migration empties.
	AnnotationEvacuationMigration = "kubevirt.io/evacuationMigration"
	// AnnotationWorkloadUpdateMigration marks a migration that brings an instance to the current launcher.
	AnnotationWorkloadUpdateMigration = "kubevirt.io/workloadUpdateMigration"
	// AnnotationTestUpdateMigrationAbortion makes automatic update migrations abort, for tests.
	AnnotationTestUpdateMigrationAbortion = "kubevirt.io/testWorkloadUpdateMigrationAbortion"
	// AnnotationVolumeUpdateMigration marks a migration that copies volumes.
	AnnotationVolumeUpdateMigration = "kubevirt.io/volume-update-migration"
	// AnnotationMigrationTargetReady is when the target pod became the active one.
	AnnotationMigrationTargetReady = "kubevirt.io/migration-target-ready-timestamp"
	// AnnotationMigrationTransportUnix says that migration data flows over unix sockets.
	AnnotationMigrationTransportUnix = "kubevirt.io/migrationTransportUnix"
	// AnnotationUnschedulablePodTimeout replaces the 300 s an unschedulable target pod is waited for.
	AnnotationUnschedulablePodTimeout = "kubevirt.io/migrationUnschedulablePodTimeoutSeconds"
	// AnnotationPendingPodTimeout replaces the 900 s a pending target pod is waited for.
	AnnotationPendingPodTimeout = "kubevirt.io/migrationPendingPodTimeoutSeconds"
	// AnnotationUtilityVolumesTimeout replaces the 150 s that utility volumes may keep a migration waiting.
	AnnotationUtilityVolumesTimeout = "kubevirt.io/migrationUtilityVolumesTimeoutSeconds"
	// AnnotationEvictionSource is who evicted the pod.
	AnnotationEvictionSource = "kubevirt.io/eviction-source"
	// FuncTestPrefix begins the annotations by which tests provoke failures.
	FuncTestPrefix = "kubevirt.io/func-test-"
	// AnnotationFuncTestForceLauncherMigrationFailure makes the launcher fail its migration.
	AnnotationFuncTestForceLauncherMigrationFailure = "kubevirt.io/func-test-force-launcher-migration-failure"
	// AnnotationFuncTestBlockTargetPreparation keeps the target from getting ready.
	AnnotationFuncTestBlockTargetPreparation = "kubevirt.io/func-test-block-migration-target-preparation"
	// AnnotationFuncTestTargetImage replaces the target pod's launcher image.
	AnnotationFuncTestTargetImage = "kubevirt.io/func-test-migration-target-image-override"
	// AnnotationFuncTestLauncherFailFast makes the launcher exit at once.
	AnnotationFuncTestLauncherFailFast = "kubevirt.io/func-test-virt-launcher-fail-fast"
	// AnnotationFuncTestIgnoreMigrationBackoff lets a migration begin in spite of earlier failures.
	AnnotationFuncTestIgnoreMigrationBackoff = "kubevirt.io/func-test-ignore-migration-backoff"
	// AnnotationFuncTestMemoryHotplugFail makes memory hotplug fail.
	AnnotationFuncTestMemoryHotplugFail = "kubevirt.io/func-test-memory-hotplug-fail"
)
