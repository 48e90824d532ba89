package v1

// PermittedHostDevices is the devices of nodes that guests may use.
type PermittedHostDevices struct {
	// PCI devices.
	// +optional
	// +listType=atomic
	PciHostDevices []PciHostDevice `json:"pciHostDevices,omitempty"`
	// Mediated devices.
	// +optional
	// +listType=atomic
	MediatedDevices []MediatedHostDevice `json:"mediatedDevices,omitempty"`
	// USB devices.
	// +optional
	// +listType=atomic
	USB []USBHostDevice `json:"usb,omitempty"`
}

// PciHostDevice permits a kind of PCI device.
type PciHostDevice struct {
	// Vendor and product, such as 10DE:1EB8.
	PciVendorSelector string `json:"pciVendorSelector"`
	// Extended resource under which nodes offer it.
	ResourceName string `json:"resourceName"`
	// Leaves the offering to another device plugin.
	// +optional
	ExternalResourceProvider bool `json:"externalResourceProvider,omitempty"`
}

// MediatedHostDevice permits a kind of mediated device.
type MediatedHostDevice struct {
	// Name of the type, such as GRID T4-1Q.
	MdevNameSelector string `json:"mdevNameSelector"`
	// Extended resource under which nodes offer it.
	ResourceName string `json:"resourceName"`
	// Leaves the offering to another device plugin.
	// +optional
	ExternalResourceProvider bool `json:"externalResourceProvider,omitempty"`
}

// USBHostDevice permits a kind of USB device, or a set that goes together.
type USBHostDevice struct {
	// Extended resource under which nodes offer it.
	ResourceName string `json:"resourceName"`
	// The devices that make up one unit.
	// +optional
	// +listType=atomic
	Selectors []USBSelector `json:"selectors,omitempty"`
	// Leaves the offering to another device plugin.
	// +optional
	ExternalResourceProvider bool `json:"externalResourceProvider,omitempty"`
}

// USBSelector is a kind of USB device.
type USBSelector struct {
	// Vendor, four hexadecimal digits.
	Vendor string `json:"vendor"`
	// Product, four hexadecimal digits.
	Product string `json:"product"`
}

// MediatedDevicesConfiguration is the mediated devices that the node agent makes.
type MediatedDevicesConfiguration struct {
	// Former name of mediatedDeviceTypes; deprecated.
	// +optional
	// +listType=atomic
	MediatedDevicesTypes []string `json:"mediatedDevicesTypes,omitempty"`
	// Types to make on every node that can.
	// +optional
	// +listType=atomic
	MediatedDeviceTypes []string `json:"mediatedDeviceTypes,omitempty"`
	// Types to make on some nodes instead.
	// +optional
	// +listType=atomic
	NodeMediatedDeviceTypes []NodeMediatedDeviceTypesConfig `json:"nodeMediatedDeviceTypes,omitempty"`
	// Whether the node agent makes devices; true if unset, deprecated.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
}

// NodeMediatedDeviceTypesConfig is the mediated devices made on some nodes.
type NodeMediatedDeviceTypesConfig struct {
	// Labels of the nodes.
	NodeSelector map[string]string `json:"nodeSelector"`
	// Former name of mediatedDeviceTypes; deprecated.
	// +optional
	// +listType=atomic
	MediatedDevicesTypes []string `json:"mediatedDevicesTypes,omitempty"`
	// Types to make.
	// +optional
	// +listType=atomic
	MediatedDeviceTypes []string `json:"mediatedDeviceTypes"`
}
