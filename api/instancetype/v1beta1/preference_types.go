package v1beta1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// VirtualMachinePreference fills in what machines of its namespace leave open.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachinepreferences,singular=virtualmachinepreference,shortName=vmpref;vmprefs;vmp;vmps,categories=all,scope=Namespaced
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachinePreference struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// The preferred values.
	Spec VirtualMachinePreferenceSpec `json:"spec"`
}

// VirtualMachinePreferenceList is what a LIST of virtualmachinepreferences returns.
// +kubebuilder:object:root=true
type VirtualMachinePreferenceList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachinePreference `json:"items"`
}

// VirtualMachineClusterPreference fills in what machines of the cluster leave open.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineclusterpreferences,singular=virtualmachineclusterpreference,shortName=vmcp;vmcps,scope=Cluster
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineClusterPreference struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// The preferred values.
	Spec VirtualMachinePreferenceSpec `json:"spec"`
}

// VirtualMachineClusterPreferenceList is what a LIST of virtualmachineclusterpreferences returns.
// +kubebuilder:object:root=true
type VirtualMachineClusterPreferenceList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineClusterPreference `json:"items"`
}

// VirtualMachinePreferenceSpec is what a preference fills in.
type VirtualMachinePreferenceSpec struct {
	// Clock and timers.
	// +optional
	Clock *ClockPreferences `json:"clock,omitempty"`
	// How virtual CPUs are laid out, and their features.
	// +optional
	CPU *CPUPreferences `json:"cpu,omitempty"`
	// Models, buses and options of devices.
	// +optional
	Devices *DevicePreferences `json:"devices,omitempty"`
	// Features of the virtual CPU and platform.
	// +optional
	Features *FeaturePreferences `json:"features,omitempty"`
	// How the guest boots.
	// +optional
	Firmware *FirmwarePreferences `json:"firmware,omitempty"`
	// Machine type.
	// +optional
	Machine *MachinePreferences `json:"machine,omitempty"`
	// Storage.
	// +optional
	Volumes *VolumePreferences `json:"volumes,omitempty"`
	// Subdomain that completes the host name.
	// +optional
	PreferredSubdomain *string `json:"preferredSubdomain,omitempty"`
	// Seconds the guest gets to power off by itself.
	// +optional
	PreferredTerminationGracePeriodSeconds *int64 `json:"preferredTerminationGracePeriodSeconds,omitempty"`
	// What a machine must have to use the preference.
	// +optional
	Requirements *PreferenceRequirements `json:"requirements,omitempty"`
	// Annotations of the instances.
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
	// Cores per socket where CPUs are spread; 2 if 0, deprecated in favour of cpu.spreadOptions.
	// +optional
	PreferSpreadSocketToCoreRatio uint32 `json:"preferSpreadSocketToCoreRatio,omitempty"`
	// CPU architecture.
	// +optional
	PreferredArchitecture *string `json:"preferredArchitecture,omitempty"`
	// Encryption of the guest's memory.
	// +optional
	PreferredLaunchSecurity *v1.LaunchSecurity `json:"preferredLaunchSecurity,omitempty"`
}

// ClockPreferences is a preferred clock.
type ClockPreferences struct {
	// What the clock shows at boot.
	// +optional
	PreferredClockOffset *v1.ClockOffset `json:"preferredClockOffset,omitempty"`
	// Timers the guest sees.
	// +optional
	PreferredTimer *v1.Timer `json:"preferredTimer,omitempty"`
}

// CPUPreferences is preferred virtual CPUs.
type CPUPreferences struct {
	// What an instance type's CPUs become; sockets if unset.
	// +optional
	PreferredCPUTopology *PreferredCPUTopology `json:"preferredCPUTopology,omitempty"`
	// How CPUs are spread with the topology spread.
	// +optional
	SpreadOptions *SpreadOptions `json:"spreadOptions,omitempty"`
	// CPU features to add to or take from the model.
	// +optional
	PreferredCPUFeatures []v1.CPUFeature `json:"preferredCPUFeatures,omitempty"`
}

// SpreadOptions says how CPUs are spread.
type SpreadOptions struct {
	// Over what they are spread; SocketsCores if unset.
	// +optional
	Across *SpreadAcross `json:"across,omitempty"`
	// Cores per socket, or threads per core with CoresThreads; 2 if unset.
	// +optional
	Ratio *uint32 `json:"ratio,omitempty"`
}

