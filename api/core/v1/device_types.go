package v1

// Devices lists the guest's devices.
type Devices struct {
	// Uses virtio devices that old drivers understand; false if unset.
	// +optional
	UseVirtioTransitional *bool `json:"useVirtioTransitional,omitempty"`
	// Leaves out what is needed to add and remove devices while the guest runs.
	// +optional
	DisableHotplug bool `json:"disableHotplug,omitempty"`
	// Disks, CD-ROM drives and LUNs; each shows the volume of its name.
	// +optional
	// +kubebuilder:validation:MaxItems=256
	Disks []Disk `json:"disks,omitempty"`
	// Device that acts when the guest has stopped answering.
	// +optional
	Watchdog *Watchdog `json:"watchdog,omitempty"`
	// Network interfaces; each connects to the network of its name.
	// +optional
	// +kubebuilder:validation:MaxItems=256
	Interfaces []Interface `json:"interfaces,omitempty"`
	// Tablets and keyboards.
	// +optional
	Inputs []Input `json:"inputs,omitempty"`
	// Adds an interface on the pod network where none is listed; true if unset.
	// +optional
	AutoattachPodInterface *bool `json:"autoattachPodInterface,omitempty"`
	// Adds a graphics adapter and VNC server; true if unset.
	// +optional
	AutoattachGraphicsDevice *bool `json:"autoattachGraphicsDevice,omitempty"`
	// Adds a serial console; true if unset.
	// +optional
	AutoattachSerialConsole *bool `json:"autoattachSerialConsole,omitempty"`
	// Writes the serial console's output to a container log; the cluster's setting if unset.
	// +optional
	LogSerialConsole *bool `json:"logSerialConsole,omitempty"`
	// Adds a memory balloon, which also reports memory statistics; true if unset.
	// +optional
	AutoattachMemBalloon *bool `json:"autoattachMemBalloon,omitempty"`
	// Adds a tablet where no input is listed; false if unset.
	// +optional
	AutoattachInputDevice *bool `json:"autoattachInputDevice,omitempty"`
	// Adds a VSOCK device with an address chosen by the controller; false if unset.
	// +optional
	AutoattachVSOCK *bool `json:"autoattachVSOCK,omitempty"`
	// Adds a random number generator fed by the node.
	// +optional
	Rng *Rng `json:"rng,omitempty"`
	// Gives virtio disks as many queues as the guest has virtual CPUs; false if unset.
	// +optional
	BlockMultiQueue *bool `json:"blockMultiQueue,omitempty"`
	// Gives virtio interfaces as many queues as the guest has virtual CPUs; false if unset.
	// +optional
	NetworkInterfaceMultiqueue *bool `json:"networkInterfaceMultiqueue,omitempty"`
	// Graphics processors of the node, whole or shared.
	// +optional
	// +listType=atomic
	GPUs []GPU `json:"gpus,omitempty"`
	// Lets the guest read metrics of its node over a virtio channel.
	// +optional
	DownwardMetrics *DownwardMetrics `json:"downwardMetrics,omitempty"`
	// Devices by which the guest reports that it crashed.
	// +optional
	PanicDevices []PanicDevice `json:"panicDevices,omitempty"`
	// Volumes shared with the guest as directories instead of disks.
	// +optional
	// +listType=atomic
	Filesystems []Filesystem `json:"filesystems,omitempty"`
	// Devices of the node that the guest uses directly.
	// +optional
	// +listType=atomic
	HostDevices []HostDevice `json:"hostDevices,omitempty"`
	// Lets a client redirect its USB devices into the guest.
	// +optional
	ClientPassthrough *ClientPassthroughDevices `json:"clientPassthrough,omitempty"`
	// Sound card.
	// +optional
	Sound *SoundDevice `json:"sound,omitempty"`
	// Trusted Platform Module 2.0.
	// +optional
	TPM *TPMDevice `json:"tpm,omitempty"`
	// Type of the graphics adapter.
	// +optional
	Video *VideoDevice `json:"video,omitempty"`
}

// Watchdog is a device that acts when the guest stops feeding it.
type Watchdog struct {
	// Name of the device.
	Name string `json:"name"`
	// Model of the device.
	WatchdogDevice `json:",inline"`
}

// I6300ESBWatchdog is an Intel 6300ESB watchdog.
type I6300ESBWatchdog struct {
	// What it does when it is not fed; reset if empty.
	// +optional
	Action WatchdogAction `json:"action,omitempty"`
}

// Diag288Watchdog is a diagnose 288 watchdog.
type Diag288Watchdog struct {
	// What it does when it is not fed; reset if empty.
	// +optional
	Action WatchdogAction `json:"action,omitempty"`
}

// Input is a device that a user's hand moves.
type Input struct {
	// How the device is attached: usb or virtio; usb if empty.
	// +optional
	Bus InputBus `json:"bus,omitempty"`
	// Kind of the device; tablet is the only one that can be asked for.
	Type InputType `json:"type"`
	// Name of the device.
	Name string `json:"name"`
}

// Rng is a random number generator.
type Rng struct {
}

// GPU is a graphics processor of the node, given as a whole or in part.
type GPU struct {
	// Name of the device, unique in the guest.
	Name string `json:"name"`
	// Extended resource the device comes from, as permitted by the cluster.
	// +optional
	DeviceName string `json:"deviceName,omitempty"`
	// Entry in resourceClaims the device comes from, instead of deviceName.
	// +optional
	ClaimName string `json:"claimName,omitempty"`
	// Request within that claim.
	// +optional
	RequestName string `json:"requestName,omitempty"`
	// Options of a mediated device.
	// +optional
	VirtualGPUOptions *VGPUOptions `json:"virtualGPUOptions,omitempty"`
	// Tag that cloud-init's metadata shows with the device.
	// +optional
	Tag string `json:"tag,omitempty"`
}

