package v1

// Disk is a drive of the guest.
type Disk struct {
	// Name of the volume the drive shows.
	Name string `json:"name"`
	// Kind of the drive; a plain disk if none is set.
	DiskDevice `json:",inline"`
	// Place in the boot order, from 1, unique among disks and interfaces; not bootable by order if unset.
	// +optional
	// +kubebuilder:validation:Minimum=1
	BootOrder *uint `json:"bootOrder,omitempty"`
	// Serial number the guest sees, at most 256 letters, digits and _.+- characters.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9_.+-]*$`
	Serial string `json:"serial,omitempty"`
	// Gives the disk a thread of its own; virtio disks only, false if unset.
	// +optional
	DedicatedIOThread *bool `json:"dedicatedIOThread,omitempty"`
	// Caching by the host: none, writethrough or writeback; none where the storage can, else writethrough.
	// +optional
	Cache DriverCache `json:"cache,omitempty"`
	// How requests reach the storage: threads or native; chosen by storage and cache if empty.
	// +optional
	IO DriverIO `json:"io,omitempty"`
	// Tag that cloud-init's metadata shows with the disk.
	// +optional
	Tag string `json:"tag,omitempty"`
	// Block sizes the guest sees; 512 bytes if unset.
	// +optional
	BlockSize *BlockSize `json:"blockSize,omitempty"`
	// Lets several guests write to the disk at once; false if unset.
	// +optional
	Shareable *bool `json:"shareable,omitempty"`
	// What happens when the storage fails; stop if unset.
	// +optional
	ErrorPolicy *DiskErrorPolicy `json:"errorPolicy,omitempty"`
	// Records which blocks change, for incremental backups; false if unset.
	// +optional
	ChangedBlockTracking *bool `json:"changedBlockTracking,omitempty"`
}

// DiskTarget is a plain disk.
type DiskTarget struct {
	// How it is attached: virtio, sata, scsi or usb; chosen by architecture if empty.
	// +optional
	Bus DiskBus `json:"bus,omitempty"`
	// Keeps the guest from writing; false by default.
	// +optional
	ReadOnly bool `json:"readonly,omitempty"`
	// PCI address of a virtio disk, such as 0000:81:01.0; chosen if empty.
	// +optional
	// +kubebuilder:validation:Pattern=`^([\da-fA-F]{4}:[\da-fA-F]{2}:[01][\da-fA-F]\.[0-7])?$`
	PciAddress string `json:"pciAddress,omitempty"`
}

// LunTarget is a disk that passes SCSI commands on.
type LunTarget struct {
	// How it is attached: scsi, which passes SCSI commands on as no other bus does.
	// +optional
	Bus DiskBus `json:"bus,omitempty"`
	// Keeps the guest from writing; false by default.
	// +optional
	ReadOnly bool `json:"readonly,omitempty"`
	// Lets the guest use SCSI persistent reservations.
	// +optional
	Reservation bool `json:"reservation,omitempty"`
}

// CDRomTarget is a CD-ROM drive.
type CDRomTarget struct {
	// How it is attached: sata or scsi; chosen by architecture if empty.
	// +optional
	Bus DiskBus `json:"bus,omitempty"`
	// Keeps the guest from writing; true if unset.
	// +optional
	ReadOnly *bool `json:"readonly,omitempty"`
	// Whether the tray is open or closed; closed if empty.
	// +optional
	Tray TrayState `json:"tray,omitempty"`
}

// BlockSize says which block sizes a disk shows; one of the two is set.
type BlockSize struct {
	// Sizes given in bytes.
	// +optional
	Custom *CustomBlockSize `json:"custom,omitempty"`
	// Sizes of the volume behind the disk.
	// +optional
	MatchVolume *FeatureState `json:"matchVolume,omitempty"`
}

// CustomBlockSize gives block sizes in bytes, powers of 2 from 512 to 2 MiB.
type CustomBlockSize struct {
	// Smallest unit the guest can address, at most the physical size.
	// +optional
	Logical uint `json:"logical,omitempty"`
	// Smallest unit the storage writes at once.
	// +optional
	Physical uint `json:"physical,omitempty"`
	// Smallest unit that can be discarded, a multiple of the logical size; the hypervisor's choice if unset.
	// +optional
	DiscardGranularity *uint `json:"discardGranularity,omitempty"`
}

// DiskDevice is the kind of a drive; at most one is set.
type DiskDevice struct {
	// A plain disk.
	// +optional
	Disk *DiskTarget `json:"disk,omitempty"`
	// A disk that passes SCSI commands to a block volume.
	// +optional
	LUN *LunTarget `json:"lun,omitempty"`
	// A CD-ROM drive, which may be empty.
	// +optional
	CDRom *CDRomTarget `json:"cdrom,omitempty"`
}

// DiskBus is how a disk is attached.
// +kubebuilder:validation:Enum="";virtio;scsi;sata;usb
type DiskBus string

// Values of DiskBus.
const (
	// DiskBusVirtio attaches by virtio, the fastest.
	DiskBusVirtio DiskBus = "virtio"
	// DiskBusSCSI attaches by a virtio SCSI controller.
	DiskBusSCSI DiskBus = "scsi"
	// DiskBusSATA attaches by SATA, which every system knows.
	DiskBusSATA DiskBus = "sata"
	// DiskBusUSB attaches by USB.
	DiskBusUSB DiskBus = "usb"
)

// TrayState is the state of a CD-ROM drive's tray.
// +kubebuilder:validation:Enum="";open;closed
type TrayState string

// Values of TrayState.
const (
	// TrayStateOpen is an open tray.
	TrayStateOpen TrayState = "open"
	// TrayStateClosed is a closed tray.
	TrayStateClosed TrayState = "closed"
)

// DriverCache is how the host caches a disk.
// +kubebuilder:validation:Enum="";none;writethrough;writeback
type DriverCache string

// Values of DriverCache.
const (
	// DriverCacheNone bypasses the host's cache.
	DriverCacheNone DriverCache = "none"
	// DriverCacheWritethrough reads from the host's cache and writes to the storage.
	DriverCacheWritethrough DriverCache = "writethrough"
	// DriverCacheWriteback writes to the host's cache.
	DriverCacheWriteback DriverCache = "writeback"
)

// DriverIO is how the host carries out a disk's requests.
// +kubebuilder:validation:Enum="";native;threads
type DriverIO string

// Values of DriverIO.
const (
	// DriverIODefault leaves the choice to the hypervisor.
	DriverIODefault DriverIO = "default"
	// DriverIOThreads uses a pool of threads.
	DriverIOThreads DriverIO = "threads"
	// DriverIONative uses the kernel's asynchronous requests.
	DriverIONative DriverIO = "native"
)

// DiskErrorPolicy is what happens to the guest when its storage fails.
// +kubebuilder:validation:Enum=stop;ignore;report;enospace
type DiskErrorPolicy string

// Values of DiskErrorPolicy.
const (
	// DiskErrorPolicyStop pauses the guest.
	DiskErrorPolicyStop DiskErrorPolicy = "stop"
	// DiskErrorPolicyIgnore carries on.
	DiskErrorPolicyIgnore DiskErrorPolicy = "ignore"
	// DiskErrorPolicyReport reports the error to the guest.
	DiskErrorPolicyReport DiskErrorPolicy = "report"
	// DiskErrorPolicyEnospace pauses the guest where space ran out, else reports the error.
	DiskErrorPolicyEnospace DiskErrorPolicy = "enospace"
)
