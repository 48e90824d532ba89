package v1

type Disk struct {
	Name       string `json:"name"`
	DiskDevice `json:",inline"`
	// +optional
	BootOrder *uint `json:"bootOrder,omitempty"`
	// +optional
	Serial string `json:"serial,omitempty"`
	// +optional
	DedicatedIOThread *bool `json:"dedicatedIOThread,omitempty"`
	// +optional
	Cache DriverCache `json:"cache,omitempty"`
	// +optional
	IO DriverIO `json:"io,omitempty"`
	// +optional
	Tag string `json:"tag,omitempty"`
	// +optional
	BlockSize *BlockSize `json:"blockSize,omitempty"`
	// +optional
	Shareable *bool `json:"shareable,omitempty"`
	// +optional
	ErrorPolicy *DiskErrorPolicy `json:"errorPolicy,omitempty"`
	// +optional
	ChangedBlockTracking *bool `json:"changedBlockTracking,omitempty"`
}

type DiskTarget struct {
	// +optional
	Bus DiskBus `json:"bus,omitempty"`
	// +optional
	ReadOnly bool `json:"readonly,omitempty"`
	// +optional
	PciAddress string `json:"pciAddress,omitempty"`
}

type LunTarget struct {
	// +optional
	Bus DiskBus `json:"bus,omitempty"`
	// +optional
	ReadOnly bool `json:"readonly,omitempty"`
	// +optional
	Reservation bool `json:"reservation,omitempty"`
}

type CDRomTarget struct {
	// +optional
	Bus DiskBus `json:"bus,omitempty"`
	// +optional
	ReadOnly *bool `json:"readonly,omitempty"`
	// +optional
	Tray TrayState `json:"tray,omitempty"`
}

type BlockSize struct {
	// +optional
	Custom *CustomBlockSize `json:"custom,omitempty"`
	// +optional
	MatchVolume *FeatureState `json:"matchVolume,omitempty"`
}

type CustomBlockSize struct {
	// +optional
	Logical uint `json:"logical,omitempty"`
	// +optional
	Physical uint `json:"physical,omitempty"`
	// +optional
	DiscardGranularity *uint `json:"discardGranularity,omitempty"`
}

type DiskDevice struct {
	// +optional
	Disk *DiskTarget `json:"disk,omitempty"`
	// +optional
	LUN *LunTarget `json:"lun,omitempty"`
	// +optional
	CDRom *CDRomTarget `json:"cdrom,omitempty"`
}

type DiskBus string

// Values of DiskBus.
const (
	DiskBusVirtio DiskBus = "virtio"
	DiskBusSCSI   DiskBus = "scsi"
	DiskBusSATA   DiskBus = "sata"
	DiskBusUSB    DiskBus = "usb"
)

type TrayState string

// Values of TrayState.
const (
	TrayStateOpen   TrayState = "open"
	TrayStateClosed TrayState = "closed"
)

type DriverCache string

// Values of DriverCache.
const (
	DriverCacheNone         DriverCache = "none"
	DriverCacheWritethrough DriverCache = "writethrough"
	DriverCacheWriteback    DriverCache = "writeback"
)

type DriverIO string

// Values of DriverIO.
const (
	DriverIODefault DriverIO = "default"
	DriverIOThreads DriverIO = "threads"
	DriverIONative  DriverIO = "native"
)

type DiskErrorPolicy string

// Values of DiskErrorPolicy.
const (
	DiskErrorPolicyStop     DiskErrorPolicy = "stop"
	DiskErrorPolicyIgnore   DiskErrorPolicy = "ignore"
	DiskErrorPolicyReport   DiskErrorPolicy = "report"
	DiskErrorPolicyEnospace DiskErrorPolicy = "enospace"
)
