package v1

type PermittedHostDevices struct {
	// +optional
	// +listType=atomic
	PciHostDevices []PciHostDevice `json:"pciHostDevices,omitempty"`
	// +optional
	// +listType=atomic
	MediatedDevices []MediatedHostDevice `json:"mediatedDevices,omitempty"`
	// +optional
	// +listType=atomic
	USB []USBHostDevice `json:"usb,omitempty"`
}

type PciHostDevice struct {
	PciVendorSelector string `json:"pciVendorSelector"`
	ResourceName      string `json:"resourceName"`
	// +optional
	ExternalResourceProvider bool `json:"externalResourceProvider,omitempty"`
}

type MediatedHostDevice struct {
	MdevNameSelector string `json:"mdevNameSelector"`
	ResourceName     string `json:"resourceName"`
	// +optional
	ExternalResourceProvider bool `json:"externalResourceProvider,omitempty"`
}

type USBHostDevice struct {
	ResourceName string `json:"resourceName"`
	// +optional
	// +listType=atomic
	Selectors []USBSelector `json:"selectors,omitempty"`
	// +optional
	ExternalResourceProvider bool `json:"externalResourceProvider,omitempty"`
}

type USBSelector struct {
	Vendor  string `json:"vendor"`
	Product string `json:"product"`
}

type MediatedDevicesConfiguration struct {
	// +optional
	// +listType=atomic
	MediatedDevicesTypes []string `json:"mediatedDevicesTypes,omitempty"`
	// +optional
	// +listType=atomic
	MediatedDeviceTypes []string `json:"mediatedDeviceTypes,omitempty"`
	// +optional
	// +listType=atomic
	NodeMediatedDeviceTypes []NodeMediatedDeviceTypesConfig `json:"nodeMediatedDeviceTypes,omitempty"`
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
}

type NodeMediatedDeviceTypesConfig struct {
	NodeSelector map[string]string `json:"nodeSelector"`
	// +optional
	// +listType=atomic
	MediatedDevicesTypes []string `json:"mediatedDevicesTypes,omitempty"`
	// +optional
	// +listType=atomic
	MediatedDeviceTypes []string `json:"mediatedDeviceTypes"`
}