// DevicePreferences is preferred devices.
type DevicePreferences struct {
	// Adds a graphics adapter and VNC server.
	// +optional
	PreferredAutoattachGraphicsDevice *bool `json:"preferredAutoattachGraphicsDevice,omitempty"`
	// Adds a memory balloon.
	// +optional
	PreferredAutoattachMemBalloon *bool `json:"preferredAutoattachMemBalloon,omitempty"`
	// Adds an interface on the pod network where none is listed.
	// +optional
	PreferredAutoattachPodInterface *bool `json:"preferredAutoattachPodInterface,omitempty"`
	// Adds a serial console.
	// +optional
	PreferredAutoattachSerialConsole *bool `json:"preferredAutoattachSerialConsole,omitempty"`
	// Adds a tablet where no input is listed.
	// +optional
	PreferredAutoattachInputDevice *bool `json:"preferredAutoattachInputDevice,omitempty"`
	// Leaves out what is needed to add and remove devices.
	// +optional
	PreferredDisableHotplug *bool `json:"preferredDisableHotplug,omitempty"`
	// Options of mediated graphics devices.
	// +optional
	PreferredVirtualGPUOptions *v1.VGPUOptions `json:"preferredVirtualGPUOptions,omitempty"`
	// Model of sound cards: ich9 or ac97.
	// +optional
	PreferredSoundModel string `json:"preferredSoundModel,omitempty"`
	// Uses virtio devices that old drivers understand.
	// +optional
	PreferredUseVirtioTransitional *bool `json:"preferredUseVirtioTransitional,omitempty"`
	// Bus of input devices.
	// +optional
	PreferredInputBus v1.InputBus `json:"preferredInputBus,omitempty"`
	// Type of input devices.
	// +optional
	PreferredInputType v1.InputType `json:"preferredInputType,omitempty"`
	// Bus of disks.
	// +optional
	PreferredDiskBus v1.DiskBus `json:"preferredDiskBus,omitempty"`
	// Bus of LUNs.
	// +optional
	PreferredLUNBus v1.DiskBus `json:"preferredLunBus,omitempty"`
	// Bus of CD-ROM drives.
	// +optional
	PreferredCdromBus v1.DiskBus `json:"preferredCdromBus,omitempty"`
	// Gives virtio disks a thread of their own.
	// +optional
	PreferredDiskDedicatedIOThread *bool `json:"preferredDiskDedicatedIoThread,omitempty"`
	// Caching of disks by the host.
	// +optional
	PreferredDiskCache v1.DriverCache `json:"preferredDiskCache,omitempty"`
	// How disks' requests reach the storage.
	// +optional
	PreferredDiskIO v1.DriverIO `json:"preferredDiskIO,omitempty"`
	// Block sizes of disks.
	// +optional
	PreferredDiskBlockSize *v1.BlockSize `json:"preferredDiskBlockSize,omitempty"`
	// Model of network interfaces.
	// +optional
	PreferredInterfaceModel string `json:"preferredInterfaceModel,omitempty"`
	// Adds a random number generator.
	// +optional
	PreferredRng *v1.Rng `json:"preferredRng,omitempty"`
	// Gives virtio disks as many queues as the guest has virtual CPUs.
	// +optional
	PreferredBlockMultiQueue *bool `json:"preferredBlockMultiQueue,omitempty"`
	// Gives virtio interfaces as many queues as the guest has virtual CPUs.
	// +optional
	PreferredNetworkInterfaceMultiQueue *bool `json:"preferredNetworkInterfaceMultiQueue,omitempty"`
	// Trusted Platform Module.
	// +optional
	PreferredTPM *v1.TPMDevice `json:"preferredTPM,omitempty"`
	// Binds interfaces on the pod network by masquerade.
	// +optional
	PreferredInterfaceMasquerade *v1.InterfaceMasquerade `json:"preferredInterfaceMasquerade,omitempty"`
	// Model of panic devices.
	// +optional
	PreferredPanicDeviceModel *v1.PanicDeviceModel `json:"preferredPanicDeviceModel,omitempty"`
	// Model of the graphics adapter.
	// +optional
	PreferredVideoType *string `json:"preferredVideoType,omitempty"`
}

// FeaturePreferences is preferred features of the virtual CPU and platform.
type FeaturePreferences struct {
	// Power management tables.
	// +optional
	PreferredACPI *v1.FeatureState `json:"preferredAcpi,omitempty"`
	// Interrupt controller of x86.
	// +optional
	PreferredAPIC *v1.FeatureAPIC `json:"preferredApic,omitempty"`
	// Hyper-V features.
	// +optional
	PreferredHyperv *v1.FeatureHyperv `json:"preferredHyperv,omitempty"`
	// What the guest sees of KVM.
	// +optional
	PreferredKVM *v1.FeatureKVM `json:"preferredKvm,omitempty"`
	// Spinlocks that tell the host when they wait.
	// +optional
	PreferredPvspinlock *v1.FeatureState `json:"preferredPvspinlock,omitempty"`
	// System Management Mode.
	// +optional
	PreferredSMM *v1.FeatureState `json:"preferredSmm,omitempty"`
}

