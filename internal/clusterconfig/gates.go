package clusterconfig

// Gate names one feature gate as it is written in
// spec.configuration.developerConfiguration.featureGates.
type Gate string

// State is how far a gated feature has come; it decides whether the feature is
// on when the KubeVirt object says nothing, and whether it can be switched.
type State string

// The states of a feature gate.
const (
	// GA features are always on; listing or disabling their gate changes nothing.
	GA State = "General Availability"
	// Beta features are on unless they are listed as disabled.
	Beta State = "Beta"
	// Alpha features are off unless they are listed.
	Alpha State = "Alpha"
	// Deprecated features are off unless they are listed, and will go away.
	Deprecated State = "Deprecated"
	// Discontinued features no longer exist: a listed gate only tells that
	// somebody still counts on it.
	Discontinued State = "Discontinued"
)

// Gates of features that have to be asked for.
const (
	GateCPUManager                      Gate = "CPUManager"                      // node label cpumanager; dedicated CPU scheduling
	GateExperimentalIgnitionSupport     Gate = "ExperimentalIgnitionSupport"     // ignition data annotation on VMI
	GateHypervStrictCheck               Gate = "HypervStrictCheck"               // node selectors for required hyperv features
	GateSidecar                         Gate = "Sidecar"                         // hook sidecar containers annotation
	GateHostDevices                     Gate = "HostDevices"                     // hostDevices PCI/mdev/USB passthrough (non-GPU)
	GateHostDisk                        Gate = "HostDisk"                        // hostDisk volume source
	GateDownwardMetrics                 Gate = "DownwardMetrics"                 // downwardMetrics volume/device
	GateRoot                            Gate = "Root"                            // run virt-launcher as root user
	GateWorkloadEncryptionTDX           Gate = "WorkloadEncryptionTDX"           // launchSecurity.tdx
	GateVSOCK                           Gate = "VSOCK"                           // autoattachVSOCK, CID allocation, vsock subresource
	GateAlignCPUs                       Gate = "AlignCPUs"                       // pad emulator-thread pCPU to even count
	GateEnableVirtioFsStorageVolumes    Gate = "EnableVirtioFsStorageVolumes"    // virtiofs for PVC/DataVolume volumes
	GatePCINUMAAwareTopology            Gate = "PCINUMAAwareTopology"            // guest PCI topology follows device NUMA
	GateNetworkDevicesWithDRA           Gate = "NetworkDevicesWithDRA"           // networks[].resourceClaim source
	GateObjectGraph                     Gate = "ObjectGraph"                     // objectgraph subresource for VM/VMI
	GateUtilityVolumes                  Gate = "UtilityVolumes"                  // spec.utilityVolumes attach to launcher only
	GateConfigurableHypervisor          Gate = "ConfigurableHypervisor"          // configuration.hypervisors other than kvm
	GateIncrementalBackup               Gate = "IncrementalBackup"               // VirtualMachineBackup/Tracker, CBT
	GateContainerPathVolumes            Gate = "ContainerPathVolumes"            // containerPath volume via virtiofs
	GateReservedOverheadMemlock         Gate = "ReservedOverheadMemlock"         // domain.memory.reservedOverhead
	GateVGPULiveMigration               Gate = "VGPULiveMigration"               // mdev UUID mutation on migration target
	GateVMStatsCollector                Gate = "VMStatsCollector"                // tiered guest-agent polling, GetVMStats
	GateOCIExport                       Gate = "OCIExport"                       // export disk as OCI layout tar
	GatePlugins                         Gate = "Plugins"                         // Plugin CRD: domain/node hooks, admission refs
	GateGraceIOVirtualization           Gate = "GraceIOVirtualization"           // arm64 SMMUv3/iommufd GPU passthrough
	GateIOMMUFD                         Gate = "IOMMUFD"                         // iommufd device plugin and domain fdgroup
	GateFirmwareAutoSelection           Gate = "FirmwareAutoSelection"           // libvirt firmware auto-selection for secure boot
	GateMigrationStallDetection         Gate = "MigrationStallDetection"         // iteration-based stall detection in migration
	GateMigrationDowntimeTuning         Gate = "MigrationDowntimeTuning"         // iteration-aware max-downtime ramp
	GateCrossArchitectureVirtualization Gate = "CrossArchitectureVirtualization" // guest arch differs from node arch
	GatePortRangesSpec                  Gate = "PortRangesSpec"                  // interface portRanges for masquerade
)

