package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// KubeVirtConfiguration is how guests run in this cluster.
type KubeVirtConfiguration struct {
	// CPU model of guests that name none; host-model if empty.
	// +optional
	CPUModel string `json:"cpuModel,omitempty"`
	// CPU a launcher pod asks for where its instance says nothing; 100m if unset.
	// +optional
	CPURequest *resource.Quantity `json:"cpuRequest,omitempty"`
	// Feature gates, emulation, overcommitment, log levels.
	// +optional
	DeveloperConfiguration *DeveloperConfiguration `json:"developerConfiguration,omitempty"`
	// Machine types that may be used; deprecated in favour of architectureConfiguration.
	// +optional
	EmulatedMachines []string `json:"emulatedMachines,omitempty"`
	// Pull policy of container disks that name none.
	// +optional
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`
	// How guests are moved between nodes.
	// +optional
	Migrations *MigrationConfiguration `json:"migrations,omitempty"`
	// Machine type of guests that name none; deprecated in favour of architectureConfiguration.
	// +optional
	MachineType string `json:"machineType,omitempty"`
	// Interfaces of guests and how they are bound.
	// +optional
	Network *NetworkConfiguration `json:"network,omitempty"`
	// Directory of the UEFI firmware; deprecated in favour of architectureConfiguration.
	// +optional
	OVMFPath string `json:"ovmfPath,omitempty"`
	// SELinux type of launcher pods; the cluster's for containers if empty.
	// +optional
	SELinuxLauncherType string `json:"selinuxLauncherType,omitempty"`
	// Runtime class of launcher pods.
	// +optional
	DefaultRuntimeClass string `json:"defaultRuntimeClass,omitempty"`
	// What SMBIOS says about guests.
	// +optional
	SMBIOS *SMBiosConfiguration `json:"smbios,omitempty"`
	// Settings per CPU architecture.
	// +optional
	ArchitectureConfiguration *ArchConfiguration `json:"architectureConfiguration,omitempty"`
	// What happens to guests on a drained node where they say nothing; None if unset.
	// +optional
	EvictionStrategy *EvictionStrategy `json:"evictionStrategy,omitempty"`
	// Factor on the reckoned memory overhead of launcher pods, at least 1.0; 1.0 if unset.
	// +optional
	AdditionalGuestMemoryOverheadRatio *string `json:"additionalGuestMemoryOverheadRatio,omitempty"`
	// Resources of the helper containers, by their kind.
	// +optional
	// +listType=map
	// +listMapKey=type
	SupportContainerResources []SupportContainerResources `json:"supportContainerResources,omitempty"`
	// Of no effect; deprecated.
	// +optional
	SupportedGuestAgentVersions []string `json:"supportedGuestAgentVersions,omitempty"`
	// Seconds between memory statistics of a guest; 10 if unset, 0 for none.
	// +optional
	MemBalloonStatsPeriod *uint32 `json:"memBalloonStatsPeriod,omitempty"`
	// Devices of nodes that guests may use.
	// +optional
	PermittedHostDevices *PermittedHostDevices `json:"permittedHostDevices,omitempty"`
	// Mediated devices that the node agent makes.
	// +optional
	MediatedDevicesConfiguration *MediatedDevicesConfiguration `json:"mediatedDevicesConfiguration,omitempty"`
	// Of no effect; deprecated.
	// +optional
	MinCPUModel string `json:"minCPUModel,omitempty"`
	// CPU models that nodes do not advertise, each true.
	// +optional
	ObsoleteCPUModels map[string]bool `json:"obsoleteCPUModels,omitempty"`
	// Guests that a node takes at most; the node agent's choice if unset.
	// +optional
	VirtualMachineInstancesPerNode *int `json:"virtualMachineInstancesPerNode,omitempty"`
	// Request rates of virt-api.
	// +optional
	APIConfiguration *ReloadableComponentConfiguration `json:"apiConfiguration,omitempty"`
	// Request rates of virt-api's webhooks.
	// +optional
	WebhookConfiguration *ReloadableComponentConfiguration `json:"webhookConfiguration,omitempty"`
	// Request rates of virt-controller.
	// +optional
	ControllerConfiguration *ReloadableComponentConfiguration `json:"controllerConfiguration,omitempty"`
	// Request rates of virt-handler.
	// +optional
	HandlerConfiguration *ReloadableComponentConfiguration `json:"handlerConfiguration,omitempty"`
	// TLS versions and ciphers the components accept.
	// +optional
	TLSConfiguration *TLSConfiguration `json:"tlsConfiguration,omitempty"`
	// Seccomp profile of launcher pods.
	// +optional
	SeccompConfiguration *SeccompConfiguration `json:"seccompConfiguration,omitempty"`
	// Storage class of the claims for persistent TPM and EFI state.
	// +optional
	VMStateStorageClass string `json:"vmStateStorageClass,omitempty"`
	// Switches for all guests.
	// +optional
	VirtualMachineOptions *VirtualMachineOptions `json:"virtualMachineOptions,omitempty"`
	// Nodes on which equal memory pages are merged.
	// +optional
	KSMConfiguration *KSMConfiguration `json:"ksmConfiguration,omitempty"`
	// Namespaces in which launcher pods get a CPU limit; those with a CPU quota if unset.
	// +optional
	AutoCPULimitNamespaceLabelSelector *metav1.LabelSelector `json:"autoCPULimitNamespaceLabelSelector,omitempty"`
	// How far running guests can be grown.
	// +optional
	LiveUpdateConfiguration *LiveUpdateConfiguration `json:"liveUpdateConfiguration,omitempty"`
	// Whether changes of a machine reach its running guest at once (LiveUpdate) or at the next start (Stage).
	// +optional
	// +nullable
	VMRolloutStrategy *VMRolloutStrategy `json:"vmRolloutStrategy,omitempty"`
	// Whether the common instance types and preferences are installed.
	// +optional
	// +nullable
	CommonInstancetypesDeployment *CommonInstancetypesDeployment `json:"commonInstancetypesDeployment,omitempty"`
	// Whether machine templates are installed; behind a feature gate.
	// +optional
	// +nullable
	VirtTemplateDeployment *VirtTemplateDeployment `json:"virtTemplateDeployment,omitempty"`
	// How machines keep the instance type they use.
	// +optional
	// +nullable
	Instancetype *InstancetypeConfiguration `json:"instancetype,omitempty"`
	// Hypervisor of the nodes; kvm if unset.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1
	Hypervisors []HypervisorConfiguration `json:"hypervisors,omitempty"`
	// Machines whose changed blocks are recorded.
	// +optional
	// +nullable
	ChangedBlockTrackingLabelSelectors *ChangedBlockTrackingSelectors `json:"changedBlockTrackingLabelSelectors,omitempty"`
	// Whether guests may use SCSI persistent reservations.
	// +optional
	// +nullable
	PersistentReservationConfiguration *PersistentReservationConfiguration `json:"persistentReservationConfiguration,omitempty"`
	// Settings for guests with protected memory.
	// +optional
	// +nullable
	ConfidentialCompute *ConfidentialComputeConfiguration `json:"confidentialCompute,omitempty"`
	// Whether the user roles are part of the cluster's admin, edit and view; AggregateToDefault if unset.
	// +optional
	RoleAggregationStrategy *RoleAggregationStrategy `json:"roleAggregationStrategy,omitempty"`
}

// SMBiosConfiguration is what SMBIOS says about guests.
type SMBiosConfiguration struct {
	// Manufacturer; KubeVirt if empty.
	// +optional
	Manufacturer string `json:"manufacturer,omitempty"`
	// Product; None if empty.
	// +optional
	Product string `json:"product,omitempty"`
	// Version of the product.
	// +optional
	Version string `json:"version,omitempty"`
	// Stock keeping unit.
	// +optional
	SKU string `json:"sku,omitempty"`
	// Family of products; KubeVirt if empty.
	// +optional
	Family string `json:"family,omitempty"`
}

// ArchConfiguration is settings per CPU architecture.
type ArchConfiguration struct {
	// Settings for 64-bit x86.
	// +optional
	Amd64 *ArchSpecificConfiguration `json:"amd64,omitempty"`
	// Settings for 64-bit ARM.
	// +optional
	Arm64 *ArchSpecificConfiguration `json:"arm64,omitempty"`
	// Of no effect; deprecated.
	// +optional
	Ppc64le *ArchSpecificConfiguration `json:"ppc64le,omitempty"`
	// Settings for IBM Z.
	// +optional
	S390x *ArchSpecificConfiguration `json:"s390x,omitempty"`
	// Architecture of guests that name none; that of the control plane if empty.
	// +optional
	DefaultArchitecture string `json:"defaultArchitecture,omitempty"`
}

// ArchSpecificConfiguration is settings for an architecture.
type ArchSpecificConfiguration struct {
	// Directory of the UEFI firmware in the launcher image.
	// +optional
	OVMFPath string `json:"ovmfPath,omitempty"`
	// Patterns of machine types that may be used, such as q35*.
	// +optional
	// +listType=atomic
	EmulatedMachines []string `json:"emulatedMachines,omitempty"`
	// Machine type of guests that name none.
	// +optional
	MachineType string `json:"machineType,omitempty"`
}

// VirtualMachineOptions is switches for all guests.
type VirtualMachineOptions struct {
	// Keeps free guest memory from going back to the node.
	// +optional
	DisableFreePageReporting *DisableFreePageReporting `json:"disableFreePageReporting,omitempty"`
	// Keeps serial consoles out of container logs unless an instance asks for it.
	// +optional
	DisableSerialConsoleLog *DisableSerialConsoleLog `json:"disableSerialConsoleLog,omitempty"`
}

// DisableFreePageReporting is a switch that is on when present.
type DisableFreePageReporting struct {
}

// DisableSerialConsoleLog is a switch that is on when present.
type DisableSerialConsoleLog struct {
}

// KSMConfiguration says where the kernel merges equal memory pages.
type KSMConfiguration struct {
	// Nodes on which it does; empty means all, unset none.
	// +optional
	NodeLabelSelector *metav1.LabelSelector `json:"nodeLabelSelector,omitempty"`
}

// LiveUpdateConfiguration says how far running guests can be grown.
type LiveUpdateConfiguration struct {
	// Factor from a guest's size at boot to the most it can have; 4 if 0.
	// +optional
	MaxHotplugRatio uint32 `json:"maxHotplugRatio,omitempty"`
	// Most sockets of a guest that names no limit.
	// +optional
	MaxCPUSockets *uint32 `json:"maxCpuSockets,omitempty"`
	// Most memory of a guest that names no limit.
	// +optional
	MaxGuest *resource.Quantity `json:"maxGuest,omitempty"`
}

// CommonInstancetypesDeployment switches the common instance types and preferences.
type CommonInstancetypesDeployment struct {
	// Whether they are installed; true if unset.
	// +optional
	// +nullable
	Enabled *bool `json:"enabled,omitempty"`
}

// VirtTemplateDeployment switches machine templates.
type VirtTemplateDeployment struct {
	// Whether they are installed; true if unset.
	// +optional
	// +nullable
	Enabled *bool `json:"enabled,omitempty"`
}

// InstancetypeConfiguration is how machines use instance types.
type InstancetypeConfiguration struct {
	// What is kept in a machine; reference if unset.
	// +optional
	// +nullable
	ReferencePolicy *InstancetypeReferencePolicy `json:"referencePolicy,omitempty"`
}

// HypervisorConfiguration chooses the hypervisor.
type HypervisorConfiguration struct {
	// kvm or hyperv-direct.
	// +optional
	// +kubebuilder:validation:Enum=kvm;hyperv-direct
	Name string `json:"name,omitempty"`
}

// ChangedBlockTrackingSelectors chooses machines whose changed blocks are recorded; either is enough.
type ChangedBlockTrackingSelectors struct {
	// Namespaces all of whose machines are meant.
	// +optional
	NamespaceLabelSelector *metav1.LabelSelector `json:"namespaceLabelSelector,omitempty"`
	// Machines that are meant.
	// +optional
	VirtualMachineLabelSelector *metav1.LabelSelector `json:"virtualMachineLabelSelector,omitempty"`
}

// PersistentReservationConfiguration switches SCSI persistent reservations.
type PersistentReservationConfiguration struct {
	// Whether the node agent runs the helper they need; false if unset.
	// +optional
	// +nullable
	Enabled *bool `json:"enabled,omitempty"`
}

// ConfidentialComputeConfiguration is settings for guests with protected memory.
type ConfidentialComputeConfiguration struct {
	// Settings for Intel TDX.
	// +optional
	// +nullable
	TDX *TDXConfiguration `json:"tdx,omitempty"`
}

// TDXConfiguration is settings for Intel TDX.
type TDXConfiguration struct {
	// How guests prove what they are.
	// +optional
	Attestation *TDXAttestationConfiguration `json:"attestation,omitempty"`
}

// TDXAttestationConfiguration is how TDX guests prove what they are.
type TDXAttestationConfiguration struct {
	// Whether guests start only where quotes can be made.
	// +optional
	// +kubebuilder:default=false
	Enforced *bool `json:"enforced,omitempty"`
	// Socket of the node's quote generation service.
	// +optional
	// +kubebuilder:default="/var/run/tdx-qgs/qgs.socket"
	QGSSocketPath *string `json:"qgsSocketPath,omitempty"`
}

// VMRolloutStrategy says whether changes of a machine reach its running guest.
// +kubebuilder:validation:Enum=Stage;LiveUpdate
type VMRolloutStrategy string

// Values of VMRolloutStrategy.
const (
	// VMRolloutStrategyStage keeps changes for the next start.
	VMRolloutStrategyStage VMRolloutStrategy = "Stage"
	// VMRolloutStrategyLiveUpdate brings changes to the running guest where that is possible.
	VMRolloutStrategyLiveUpdate VMRolloutStrategy = "LiveUpdate"
)

// InstancetypeReferencePolicy says what a machine keeps of its instance type.
// +kubebuilder:validation:Enum=reference;expand;expandAll
type InstancetypeReferencePolicy string

// Values of InstancetypeReferencePolicy.
const (
	// InstancetypeReferencePolicyReference keeps a reference to a stored copy.
	InstancetypeReferencePolicyReference InstancetypeReferencePolicy = "reference"
	// InstancetypeReferencePolicyExpand writes the values into machines that have no stored copy yet.
	InstancetypeReferencePolicyExpand InstancetypeReferencePolicy = "expand"
	// InstancetypeReferencePolicyExpandAll writes the values into every machine and drops stored copies.
	InstancetypeReferencePolicyExpandAll InstancetypeReferencePolicy = "expandAll"
)
