package v1

type Interface struct {
	Name string `json:"name"`
	// +optional
	Model                  string `json:"model,omitempty"`
	InterfaceBindingMethod `json:",inline"`
	// +optional
	Binding *PluginBinding `json:"binding,omitempty"`
	// +optional
	Ports []Port `json:"ports,omitempty"`
	// +optional
	// +listType=atomic
	PortRanges []PortRange `json:"portRanges,omitempty"`
	// +optional
	MacAddress string `json:"macAddress,omitempty"`
	// +optional
	BootOrder *uint `json:"bootOrder,omitempty"`
	// +optional
	PciAddress string `json:"pciAddress,omitempty"`
	// +optional
	DHCPOptions *DHCPOptions `json:"dhcpOptions,omitempty"`
	// +optional
	Tag string `json:"tag,omitempty"`
	// +optional
	ACPIIndex int `json:"acpiIndex,omitempty"`
	// +optional
	State InterfaceState `json:"state,omitempty"`
}

type InterfaceBridge struct {
}

type DeprecatedInterfaceSlirp struct {
}

type InterfaceMasquerade struct {
}

type InterfaceSRIOV struct {
}

type DeprecatedInterfaceMacvtap struct {
}

type DeprecatedInterfacePasst struct {
}

type InterfacePasstBinding struct {
}

type PluginBinding struct {
	Name string `json:"name"`
}

type Port struct {
	// +optional
	Name string `json:"name,omitempty"`
	// +optional
	Protocol string `json:"protocol,omitempty"`
	Port     int32  `json:"port"`
}

type PortRange struct {
	Protocol string `json:"protocol"`
	Start    int32  `json:"start"`
	End      int32  `json:"end"`
}

type DHCPOptions struct {
	// +optional
	BootFileName string `json:"bootFileName,omitempty"`
	// +optional
	TFTPServerName string `json:"tftpServerName,omitempty"`
	// +optional
	NTPServers []string `json:"ntpServers,omitempty"`
	// +optional
	PrivateOptions []DHCPPrivateOptions `json:"privateOptions,omitempty"`
}

type DHCPPrivateOptions struct {
	Option int    `json:"option"`
	Value  string `json:"value"`
}

type Network struct {
	Name          string `json:"name"`
	NetworkSource `json:",inline"`
}

type PodNetwork struct {
	// +optional
	VMNetworkCIDR string `json:"vmNetworkCIDR,omitempty"`
	// +optional
	VMIPv6NetworkCIDR string `json:"vmIPv6NetworkCIDR,omitempty"`
}

type MultusNetwork struct {
	NetworkName string `json:"networkName"`
	// +optional
	Default bool `json:"default,omitempty"`
}

type ClaimRequest struct {
	// +optional
	ClaimName string `json:"claimName,omitempty"`
	// +optional
	RequestName string `json:"requestName,omitempty"`
}

type NetworkSource struct {
	// +optional
	Pod *PodNetwork `json:"pod,omitempty"`
	// +optional
	Multus *MultusNetwork `json:"multus,omitempty"`
	// +optional
	ResourceClaim *ClaimRequest `json:"resourceClaim,omitempty"`
}

type InterfaceBindingMethod struct {
	// +optional
	Bridge *InterfaceBridge `json:"bridge,omitempty"`
	// +optional
	Slirp *DeprecatedInterfaceSlirp `json:"slirp,omitempty"`
	// +optional
	Masquerade *InterfaceMasquerade `json:"masquerade,omitempty"`
	// +optional
	SRIOV *InterfaceSRIOV `json:"sriov,omitempty"`
	// +optional
	Macvtap *DeprecatedInterfaceMacvtap `json:"macvtap,omitempty"`
	// +optional
	Passt *DeprecatedInterfacePasst `json:"passt,omitempty"`
	// +optional
	PasstBinding *InterfacePasstBinding `json:"passtBinding,omitempty"`
}

type InterfaceState string

// Values of InterfaceState.
const (
	InterfaceStateAbsent InterfaceState = "absent"
	InterfaceStateUp     InterfaceState = "up"
	InterfaceStateDown   InterfaceState = "down"
)