// Gates of features that are on by default.
const (
	GateImageVolume                        Gate = "ImageVolume"                        // containerDisk via k8s image volumes
	GateSnapshot                           Gate = "Snapshot"                           // snapshot, restore and clone APIs
	GateWorkloadEncryptionSEV              Gate = "WorkloadEncryptionSEV"              // launchSecurity.sev and .snp
	GateKubevirtSeccompProfile             Gate = "KubevirtSeccompProfile"             // custom localhost seccomp profile for launcher
	GateNodeRestriction                    Gate = "NodeRestriction"                    // virt-handler may only touch own-node objects
	GateGPUsWithDRA                        Gate = "GPUsWithDRA"                        // GPU claims through DRA
	GateHostDevicesWithDRA                 Gate = "HostDevicesWithDRA"                 // host-device claims through DRA
	GateDecentralizedLiveMigration         Gate = "DecentralizedLiveMigration"         // sendTo/receive migration across namespaces/clusters
	GateDeclarativeHotplugVolumes          Gate = "DeclarativeHotplugVolumes"          // volume hotplug via VM spec, CD-ROM inject/eject
	GatePasstBinding                       Gate = "PasstBinding"                       // core interface passtBinding
	GatePodSecondaryInterfaceNamingUpgrade Gate = "PodSecondaryInterfaceNamingUpgrade" // move ordinal pod iface names to hashed
	GateExternalNetResourceInjection       Gate = "ExternalNetResourceInjection"       // virt-controller stops reading NADs; drops RBAC
	GateRebootPolicy                       Gate = "RebootPolicy"                       // domain.rebootPolicy Terminate
	GateTemplate                           Gate = "Template"                           // operator deploys virt-template components
	GateOptOutRoleAggregation              Gate = "OptOutRoleAggregation"              // roleAggregationStrategy Manual
)

// Gates of features that are part of every installation.
const (
	GateLiveMigration                 Gate = "LiveMigration"                     // live migration
	GateSRIOVLiveMigration            Gate = "SRIOVLiveMigration"                // migrate VMIs with SR-IOV
	GateNonRoot                       Gate = "NonRoot"                           // launcher as uid 107
	GatePSA                           Gate = "PSA"                               // operator sets PSA labels on namespaces
	GateCPUNodeDiscovery              Gate = "CPUNodeDiscovery"                  // cpu model/feature node labels
	GateNUMA                          Gate = "NUMA"                              // numa.guestMappingPassthrough
	GateCommonInstancetypesDeployment Gate = "CommonInstancetypesDeploymentGate" // operator deploys common-instancetypes
	GateGPU                           Gate = "GPU"                               // gpus passthrough
	GateHotplugNICs                   Gate = "HotplugNICs"                       // NIC hot(un)plug
	GateBochsDisplayForEFIGuests      Gate = "BochsDisplayForEFIGuests"          // bochs display for EFI guests
	GateVMLiveUpdateFeatures          Gate = "VMLiveUpdateFeatures"              // CPU/memory live update
	GateNetworkBindingPlugins         Gate = "NetworkBindingPlugins"             // interface.binding plugins
	GateDynamicPodInterfaceNaming     Gate = "DynamicPodInterfaceNaming"         // detect primary pod interface name
	GateVolumesUpdateStrategy         Gate = "VolumesUpdateStrategy"             // spec.updateVolumesStrategy
	GateVolumeMigration               Gate = "VolumeMigration"                   // storage migration
	GateDisableCustomSELinuxPolicy    Gate = "DisableCustomSELinuxPolicy"        // no custom SELinux policy install
	GateAutoResourceLimits            Gate = "AutoResourceLimitsGate"            // auto limits when quota exists
	GateClusterProfiler               Gate = "ClusterProfiler"                   // cluster profiler subresources
	GateVMPersistentState             Gate = "VMPersistentState"                 // persistent TPM/EFI backend storage
	GateVMExport                      Gate = "VMExport"                          // VirtualMachineExport
	GatePersistentReservation         Gate = "PersistentReservation"             // lun reservation, pr-helper
	GateInstancetypeReferencePolicy   Gate = "InstancetypeReferencePolicy"       // instancetype.referencePolicy
	GateEnableVirtioFsConfigVolumes   Gate = "EnableVirtioFsConfigVolumes"       // virtiofs for configMap/secret/SA/downwardAPI
	GateExpandDisks                   Gate = "ExpandDisks"                       // online disk grow
	GatePanicDevices                  Gate = "PanicDevices"                      // domain.devices.panicDevices
	GateLiveUpdateNADRef              Gate = "LiveUpdateNADRef"                  // change NAD of running VM
	GateVideoConfig                   Gate = "VideoConfig"                       // domain.devices.video.type
	GateSecureExecution               Gate = "SecureExecution"                   // s390x secure execution launchSecurity
	GateMigrationPriorityQueue        Gate = "MigrationPriorityQueue"            // migration priorities
	GateVmiMemoryOverheadReport       Gate = "VmiMemoryOverheadReport"           // status.memory.memoryOverhead
	GateLibvirtHooksServerAndClient   Gate = "LibvirtHooksServerAndClient"       // target-side pre-migration XML hooks
)

// Gates that will be removed.
const (
	GateDockerSELinuxMCSWorkaround Gate = "DockerSELinuxMCSWorkaround" // level s0 on non-compute containers
	GateMultiArchitecture          Gate = "MultiArchitecture"          // schedule to other-arch nodes
	GateDisableMDEVConfiguration   Gate = "DisableMDEVConfiguration"   // turn off mdev type handling
	GateHotplugVolumes             Gate = "HotplugVolumes"             // ephemeral/legacy volume hotplug subresource
)

