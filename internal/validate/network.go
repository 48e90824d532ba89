package validate

import (
	"net"
	"net/netip"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// gatewayMAC is what the pod's side of the masquerade bridge uses.
const gatewayMAC = "02:00:00:00:00:00"

// networks checks networks and interfaces, and that they belong together.
func networks(path *field.Path, spec *v1.VirtualMachineInstanceSpec) field.ErrorList {
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
		errs = append(errs, cidr(at.Child("pod", "vmNetworkCIDR"), network.Pod.VMNetworkCIDR, netip.Addr.Is4, "10.0.2.0/24")...)
		errs = append(errs, cidr(at.Child("pod", "vmIPv6NetworkCIDR"), network.Pod.VMIPv6NetworkCIDR, netip.Addr.Is6, "fd10:0:2::/120")...)
	}
	return append(errs, interfaces(path, spec, byName)...)
}

func cidr(at *field.Path, value string, family func(netip.Addr) bool, example string) field.ErrorList {
	if value == "" {
		return nil
	}
	prefix, err := netip.ParsePrefix(value)
	if err != nil || !family(prefix.Addr()) || prefix.Addr().BitLen()-prefix.Bits() < 2 {
		return field.ErrorList{field.Invalid(at, value, "must be a network with room for two addresses, e.g. "+example)}
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
	var errs field.ErrorList
	if nic.State == v1.InterfaceStateAbsent {
		errs = append(errs, field.Forbidden(at.Child("state"), "absent is not supported yet: leave the interface out, or have it down"))
	}
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
	return errs
}

func ports(path *field.Path, ports []v1.Port) field.ErrorList {
	var errs field.ErrorList
	names := map[string]bool{}
	for i, port := range ports {
		at := path.Index(i)
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
