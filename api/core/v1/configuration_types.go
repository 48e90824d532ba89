package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type KubeVirtConfiguration struct {
	// +optional
	CPUModel string `json:"cpuModel,omitempty"`
	// +optional
	CPURequest *resource.Quantity `json:"cpuRequest,omitempty"`
	// +optional
	DeveloperConfiguration *DeveloperConfiguration `json:"developerConfiguration,omitempty"`
	// +optional
	EmulatedMachines []string `json:"emulatedMachines,omitempty"`
	// +optional
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`
	// +optional
	Migrations *MigrationConfiguration `json:"migrations,omitempty"`
	// +optional
	MachineType string `json:"machineType,omitempty"`
	// +optional
	Network *NetworkConfiguration `json:"network,omitempty"`
	// +optional
	OVMFPath string `json:"ovmfPath,omitempty"`
	// +optional
	SELinuxLauncherType string `json:"selinuxLauncherType,omitempty"`
	// +optional
	DefaultRuntimeClass string `json:"defaultRuntimeClass,omitempty"`
	// +optional
	SMBIOS *SMBiosConfiguration `json:"smbios,omitempty"`
	// +optional
	ArchitectureConfiguration *ArchConfiguration `json:"architectureConfiguration,omitempty"`
	// +optional
	EvictionStrategy *EvictionStrategy `json:"evictionStrategy,omitempty"`
	// +optional
	AdditionalGuestMemoryOverheadRatio *string `json:"additionalGuestMemoryOverheadRatio,omitempty"`
	// +optional
	// +listType=map
	// +listMapKey=type
	SupportContainerResources []SupportContainerResources `json:"supportContainerResources,omitempty"`
	// +optional
	SupportedGuestAgentVersions []string `json:"supportedGuestAgentVersions,omitempty"`
	// +optional
	MemBalloonStatsPeriod *uint32 `json:"memBalloonStatsPeriod,omitempty"`
	// +optional
	PermittedHostDevices *PermittedHostDevices `json:"permittedHostDevices,omitempty"`
	// +optional
	MediatedDevicesConfiguration *MediatedDevicesConfiguration `json:"mediatedDevicesConfiguration,omitempty"`
	// +optional
	MinCPUModel string `json:"minCPUModel,omitempty"`
	// +optional
	ObsoleteCPUModels map[string]bool `json:"obsoleteCPUModels,omitempty"`
	// +optional
	VirtualMachineInstancesPerNode *int `json:"virtualMachineInstancesPerNode,omitempty"`
	// +optional
	APIConfiguration *ReloadableComponentConfiguration `json:"apiConfiguration,omitempty"`
	// +optional
	WebhookConfiguration *ReloadableComponentConfiguration `json:"webhookConfiguration,omitempty"`
	// +optional
	ControllerConfiguration *ReloadableComponentConfiguration `json:"controllerConfiguration,omitempty"`
	// +optional
	HandlerConfiguration *ReloadableComponentConfiguration `json:"handlerConfiguration,omitempty"`
	// +optional
	TLSConfiguration *TLSConfiguration `json:"tlsConfiguration,omitempty"`
	// +optional
	SeccompConfiguration *SeccompConfiguration `json:"seccompConfiguration,omitempty"`
	// +optional
	VMStateStorageClass string `json:"vmStateStorageClass,omitempty"`
	// +optional
	VirtualMachineOptions *VirtualMachineOptions `json:"virtualMachineOptions,omitempty"`
	// +optional
	KSMConfiguration *KSMConfiguration `json:"ksmConfiguration,omitempty"`
	// +optional
	AutoCPULimitNamespaceLabelSelector *metav1.LabelSelector `json:"autoCPULimitNamespaceLabelSelector,omitempty"`
	// +optional
	LiveUpdateConfiguration *LiveUpdateConfiguration `json:"liveUpdateConfiguration,omitempty"`
	// +optional
	// +nullable
	VMRolloutStrategy *VMRolloutStrategy `json:"vmRolloutStrategy,omitempty"`
	// +optional
	// +nullable
	CommonInstancetypesDeployment *CommonInstancetypesDeployment `json:"commonInstancetypesDeployment,omitempty"`
	// +optional
	// +nullable
	VirtTemplateDeployment *VirtTemplateDeployment `json:"virtTemplateDeployment,omitempty"`
	// +optional
	// +nullable
	Instancetype *InstancetypeConfiguration `json:"instancetype,omitempty"`
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1
	Hypervisors []HypervisorConfiguration `json:"hypervisors,omitempty"`
	// +optional
	// +nullable
	ChangedBlockTrackingLabelSelectors *ChangedBlockTrackingSelectors `json:"changedBlockTrackingLabelSelectors,omitempty"`
	// +optional
	// +nullable
	PersistentReservationConfiguration *PersistentReservationConfiguration `json:"persistentReservationConfiguration,omitempty"`
	// +optional
	// +nullable
	ConfidentialCompute *ConfidentialComputeConfiguration `json:"confidentialCompute,omitempty"`
	// +optional
	RoleAggregationStrategy *RoleAggregationStrategy `json:"roleAggregationStrategy,omitempty"`
}

type DeveloperConfiguration struct {
	// +optional
	// +listType=atomic
	FeatureGates []string `json:"featureGates,omitempty"`
	// +optional
	// +listType=atomic
	DisabledFeatureGates []string `json:"disabledFeatureGates,omitempty"`
	// +optional
	PVCTolerateLessSpaceUpToPercent int `json:"pvcTolerateLessSpaceUpToPercent,omitempty"`
	// +optional
	MinimumReservePVCBytes uint64 `json:"minimumReservePVCBytes,omitempty"`
	// +optional
	// +kubebuilder:validation:Minimum=10
	MemoryOvercommit int `json:"memoryOvercommit,omitempty"`
	// +optional
	NodeSelectors map[string]string `json:"nodeSelectors,omitempty"`
	// +optional
	UseEmulation bool `json:"useEmulation,omitempty"`
	// +optional
	CPUAllocationRatio int `json:"cpuAllocationRatio,omitempty"`
	// +optional
	MinimumClusterTSCFrequency *int64 `json:"minimumClusterTSCFrequency,omitempty"`
	// +optional
	DiskVerification *DiskVerification `json:"diskVerification,omitempty"`
	// +optional
	LogVerbosity *LogVerbosity `json:"logVerbosity,omitempty"`
	// +optional
	ClusterProfiler bool `json:"clusterProfiler,omitempty"`
}

type DiskVerification struct {
	MemoryLimit *resource.Quantity `json:"memoryLimit"`
}

type LogVerbosity struct {
	// +optional
	VirtAPI uint `json:"virtAPI,omitempty"`
	// +optional
	VirtController uint `json:"virtController,omitempty"`
	// +optional
	VirtHandler uint `json:"virtHandler,omitempty"`
	// +optional
	VirtLauncher uint `json:"virtLauncher,omitempty"`
	// +optional
	VirtOperator uint `json:"virtOperator,omitempty"`
	// +optional
	VirtSynchronizationController uint `json:"virtSynchronizationController,omitempty"`
	// +optional
	NodeVerbosity map[string]uint `json:"nodeVerbosity,omitempty"`
}

type SMBiosConfiguration struct {
	// +optional
	Manufacturer string `json:"manufacturer,omitempty"`
	// +optional
	Product string `json:"product,omitempty"`
	// +optional
	Version string `json:"version,omitempty"`
	// +optional
	SKU string `json:"sku,omitempty"`
	// +optional
	Family string `json:"family,omitempty"`
}

type ArchConfiguration struct {
	// +optional
	Amd64 *ArchSpecificConfiguration `json:"amd64,omitempty"`
	// +optional
	Arm64 *ArchSpecificConfiguration `json:"arm64,omitempty"`
	// +optional
	Ppc64le *ArchSpecificConfiguration `json:"ppc64le,omitempty"`
	// +optional
	S390x *ArchSpecificConfiguration `json:"s390x,omitempty"`
	// +optional
	DefaultArchitecture string `json:"defaultArchitecture,omitempty"`
}

type ArchSpecificConfiguration struct {
	// +optional
	OVMFPath string `json:"ovmfPath,omitempty"`
	// +optional
	// +listType=atomic
	EmulatedMachines []string `json:"emulatedMachines,omitempty"`
	// +optional
	MachineType string `json:"machineType,omitempty"`
}

type SupportContainerResources struct {
	Type      SupportContainerType              `json:"type"`
	Resources ResourceRequirementsWithoutClaims `json:"resources"`
}

type ReloadableComponentConfiguration struct {
	// +optional
	RestClient *RESTClientConfiguration `json:"restClient,omitempty"`
}

type RESTClientConfiguration struct {
	// +optional
	RateLimiter *RateLimiter `json:"rateLimiter,omitempty"`
}

type RateLimiter struct {
	// +optional
	TokenBucketRateLimiter *TokenBucketRateLimiter `json:"tokenBucketRateLimiter,omitempty"`
}

type TokenBucketRateLimiter struct {
	QPS   float32 `json:"qps"`
	Burst int     `json:"burst"`
}

type TLSConfiguration struct {
	// +optional
	MinTLSVersion TLSProtocolVersion `json:"minTLSVersion,omitempty"`
	// +optional
	// +listType=set
	Ciphers []string `json:"ciphers,omitempty"`
}

type SeccompConfiguration struct {
	// +optional
	VirtualMachineInstanceProfile *VirtualMachineInstanceProfile `json:"virtualMachineInstanceProfile,omitempty"`
}

type VirtualMachineInstanceProfile struct {
	// +optional
	CustomProfile *CustomProfile `json:"customProfile,omitempty"`
}

type CustomProfile struct {
	// +optional
	LocalhostProfile *string `json:"localhostProfile,omitempty"`
	// +optional
	RuntimeDefaultProfile bool `json:"runtimeDefaultProfile,omitempty"`
}

type VirtualMachineOptions struct {
	// +optional
	DisableFreePageReporting *DisableFreePageReporting `json:"disableFreePageReporting,omitempty"`
	// +optional
	DisableSerialConsoleLog *DisableSerialConsoleLog `json:"disableSerialConsoleLog,omitempty"`
}

type DisableFreePageReporting struct {
}

type DisableSerialConsoleLog struct {
}

type KSMConfiguration struct {
	// +optional
	NodeLabelSelector *metav1.LabelSelector `json:"nodeLabelSelector,omitempty"`
}

type LiveUpdateConfiguration struct {
	// +optional
	MaxHotplugRatio uint32 `json:"maxHotplugRatio,omitempty"`
	// +optional
	MaxCPUSockets *uint32 `json:"maxCpuSockets,omitempty"`
	// +optional
	MaxGuest *resource.Quantity `json:"maxGuest,omitempty"`
}

type CommonInstancetypesDeployment struct {
	// +optional
	// +nullable
	Enabled *bool `json:"enabled,omitempty"`
}

type VirtTemplateDeployment struct {
	// +optional
	// +nullable
	Enabled *bool `json:"enabled,omitempty"`
}

type InstancetypeConfiguration struct {
	// +optional
	// +nullable
	ReferencePolicy *InstancetypeReferencePolicy `json:"referencePolicy,omitempty"`
}

type HypervisorConfiguration struct {
	// +optional
	// +kubebuilder:validation:Enum=kvm;hyperv-direct
	Name string `json:"name,omitempty"`
}

type ChangedBlockTrackingSelectors struct {
	// +optional
	NamespaceLabelSelector *metav1.LabelSelector `json:"namespaceLabelSelector,omitempty"`
	// +optional
	VirtualMachineLabelSelector *metav1.LabelSelector `json:"virtualMachineLabelSelector,omitempty"`
}

type PersistentReservationConfiguration struct {
	// +optional
	// +nullable
	Enabled *bool `json:"enabled,omitempty"`
}

type ConfidentialComputeConfiguration struct {
	// +optional
	// +nullable
	TDX *TDXConfiguration `json:"tdx,omitempty"`
}

type TDXConfiguration struct {
	// +optional
	Attestation *TDXAttestationConfiguration `json:"attestation,omitempty"`
}

type TDXAttestationConfiguration struct {
	// +optional
	// +kubebuilder:default=false
	Enforced *bool `json:"enforced,omitempty"`
	// +optional
	// +kubebuilder:default="/var/run/tdx-qgs/qgs.socket"
	QGSSocketPath *string `json:"qgsSocketPath,omitempty"`
}

type SupportContainerType string

// Values of SupportContainerType.
const (
	SupportContainerTypeHotplugDisk     SupportContainerType = "hotplug-disk"
	SupportContainerTypeContainerDisk   SupportContainerType = "container-disk"
	SupportContainerTypeVirtiofs        SupportContainerType = "virtiofs"
	SupportContainerTypeSidecar         SupportContainerType = "sidecar"
	SupportContainerTypeVmexport        SupportContainerType = "vmexport"
	SupportContainerTypeGuestConsoleLog SupportContainerType = "guest-console-log"
)

// +kubebuilder:validation:Enum=VersionTLS10;VersionTLS11;VersionTLS12;VersionTLS13
type TLSProtocolVersion string

// Values of TLSProtocolVersion.
const (
	VersionTLS10 TLSProtocolVersion = "VersionTLS10"
	VersionTLS11 TLSProtocolVersion = "VersionTLS11"
	VersionTLS12 TLSProtocolVersion = "VersionTLS12"
	VersionTLS13 TLSProtocolVersion = "VersionTLS13"
)

// +kubebuilder:validation:Enum=Stage;LiveUpdate
type VMRolloutStrategy string

// Values of VMRolloutStrategy.
const (
	VMRolloutStrategyStage      VMRolloutStrategy = "Stage"
	VMRolloutStrategyLiveUpdate VMRolloutStrategy = "LiveUpdate"
)

// +kubebuilder:validation:Enum=reference;expand;expandAll
type InstancetypeReferencePolicy string

// Values of InstancetypeReferencePolicy.
const (
	InstancetypeReferencePolicyReference InstancetypeReferencePolicy = "reference"
	InstancetypeReferencePolicyExpand    InstancetypeReferencePolicy = "expand"
	InstancetypeReferencePolicyExpandAll InstancetypeReferencePolicy = "expandAll"
)

// +kubebuilder:validation:Enum=AggregateToDefault;Manual
type RoleAggregationStrategy string

// Values of RoleAggregationStrategy.
const (
	RoleAggregationStrategyAggregateToDefault RoleAggregationStrategy = "AggregateToDefault"
	RoleAggregationStrategyManual             RoleAggregationStrategy = "Manual"
)