// Gates that no longer do anything.
const (
	GateExperimentalVirtiofsSupport Gate = "ExperimentalVirtiofsSupport" // split into two virtiofs gates
	GatePasst                       Gate = "Passt"                       // old passt interface binding
	GateMacvtap                     Gate = "Macvtap"                     // old macvtap interface binding
	GatePasstIPStackMigration       Gate = "PasstIPStackMigration"       // old passt ip-stack toggle
)

var states = map[Gate]State{
	GateCPUManager:                      Alpha,
	GateExperimentalIgnitionSupport:     Alpha,
	GateHypervStrictCheck:               Alpha,
	GateSidecar:                         Alpha,
	GateHostDevices:                     Alpha,
	GateHostDisk:                        Alpha,
	GateDownwardMetrics:                 Alpha,
	GateRoot:                            Alpha,
	GateWorkloadEncryptionTDX:           Alpha,
	GateVSOCK:                           Alpha,
	GateAlignCPUs:                       Alpha,
	GateEnableVirtioFsStorageVolumes:    Alpha,
	GatePCINUMAAwareTopology:            Alpha,
	GateNetworkDevicesWithDRA:           Alpha,
	GateObjectGraph:                     Alpha,
	GateUtilityVolumes:                  Alpha,
	GateConfigurableHypervisor:          Alpha,
	GateIncrementalBackup:               Alpha,
	GateContainerPathVolumes:            Alpha,
	GateReservedOverheadMemlock:         Alpha,
	GateVGPULiveMigration:               Alpha,
	GateVMStatsCollector:                Alpha,
	GateOCIExport:                       Alpha,
	GatePlugins:                         Alpha,
	GateGraceIOVirtualization:           Alpha,
	GateIOMMUFD:                         Alpha,
	GateFirmwareAutoSelection:           Alpha,
	GateMigrationStallDetection:         Alpha,
	GateMigrationDowntimeTuning:         Alpha,
	GateCrossArchitectureVirtualization: Alpha,
	GatePortRangesSpec:                  Alpha,

	GateImageVolume:                        Beta,
	GateSnapshot:                           Beta,
	GateWorkloadEncryptionSEV:              Beta,
	GateKubevirtSeccompProfile:             Beta,
	GateNodeRestriction:                    Beta,
	GateGPUsWithDRA:                        Beta,
	GateHostDevicesWithDRA:                 Beta,
	GateDecentralizedLiveMigration:         Beta,
	GateDeclarativeHotplugVolumes:          Beta,
	GatePasstBinding:                       Beta,
	GatePodSecondaryInterfaceNamingUpgrade: Beta,
	GateExternalNetResourceInjection:       Beta,
	GateRebootPolicy:                       Beta,
	GateTemplate:                           Beta,
	GateOptOutRoleAggregation:              Beta,

	GateLiveMigration:                 GA,
	GateSRIOVLiveMigration:            GA,
	GateNonRoot:                       GA,
	GatePSA:                           GA,
	GateCPUNodeDiscovery:              GA,
	GateNUMA:                          GA,
	GateCommonInstancetypesDeployment: GA,
	GateGPU:                           GA,
	GateHotplugNICs:                   GA,
	GateBochsDisplayForEFIGuests:      GA,
	GateVMLiveUpdateFeatures:          GA,
	GateNetworkBindingPlugins:         GA,
	GateDynamicPodInterfaceNaming:     GA,
	GateVolumesUpdateStrategy:         GA,
	GateVolumeMigration:               GA,
	GateDisableCustomSELinuxPolicy:    GA,
	GateAutoResourceLimits:            GA,
	GateClusterProfiler:               GA,
	GateVMPersistentState:             GA,
	GateVMExport:                      GA,
	GatePersistentReservation:         GA,
	GateInstancetypeReferencePolicy:   GA,
	GateEnableVirtioFsConfigVolumes:   GA,
	GateExpandDisks:                   GA,
	GatePanicDevices:                  GA,
	GateLiveUpdateNADRef:              GA,
	GateVideoConfig:                   GA,
	GateSecureExecution:               GA,
	GateMigrationPriorityQueue:        GA,
	GateVmiMemoryOverheadReport:       GA,
	GateLibvirtHooksServerAndClient:   GA,

	GateDockerSELinuxMCSWorkaround: Deprecated,
	GateMultiArchitecture:          Deprecated,
	GateDisableMDEVConfiguration:   Deprecated,
	GateHotplugVolumes:             Deprecated,

	GateExperimentalVirtiofsSupport: Discontinued,
	GatePasst:                       Discontinued,
	GateMacvtap:                     Discontinued,
	GatePasstIPStackMigration:       Discontinued,
}

// StateOf returns the state of a gate, and false for a name that is no gate.
func StateOf(gate Gate) (State, bool) {
	state, known := states[gate]
	return state, known
}

// evaluate decides one gate. Asking for a feature wins over refusing it, as
// clients of this API have come to rely on.
func evaluate(gate Gate, enabled, disabled map[Gate]bool) bool {
	state, known := states[gate]
	switch {
	case !known:
		return false
	case state == GA, enabled[gate]:
		return true
	case disabled[gate]:
		return false
	}
	return state == Beta
}
