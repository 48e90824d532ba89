package v1beta1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachinepreferences,singular=virtualmachinepreference,shortName=vmpref;vmprefs;vmp;vmps,categories=all,scope=Namespaced
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachinePreference struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

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

// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineclusterpreferences,singular=virtualmachineclusterpreference,shortName=vmcp;vmcps,scope=Cluster
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineClusterPreference struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

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

type VirtualMachinePreferenceSpec struct {
	// +optional
	Clock *ClockPreferences `json:"clock,omitempty"`
	// +optional
	CPU *CPUPreferences `json:"cpu,omitempty"`
	// +optional
	Devices *DevicePreferences `json:"devices,omitempty"`
	// +optional
	Features *FeaturePreferences `json:"features,omitempty"`
	// +optional
	Firmware *FirmwarePreferences `json:"firmware,omitempty"`
	// +optional
	Machine *MachinePreferences `json:"machine,omitempty"`
	// +optional
	Volumes *VolumePreferences `json:"volumes,omitempty"`
	// +optional
	PreferredSubdomain *string `json:"preferredSubdomain,omitempty"`
	// +optional
	PreferredTerminationGracePeriodSeconds *int64 `json:"preferredTerminationGracePeriodSeconds,omitempty"`
	// +optional
	Requirements *PreferenceRequirements `json:"requirements,omitempty"`
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
	// +optional
	PreferSpreadSocketToCoreRatio uint32 `json:"preferSpreadSocketToCoreRatio,omitempty"`
	// +optional
	PreferredArchitecture *string `json:"preferredArchitecture,omitempty"`
	// +optional
	PreferredLaunchSecurity *v1.LaunchSecurity `json:"preferredLaunchSecurity,omitempty"`
}

type ClockPreferences struct {
	// +optional
	PreferredClockOffset *v1.ClockOffset `json:"preferredClockOffset,omitempty"`
	// +optional
	PreferredTimer *v1.Timer `json:"preferredTimer,omitempty"`
}

type CPUPreferences struct {
	// +optional
	PreferredCPUTopology *PreferredCPUTopology `json:"preferredCPUTopology,omitempty"`
	// +optional
	SpreadOptions *SpreadOptions `json:"spreadOptions,omitempty"`
	// +optional
	PreferredCPUFeatures []v1.CPUFeature `json:"preferredCPUFeatures,omitempty"`
}

type SpreadOptions struct {
	// +optional
	Across *SpreadAcross `json:"across,omitempty"`
	// +optional
	Ratio *uint32 `json:"ratio,omitempty"`
}

type DevicePreferences struct {
	// +optional
	PreferredAutoattachGraphicsDevice *bool `json:"preferredAutoattachGraphicsDevice,omitempty"`
	// +optional
	PreferredAutoattachMemBalloon *bool `json:"preferredAutoattachMemBalloon,omitempty"`
	// +optional
	PreferredAutoattachPodInterface *bool `json:"preferredAutoattachPodInterface,omitempty"`
	// +optional
	PreferredAutoattachSerialConsole *bool `json:"preferredAutoattachSerialConsole,omitempty"`
	// +optional
	PreferredAutoattachInputDevice *bool `json:"preferredAutoattachInputDevice,omitempty"`
	// +optional
	PreferredDisableHotplug *bool `json:"preferredDisableHotplug,omitempty"`
	// +optional
	PreferredVirtualGPUOptions *v1.VGPUOptions `json:"preferredVirtualGPUOptions,omitempty"`
	// +optional
	PreferredSoundModel string `json:"preferredSoundModel,omitempty"`
	// +optional
	PreferredUseVirtioTransitional *bool `json:"preferredUseVirtioTransitional,omitempty"`
	// +optional
	PreferredInputBus v1.InputBus `json:"preferredInputBus,omitempty"`
	// +optional
	PreferredInputType v1.InputType `json:"preferredInputType,omitempty"`
	// +optional
	PreferredDiskBus v1.DiskBus `json:"preferredDiskBus,omitempty"`
	// +optional
	PreferredLUNBus v1.DiskBus `json:"preferredLunBus,omitempty"`
	// +optional
	PreferredCdromBus v1.DiskBus `json:"preferredCdromBus,omitempty"`
	// +optional
	PreferredDiskDedicatedIOThread *bool `json:"preferredDiskDedicatedIoThread,omitempty"`
	// +optional
	PreferredDiskCache v1.DriverCache `json:"preferredDiskCache,omitempty"`
	// +optional
	PreferredDiskIO v1.DriverIO `json:"preferredDiskIO,omitempty"`
	// +optional
	PreferredDiskBlockSize *v1.BlockSize `json:"preferredDiskBlockSize,omitempty"`
	// +optional
	PreferredInterfaceModel string `json:"preferredInterfaceModel,omitempty"`
	// +optional
	PreferredRng *v1.Rng `json:"preferredRng,omitempty"`
	// +optional
	PreferredBlockMultiQueue *bool `json:"preferredBlockMultiQueue,omitempty"`
	// +optional
	PreferredNetworkInterfaceMultiQueue *bool `json:"preferredNetworkInterfaceMultiQueue,omitempty"`
	// +optional
	PreferredTPM *v1.TPMDevice `json:"preferredTPM,omitempty"`
	// +optional
	PreferredInterfaceMasquerade *v1.InterfaceMasquerade `json:"preferredInterfaceMasquerade,omitempty"`
	// +optional
	PreferredPanicDeviceModel *v1.PanicDeviceModel `json:"preferredPanicDeviceModel,omitempty"`
	// +optional
	PreferredVideoType *string `json:"preferredVideoType,omitempty"`
}

