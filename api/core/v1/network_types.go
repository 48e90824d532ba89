package v1

// Interface is a network interface of the guest.
type Interface struct {
	// Name of the network the interface connects to.
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9_-]+$`
	Name string `json:"name"`
	// virtio, e1000, e1000e, igb, ne2k_pci, pcnet or rtl8139; virtio if empty.
	// +optional
	// +kubebuilder:validation:Enum="";e1000;e1000e;igb;ne2k_pci;pcnet;rtl8139;virtio
	Model string `json:"model,omitempty"`
	// How the interface is bound to its network; exactly one of these or a plugin.
	InterfaceBindingMethod `json:",inline"`
	// Binding by a plugin that the cluster has registered.
	// +optional
	Binding *PluginBinding `json:"binding,omitempty"`
	// Ports of the guest that are reachable on the pod network; all if empty.
	// +optional
	Ports []Port `json:"ports,omitempty"`
	// Ranges of ports that are reachable on the pod network, instead of ports; masquerade only.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10
	PortRanges []PortRange `json:"portRanges,omitempty"`
	// MAC address, such as de:ad:00:00:be:af; chosen by the pod's network or at random if empty.
	// +optional
	MacAddress string `json:"macAddress,omitempty"`
	// Place in the boot order, from 1, unique among disks and interfaces; no network boot if unset.
	// +optional
	// +kubebuilder:validation:Minimum=1
	BootOrder *uint `json:"bootOrder,omitempty"`
	// PCI address, such as 0000:81:01.0; chosen if empty.
	// +optional
	// +kubebuilder:validation:Pattern=`^([\da-fA-F]{4}:[\da-fA-F]{2}:[01][\da-fA-F]\.[0-7])?$`
	PciAddress string `json:"pciAddress,omitempty"`
	// Options of the DHCP server that serves the guest.
	// +optional
	DHCPOptions *DHCPOptions `json:"dhcpOptions,omitempty"`
	// Tag that cloud-init's metadata shows with the interface.
	// +optional
	Tag string `json:"tag,omitempty"`
	// Index by which the guest's system names the interface; none if 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=16383
	ACPIIndex int `json:"acpiIndex,omitempty"`
	// State of the link: up, down or absent; up if empty, absent unplugs the interface.
	// +optional
	State InterfaceState `json:"state,omitempty"`
}

// InterfaceBridge bridges an interface with the pod's.
type InterfaceBridge struct {
}

// DeprecatedInterfaceSlirp is a binding that is no longer supported.
type DeprecatedInterfaceSlirp struct {
}

// InterfaceMasquerade hides a guest behind its pod's address.
type InterfaceMasquerade struct {
}

// InterfaceSRIOV passes a virtual function of a network card through.
type InterfaceSRIOV struct {
}

// DeprecatedInterfaceMacvtap is a binding that is no longer supported.
type DeprecatedInterfaceMacvtap struct {
}

// DeprecatedInterfacePasst is a binding that is no longer supported.
type DeprecatedInterfacePasst struct {
}

// InterfacePasstBinding carries a guest's connections over sockets of its pod.
type InterfacePasstBinding struct {
}

// PluginBinding binds an interface by a plugin.
type PluginBinding struct {
	// Name under which the cluster has registered the plugin.
	Name string `json:"name"`
}

// Port is a port of the guest that is reachable on the pod network.
type Port struct {
	// Name of the port, unique in the interface.
	// +optional
	Name string `json:"name,omitempty"`
	// TCP or UDP; TCP if empty.
	// +optional
	// +kubebuilder:validation:Enum="";TCP;UDP
	Protocol string `json:"protocol,omitempty"`
	// Number, 1 to 65535.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port"`
}

// PortRange is a range of ports of the guest, both ends included.
type PortRange struct {
	// TCP or UDP.
	// +kubebuilder:validation:Enum=TCP;UDP
	Protocol string `json:"protocol"`
	// First port.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Start int32 `json:"start"`
	// Last port.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	End int32 `json:"end"`
}