// VGPUOptions are options of a mediated graphics device.
type VGPUOptions struct {
	// Display of the device.
	// +optional
	Display *VGPUDisplayOptions `json:"display,omitempty"`
}

// VGPUDisplayOptions describe the display of a mediated graphics device.
type VGPUDisplayOptions struct {
	// Whether the device shows the guest's display; true if unset.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Framebuffer that shows the display before the driver is up; on if unset.
	// +optional
	RamFB *FeatureState `json:"ramFB,omitempty"`
}

// DownwardMetrics is a channel on which the guest reads metrics of its node.
type DownwardMetrics struct {
}

// PanicDevice is a device by which a guest reports that it crashed.
type PanicDevice struct {
	// Model of the device; the hypervisor's choice for the architecture if unset.
	// +optional
	Model *PanicDeviceModel `json:"model,omitempty"`
}

// Filesystem shares a volume with the guest as a directory.
type Filesystem struct {
	// Name of the volume, and the tag by which the guest mounts it.
	Name string `json:"name"`
	// Shares it by virtiofs.
	Virtiofs *FilesystemVirtiofs `json:"virtiofs"`
}

// FilesystemVirtiofs shares a directory by virtiofs.
type FilesystemVirtiofs struct {
}

// HostDevice is a device of the node that the guest uses directly.
type HostDevice struct {
	// Name of the device, unique in the guest.
	Name string `json:"name"`
	// Extended resource the device comes from, as permitted by the cluster.
	// +optional
	DeviceName string `json:"deviceName,omitempty"`
	// Entry in resourceClaims the device comes from, instead of deviceName.
	// +optional
	ClaimName string `json:"claimName,omitempty"`
	// Request within that claim.
	// +optional
	RequestName string `json:"requestName,omitempty"`
	// Tag that cloud-init's metadata shows with the device.
	// +optional
	Tag string `json:"tag,omitempty"`
}

// ClientPassthroughDevices provides four slots for USB devices of a client.
type ClientPassthroughDevices struct {
}

// SoundDevice is a sound card.
type SoundDevice struct {
	// Name of the device.
	// +kubebuilder:validation:MinLength=1
	Name string `json:"name"`
	// ich9 or ac97; ich9 if empty.
	// +optional
	// +kubebuilder:validation:Enum="";ich9;ac97
	Model string `json:"model,omitempty"`
}

// TPMDevice is a Trusted Platform Module.
type TPMDevice struct {
	// Whether the guest has the module; true if unset.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Keeps the module's content over restarts; false if unset.
	// +optional
	Persistent *bool `json:"persistent,omitempty"`
}

// VideoDevice is a graphics adapter.
type VideoDevice struct {
	// Adapter model, such as vga, bochs, virtio or ramfb; chosen by architecture and firmware if empty.
	// +optional
	Type string `json:"type,omitempty"`
}

// WatchdogDevice is the model of a watchdog; exactly one is set.
type WatchdogDevice struct {
	// Intel 6300ESB, for amd64.
	// +optional
	I6300ESB *I6300ESBWatchdog `json:"i6300esb,omitempty"`
	// Diagnose 288, for s390x.
	// +optional
	Diag288 *Diag288Watchdog `json:"diag288,omitempty"`
}

// WatchdogAction is what a watchdog does to a guest that stopped answering.
// +kubebuilder:validation:Enum="";poweroff;reset;shutdown
type WatchdogAction string

// Values of WatchdogAction.
const (
	// WatchdogActionPoweroff cuts the guest's power.
	WatchdogActionPoweroff WatchdogAction = "poweroff"
	// WatchdogActionReset resets the guest.
	WatchdogActionReset WatchdogAction = "reset"
	// WatchdogActionShutdown asks the guest to power off.
	WatchdogActionShutdown WatchdogAction = "shutdown"
)

// InputBus is how an input device is attached.
// +kubebuilder:validation:Enum="";usb;virtio
type InputBus string

// Values of InputBus.
const (
	// InputBusUSB attaches by USB.
	InputBusUSB InputBus = "usb"
	// InputBusVirtio attaches by virtio.
	InputBusVirtio InputBus = "virtio"
)

// InputType is a kind of input device.
// +kubebuilder:validation:Enum="";tablet
type InputType string

// Values of InputType.
const (
	// InputTypeTablet is a pointer with absolute positions.
	InputTypeTablet InputType = "tablet"
	// InputTypeKeyboard is a keyboard.
	InputTypeKeyboard InputType = "keyboard"
)

// PanicDeviceModel is a way to report a crash.
// +kubebuilder:validation:Enum=hyperv;isa;pvpanic
type PanicDeviceModel string

// Values of PanicDeviceModel.
const (
	// PanicDeviceModelHyperv reports through Hyper-V.
	PanicDeviceModelHyperv PanicDeviceModel = "hyperv"
	// PanicDeviceModelISA reports through an ISA port.
	PanicDeviceModelISA PanicDeviceModel = "isa"
	// PanicDeviceModelPvpanic reports through a PCI device.
	PanicDeviceModelPvpanic PanicDeviceModel = "pvpanic"
)