type FeaturePreferences struct {
	// +optional
	PreferredACPI *v1.FeatureState `json:"preferredAcpi,omitempty"`
	// +optional
	PreferredAPIC *v1.FeatureAPIC `json:"preferredApic,omitempty"`
	// +optional
	PreferredHyperv *v1.FeatureHyperv `json:"preferredHyperv,omitempty"`
	// +optional
	PreferredKVM *v1.FeatureKVM `json:"preferredKvm,omitempty"`
	// +optional
	PreferredPvspinlock *v1.FeatureState `json:"preferredPvspinlock,omitempty"`
	// +optional
	PreferredSMM *v1.FeatureState `json:"preferredSmm,omitempty"`
}

type FirmwarePreferences struct {
	// +optional
	PreferredUseBIOS *bool `json:"preferredUseBios,omitempty"`
	// +optional
	PreferredUseBIOSSerial *bool `json:"preferredUseBiosSerial,omitempty"`
	// +optional
	PreferredUseEFI *bool `json:"preferredUseEfi,omitempty"`
	// +optional
	PreferredUseSecureBoot *bool `json:"preferredUseSecureBoot,omitempty"`
	// +optional
	PreferredEFI *v1.EFI `json:"preferredEfi,omitempty"`
}

type MachinePreferences struct {
	// +optional
	PreferredMachineType string `json:"preferredMachineType,omitempty"`
}

type VolumePreferences struct {
	// +optional
	PreferredStorageClassName string `json:"preferredStorageClassName,omitempty"`
}

type PreferenceRequirements struct {
	// +optional
	CPU *CPUPreferenceRequirement `json:"cpu,omitempty"`
	// +optional
	Memory *MemoryPreferenceRequirement `json:"memory,omitempty"`
	// +optional
	Architecture *string `json:"architecture,omitempty"`
}

type CPUPreferenceRequirement struct {
	Guest uint32 `json:"guest"`
}

type MemoryPreferenceRequirement struct {
	Guest resource.Quantity `json:"guest"`
}

type PreferredCPUTopology string

// Values of PreferredCPUTopology.
const (
	PreferredCPUTopologyPreferCores   PreferredCPUTopology = "preferCores"
	PreferredCPUTopologyPreferSockets PreferredCPUTopology = "preferSockets"
	PreferredCPUTopologyPreferThreads PreferredCPUTopology = "preferThreads"
	PreferredCPUTopologyPreferSpread  PreferredCPUTopology = "preferSpread"
	PreferredCPUTopologyPreferAny     PreferredCPUTopology = "preferAny"
	PreferredCPUTopologyCores         PreferredCPUTopology = "cores"
	PreferredCPUTopologySockets       PreferredCPUTopology = "sockets"
	PreferredCPUTopologyThreads       PreferredCPUTopology = "threads"
	PreferredCPUTopologySpread        PreferredCPUTopology = "spread"
	PreferredCPUTopologyAny           PreferredCPUTopology = "any"
)

type SpreadAcross string

// Values of SpreadAcross.
const (
	SpreadAcrossSocketsCoresThreads SpreadAcross = "SocketsCoresThreads"
	SpreadAcrossSocketsCores        SpreadAcross = "SocketsCores"
	SpreadAcrossCoresThreads        SpreadAcross = "CoresThreads"
)