// DHCPOptions are further answers of the DHCP server that serves the guest.
type DHCPOptions struct {
	// File the guest boots from the network, option 67.
	// +optional
	BootFileName string `json:"bootFileName,omitempty"`
	// Server that has the file, option 66.
	// +optional
	TFTPServerName string `json:"tftpServerName,omitempty"`
	// IPv4 addresses of time servers, option 42.
	// +optional
	NTPServers []string `json:"ntpServers,omitempty"`
	// Options 224 to 254.
	// +optional
	PrivateOptions []DHCPPrivateOptions `json:"privateOptions,omitempty"`
}

// DHCPPrivateOptions is an option for a site's own use.
type DHCPPrivateOptions struct {
	// Number, 224 to 254.
	// +kubebuilder:validation:Minimum=224
	// +kubebuilder:validation:Maximum=254
	Option int `json:"option"`
	// Text of the option.
	// +kubebuilder:validation:MaxLength=255
	Value string `json:"value"`
}

// Network is a network that interfaces connect to.
type Network struct {
	// Name by which the interface refers to it.
	Name string `json:"name"`
	// Where the network is; exactly one is set.
	NetworkSource `json:",inline"`
}

// PodNetwork is the pod's own network.
type PodNetwork struct {
	// IPv4 network between guest and pod when masquerading; 10.0.2.0/24 if empty.
	// +optional
	VMNetworkCIDR string `json:"vmNetworkCIDR,omitempty"`
	// IPv6 network between guest and pod when masquerading; fd10:0:2::/120 if empty.
	// +optional
	VMIPv6NetworkCIDR string `json:"vmIPv6NetworkCIDR,omitempty"`
}

// MultusNetwork is a network that multus attaches.
type MultusNetwork struct {
	// NetworkAttachmentDefinition as namespace/name, or name in the instance's namespace.
	// +kubebuilder:validation:Pattern=`^([a-z0-9-]+/)?[a-z0-9][a-z0-9.-]*$`
	NetworkName string `json:"networkName"`
	// Replaces the pod network by this one.
	// +optional
	Default bool `json:"default,omitempty"`
}

// ClaimRequest is a request within a dynamic resource claim.
type ClaimRequest struct {
	// Entry in resourceClaims.
	// +optional
	ClaimName string `json:"claimName,omitempty"`
	// Request within that claim.
	// +optional
	RequestName string `json:"requestName,omitempty"`
}

// NetworkSource says which network is meant; exactly one is set.
type NetworkSource struct {
	// The pod's own network.
	// +optional
	Pod *PodNetwork `json:"pod,omitempty"`
	// A network defined by a NetworkAttachmentDefinition.
	// +optional
	Multus *MultusNetwork `json:"multus,omitempty"`
	// A network device from a dynamic resource claim.
	// +optional
	ResourceClaim *ClaimRequest `json:"resourceClaim,omitempty"`
}

// InterfaceBindingMethod is a built-in way to bind an interface to its network.
type InterfaceBindingMethod struct {
	// Bridges the guest with the pod's interface, whose address it takes over by DHCP.
	// +optional
	Bridge *InterfaceBridge `json:"bridge,omitempty"`
	// User-mode networking; no longer supported, use passtBinding.
	// +optional
	Slirp *DeprecatedInterfaceSlirp `json:"slirp,omitempty"`
	// Hides the guest behind the pod's address by NAT.
	// +optional
	Masquerade *InterfaceMasquerade `json:"masquerade,omitempty"`
	// Gives the guest a virtual function of a network card.
	// +optional
	SRIOV *InterfaceSRIOV `json:"sriov,omitempty"`
	// Taps the pod's interface; no longer supported, use a plugin.
	// +optional
	Macvtap *DeprecatedInterfaceMacvtap `json:"macvtap,omitempty"`
	// Former name of passtBinding; no longer supported.
	// +optional
	Passt *DeprecatedInterfacePasst `json:"passt,omitempty"`
	// Carries the guest's connections over sockets of the pod.
	// +optional
	PasstBinding *InterfacePasstBinding `json:"passtBinding,omitempty"`
}

// InterfaceState is the state of an interface's link.
// +kubebuilder:validation:Enum="";up;down;absent
type InterfaceState string

// Values of InterfaceState.
const (
	// InterfaceStateAbsent unplugs the interface.
	InterfaceStateAbsent InterfaceState = "absent"
	// InterfaceStateUp has the link up.
	InterfaceStateUp InterfaceState = "up"
	// InterfaceStateDown has the link down.
	InterfaceStateDown InterfaceState = "down"
)