// FirmwarePreferences is how a guest prefers to boot.
type FirmwarePreferences struct {
	// Boots by BIOS.
	// +optional
	PreferredUseBIOS *bool `json:"preferredUseBios,omitempty"`
	// Prints the BIOS's messages on the serial console.
	// +optional
	PreferredUseBIOSSerial *bool `json:"preferredUseBiosSerial,omitempty"`
	// Boots by UEFI; deprecated in favour of preferredEfi.
	// +optional
	PreferredUseEFI *bool `json:"preferredUseEfi,omitempty"`
	// Lets only signed loaders run; deprecated in favour of preferredEfi.
	// +optional
	PreferredUseSecureBoot *bool `json:"preferredUseSecureBoot,omitempty"`
	// Boots by UEFI with these options.
	// +optional
	PreferredEFI *v1.EFI `json:"preferredEfi,omitempty"`
}

// MachinePreferences is a preferred machine type.
type MachinePreferences struct {
	// Machine type.
	// +optional
	PreferredMachineType string `json:"preferredMachineType,omitempty"`
}

// VolumePreferences is preferred storage.
type VolumePreferences struct {
	// Storage class of data volume templates that name none.
	// +optional
	PreferredStorageClassName string `json:"preferredStorageClassName,omitempty"`
}

// PreferenceRequirements is what a machine must have to use a preference.
type PreferenceRequirements struct {
	// Virtual CPUs.
	// +optional
	CPU *CPUPreferenceRequirement `json:"cpu,omitempty"`
	// Memory.
	// +optional
	Memory *MemoryPreferenceRequirement `json:"memory,omitempty"`
	// CPU architecture.
	// +optional
	Architecture *string `json:"architecture,omitempty"`
}

// CPUPreferenceRequirement is the virtual CPUs a machine must have.
type CPUPreferenceRequirement struct {
	// Least number.
	Guest uint32 `json:"guest"`
}

// MemoryPreferenceRequirement is the memory a machine must have.
type MemoryPreferenceRequirement struct {
	// Least amount.
	Guest resource.Quantity `json:"guest"`
}

// PreferredCPUTopology is what an instance type's CPUs become in the guest.
type PreferredCPUTopology string

// Values of PreferredCPUTopology.
const (
	// PreferredCPUTopologyPreferCores is the deprecated name of cores.
	PreferredCPUTopologyPreferCores PreferredCPUTopology = "preferCores"
	// PreferredCPUTopologyPreferSockets is the deprecated name of sockets.
	PreferredCPUTopologyPreferSockets PreferredCPUTopology = "preferSockets"
	// PreferredCPUTopologyPreferThreads is the deprecated name of threads.
	PreferredCPUTopologyPreferThreads PreferredCPUTopology = "preferThreads"
	// PreferredCPUTopologyPreferSpread is the deprecated name of spread.
	PreferredCPUTopologyPreferSpread PreferredCPUTopology = "preferSpread"
	// PreferredCPUTopologyPreferAny is the deprecated name of any.
	PreferredCPUTopologyPreferAny PreferredCPUTopology = "preferAny"
	// PreferredCPUTopologyCores makes them cores of one socket.
	PreferredCPUTopologyCores PreferredCPUTopology = "cores"
	// PreferredCPUTopologySockets makes each a socket.
	PreferredCPUTopologySockets PreferredCPUTopology = "sockets"
	// PreferredCPUTopologyThreads makes them threads of one core.
	PreferredCPUTopologyThreads PreferredCPUTopology = "threads"
	// PreferredCPUTopologySpread spreads them over sockets, cores and threads.
	PreferredCPUTopologySpread PreferredCPUTopology = "spread"
	// PreferredCPUTopologyAny leaves the layout to the system.
	PreferredCPUTopologyAny PreferredCPUTopology = "any"
)

// SpreadAcross is what CPUs are spread over.
type SpreadAcross string

// Values of SpreadAcross.
const (
	// SpreadAcrossSocketsCoresThreads spreads over sockets, cores and two threads each.
	SpreadAcrossSocketsCoresThreads SpreadAcross = "SocketsCoresThreads"
	// SpreadAcrossSocketsCores spreads over sockets and cores.
	SpreadAcrossSocketsCores SpreadAcross = "SocketsCores"
	// SpreadAcrossCoresThreads spreads over cores and two threads each.
	SpreadAcrossCoresThreads SpreadAcross = "CoresThreads"
)
