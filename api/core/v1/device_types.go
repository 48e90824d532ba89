package v1

type Devices struct {
	// +optional
	UseVirtioTransitional *bool `json:"useVirtioTransitional,omitempty"`
	// +optional
	DisableHotplug bool `json:"disableHotplug,omitempty"`
	// +optional
	// +kubebuilder:validation:MaxItems=256
	Disks []Disk `json:"disks,omitempty"`
	// +optional
	Watchdog *Watchdog `json:"watchdog,omitempty"`
	// +optional
	// +kubebuilder:validation:MaxItems=256
	Interfaces []Interface `json:"interfaces,omitempty"`
	// +optional
	Inputs []Input `json:"inputs,omitempty"`
	// +optional
	AutoattachPodInterface *bool `json:"autoattachPodInterface,omitempty"`
	// +optional
	AutoattachGraphicsDevice *bool `json:"autoattachGraphicsDevice,omitempty"`
	// +optional
	AutoattachSerialConsole *bool `json:"autoattachSerialConsole,omitempty"`
	// +optional
	LogSerialConsole *bool `json:"logSerialConsole,omitempty"`
	// +optional
	AutoattachMemBalloon *bool `json:"autoattachMemBalloon,omitempty"`
	// +optional
	AutoattachInputDevice *bool `json:"autoattachInputDevice,omitempty"`
	// +optional
	AutoattachVSOCK *bool `json:"autoattachVSOCK,omitempty"`
	// +optional
	Rng *Rng `json:"rng,omitempty"`
	// +optional
	BlockMultiQueue *bool `json:"blockMultiQueue,omitempty"`
	// +optional
	NetworkInterfaceMultiqueue *bool `json:"networkInterfaceMultiqueue,omitempty"`
	// +optional
	// +listType=atomic
	GPUs []GPU `json:"gpus,omitempty"`
	// +optional
	DownwardMetrics *DownwardMetrics `json:"downwardMetrics,omitempty"`
	// +optional
	PanicDevices []PanicDevice `json:"panicDevices,omitempty"`
	// +optional
	// +listType=atomic
	Filesystems []Filesystem `json:"filesystems,omitempty"`
	// +optional
	// +listType=atomic
	HostDevices []HostDevice `json:"hostDevices,omitempty"`
	// +optional
	ClientPassthrough *ClientPassthroughDevices `json:"clientPassthrough,omitempty"`
	// +optional
	Sound *SoundDevice `json:"sound,omitempty"`
	// +optional
	TPM *TPMDevice `json:"tpm,omitempty"`
	// +optional
	Video *VideoDevice `json:"video,omitempty"`
}

type Watchdog struct {
	Name           string `json:"name"`
	WatchdogDevice `json:",inline"`
}

type I6300ESBWatchdog struct {
	// +optional
	Action WatchdogAction `json:"action,omitempty"`
}

type Diag288Watchdog struct {
	// +optional
	Action WatchdogAction `json:"action,omitempty"`
}

type Input struct {
	// +optional
	Bus  InputBus  `json:"bus,omitempty"`
	Type InputType `json:"type"`
	Name string    `json:"name"`
}

type Rng struct {
}

type GPU struct {
	Name string `json:"name"`
	// +optional
	DeviceName string `json:"deviceName,omitempty"`
	// +optional
	ClaimName string `json:"claimName,omitempty"`
	// +optional
	RequestName string `json:"requestName,omitempty"`
	// +optional
	VirtualGPUOptions *VGPUOptions `json:"virtualGPUOptions,omitempty"`
	// +optional
	Tag string `json:"tag,omitempty"`
}

type VGPUOptions struct {
	// +optional
	Display *VGPUDisplayOptions `json:"display,omitempty"`
}

type VGPUDisplayOptions struct {
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// +optional
	RamFB *FeatureState `json:"ramFB,omitempty"`
}

type DownwardMetrics struct {
}

type PanicDevice struct {
	// +optional
	Model *PanicDeviceModel `json:"model,omitempty"`
}

type Filesystem struct {
	Name     string              `json:"name"`
	Virtiofs *FilesystemVirtiofs `json:"virtiofs"`
}

type FilesystemVirtiofs struct {
}

type HostDevice struct {
	Name string `json:"name"`
	// +optional
	DeviceName string `json:"deviceName,omitempty"`
	// +optional
	ClaimName string `json:"claimName,omitempty"`
	// +optional
	RequestName string `json:"requestName,omitempty"`
	// +optional
	Tag string `json:"tag,omitempty"`
}

type ClientPassthroughDevices struct {
}

type SoundDevice struct {
	Name string `json:"name"`
	// +optional
	Model string `json:"model,omitempty"`
}

type TPMDevice struct {
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// +optional
	Persistent *bool `json:"persistent,omitempty"`
}

type VideoDevice struct {
	// +optional
	Type string `json:"type,omitempty"`
}

type WatchdogDevice struct {
	// +optional
	I6300ESB *I6300ESBWatchdog `json:"i6300esb,omitempty"`
	// +optional
	Diag288 *Diag288Watchdog `json:"diag288,omitempty"`
}

type WatchdogAction string

// Values of WatchdogAction.
const (
	WatchdogActionPoweroff WatchdogAction = "poweroff"
	WatchdogActionReset    WatchdogAction = "reset"
	WatchdogActionShutdown WatchdogAction = "shutdown"
)

type InputBus string

// Values of InputBus.
const (
	InputBusUSB    InputBus = "usb"
	InputBusVirtio InputBus = "virtio"
)

type InputType string

// Values of InputType.
const (
	InputTypeTablet   InputType = "tablet"
	InputTypeKeyboard InputType = "keyboard"
)

type PanicDeviceModel string

// Values of PanicDeviceModel.
const (
	PanicDeviceModelHyperv  PanicDeviceModel = "hyperv"
	PanicDeviceModelISA     PanicDeviceModel = "isa"
	PanicDeviceModelPvpanic PanicDeviceModel = "pvpanic"
)
