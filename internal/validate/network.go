package validate

import (
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// gatewayMAC is what the pod's side of the masquerade bridge uses.
const gatewayMAC = "02:00:00:00:00:00"

var (
	networkName   = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	nicModels     = []string{"", "e1000", "e1000e", "igb", "ne2k_pci", "pcnet", "rtl8139", "virtio"}
	nicStates     = []v1.InterfaceState{"", v1.InterfaceStateUp, v1.InterfaceStateDown}
	portProtocols = []string{"", "TCP", "UDP"}
)

// networks checks networks and interfaces, and that they belong together.
func networks(path *field.Path, spec *v1.VirtualMachineInstanceSpec, _ *clusterconfig.Config) field.ErrorList {
	var errs field.ErrorList
	byName := map[string]*v1.Network{}
	pods := 0
	for i := range spec.Networks {
		at, network := path.Child("networks").Index(i), &spec.Networks[i]
		if byName[network.Name] != nil {
			errs = append(errs, field.Duplicate(at.Child("name"), network.Name))
		}
		byName[network.Name] = network
		errs = append(errs, exactlyOne(at, map[string]bool{
			"pod": network.Pod != nil, "multus": network.Multus != nil, "resourceClaim": network.ResourceClaim != nil,
		})...)
		if network.Pod == nil {
			continue
		}
		if pods++; pods > 1 {
			errs = append(errs, field.Forbidden(at.Child("pod"), "a pod has one pod network"))
		}
		errs = append(errs, cidr(at.Child("pod", "vmNetworkCIDR"), network.Pod.VMNetworkCIDR)...)
		errs = append(errs, cidr(at.Child("pod", "vmIPv6NetworkCIDR"), network.Pod.VMIPv6NetworkCIDR)...)
	}
	return append(errs, interfaces(path, spec, byName)...)
}

func cidr(at *field.Path, value string) field.ErrorList {
	if value == "" {
		return nil
	}
	prefix, err := netip.ParsePrefix(value)
	if err != nil || prefix.Addr().BitLen()-prefix.Bits() < 2 {
		return field.ErrorList{field.Invalid(at, value, "must be a network with room for two addresses, e.g. 10.0.2.0/24")}
	}
	return nil
}

func interfaces(path *field.Path, spec *v1.VirtualMachineInstanceSpec, networks map[string]*v1.Network) field.ErrorList {
	var errs field.ErrorList
	list := path.Child("domain", "devices", "interfaces")
	names := map[string]bool{}
	for i := range spec.Domain.Devices.Interfaces {
		at, nic := list.Index(i), &spec.Domain.Devices.Interfaces[i]
		if names[nic.Name] {
			errs = append(errs, field.Duplicate(at.Child("name"), nic.Name))
		}
		names[nic.Name] = true
		if !networkName.MatchString(nic.Name) {
			errs = append(errs, field.Invalid(at.Child("name"), nic.Name, "only letters, digits, - and _"))
		}
		network := networks[nic.Name]
		if network == nil {
			errs = append(errs, field.NotFound(at.Child("name"), nic.Name+": no network of that name in spec.networks"))
		}
		errs = append(errs, exactlyOne(at, map[string]bool{
			"bridge": nic.Bridge != nil, "masquerade": nic.Masquerade != nil, "sriov": nic.SRIOV != nil, "passtBinding": nic.PasstBinding != nil,
			"binding": nic.Binding != nil, "slirp": nic.Slirp != nil, "macvtap": nic.Macvtap != nil, "passt": nic.Passt != nil,
		})...)
		if nic.Masquerade != nil && network != nil && network.Pod == nil {
			errs = append(errs, field.Forbidden(at.Child("masquerade"), "masquerade works on the pod network only"))
		}
		errs = append(errs, nicDevice(at, nic)...)
		errs = append(errs, ports(at.Child("ports"), nic.Ports)...)
	}
	for i, network := range spec.Networks {
		if !names[network.Name] {
			errs = append(errs, field.Invalid(path.Child("networks").Index(i).Child("name"), network.Name, "no interface uses this network"))
		}
	}
	return errs
}

func nicDevice(at *field.Path, nic *v1.Interface) field.ErrorList {
	errs := oneOf(at.Child("model"), nic.Model, nicModels)
	errs = append(errs, oneOf(at.Child("state"), nic.State, nicStates)...)
	if nic.MacAddress != "" {
		mac, err := net.ParseMAC(nic.MacAddress)
		switch {
		case err != nil || len(mac) != 6:
			errs = append(errs, field.Invalid(at.Child("macAddress"), nic.MacAddress, "must look like 02:de:ad:be:ef:01"))
		case mac[0]&1 != 0:
			errs = append(errs, field.Invalid(at.Child("macAddress"), nic.MacAddress, "must not be a multicast address"))
		case nic.Masquerade != nil && strings.EqualFold(mac.String(), gatewayMAC):
			errs = append(errs, field.Invalid(at.Child("macAddress"), nic.MacAddress, "is reserved for the gateway of masquerade"))
		}
	}
	if nic.PciAddress != "" && !pciAddress.MatchString(nic.PciAddress) {
		errs = append(errs, field.Invalid(at.Child("pciAddress"), nic.PciAddress, "must look like 0000:81:01.0"))
	}
	return errs
}

func ports(path *field.Path, ports []v1.Port) field.ErrorList {
	var errs field.ErrorList
	names := map[string]bool{}
	for i, port := range ports {
		at := path.Index(i)
		for _, msg := range validation.IsValidPortNum(int(port.Port)) {
			errs = append(errs, field.Invalid(at.Child("port"), port.Port, msg))
		}
		if !slices.Contains(portProtocols, port.Protocol) {
			errs = append(errs, field.NotSupported(at.Child("protocol"), port.Protocol, portProtocols[1:]))
		}
		if port.Name == "" {
			continue
		}
		for _, msg := range validation.IsValidPortName(port.Name) {
			errs = append(errs, field.Invalid(at.Child("name"), port.Name, msg))
		}
		if names[port.Name] {
			errs = append(errs, field.Duplicate(at.Child("name"), port.Name))
		}
		names[port.Name] = true
	}
	return errs
}
