package validate

import (
	"fmt"
	"net/netip"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// networks checks networks and interfaces, and that they belong together.
func networks(path *field.Path, spec *v1.VirtualMachineInstanceSpec, cfg *clusterconfig.Config) field.ErrorList {
	var errs field.ErrorList
	byName := map[string]*v1.Network{}
	primary := ""
	for i := range spec.Networks {
		at, network := path.Child("networks").Index(i), &spec.Networks[i]
		if byName[network.Name] != nil {
			errs = append(errs, field.Duplicate(at.Child("name"), network.Name))
		}
		byName[network.Name] = network
		errs = append(errs, networkSource(at, network)...)
		if !network.IsPrimary() {
			continue
		}
		if primary != "" {
			errs = append(errs, field.Forbidden(at, "a pod has one primary network, pod or multus with default, and "+primary+" is it already"))
		}
		primary = network.Name
	}
	return append(errs, interfaces(path, spec, byName, cfg)...)
}

func networkSource(at *field.Path, network *v1.Network) field.ErrorList {
	errs := exactlyOne(at, map[string]bool{
		"pod": network.Pod != nil, "multus": network.Multus != nil, "resourceClaim": network.ResourceClaim != nil,
	})
	if network.Pod == nil {
		return errs
	}
	errs = append(errs, cidr(at.Child("pod", "vmNetworkCIDR"), network.Pod.VMNetworkCIDR, netip.Addr.Is4, "10.0.2.0/24")...)
	return append(errs, cidr(at.Child("pod", "vmIPv6NetworkCIDR"), network.Pod.VMIPv6NetworkCIDR, netip.Addr.Is6, "fd10:0:2::/120")...)
}

func cidr(at *field.Path, value string, family func(netip.Addr) bool, example string) field.ErrorList {
	if value == "" {
		return nil
	}
	prefix, err := netip.ParsePrefix(value)
	if err != nil || !family(prefix.Addr()) || prefix.Addr().BitLen()-prefix.Bits() < 2 {
		return field.ErrorList{field.Invalid(at, value, "must be a network with room for two addresses, e.g. "+example)}
	}
	widest := minBits4
	if prefix.Addr().Is6() {
		widest = minBits6
	}
	if prefix.Bits() < widest || slices.ContainsFunc(notForGuests, prefix.Overlaps) {
		return field.ErrorList{field.Invalid(at, value, fmt.Sprintf(
			"must be a network of unicast addresses of at most /%d, not loopback, link-local or reserved, e.g. %s", widest, example))}
	}
	return nil
}

// The widest networks that a guest may be on: what it is told is its neighbour, it
// cannot reach elsewhere.
const minBits4, minBits6 = 8, 48

// notForGuests are ranges whose addresses mean something else to any system.
var notForGuests = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/3"), // multicast, and reserved
	netip.MustParsePrefix("::/8"),        // unspecified, loopback, IPv4 in IPv6
	netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff00::/8"),
}

func interfaces(path *field.Path, spec *v1.VirtualMachineInstanceSpec, networks map[string]*v1.Network, cfg *clusterconfig.Config) field.ErrorList {
	var errs field.ErrorList
	list := path.Child("domain", "devices", "interfaces")
	names, portNames, macs := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range spec.Domain.Devices.Interfaces {
		at, nic := list.Index(i), &spec.Domain.Devices.Interfaces[i]
		if names[nic.Name] {
			errs = append(errs, field.Duplicate(at.Child("name"), nic.Name))
		}
		names[nic.Name] = true
		network := networks[nic.Name]
		if network == nil {
			errs = append(errs, field.NotFound(at.Child("name"), nic.Name+": no network of that name in spec.networks"))
			network = &v1.Network{}
		}
		errs = append(errs, binding(at, nic, network, cfg)...)
		errs = append(errs, absence(at.Child("state"), nic, network)...)
		errs = append(errs, plugged(at.Child("state"), nic, cfg)...)
		errs = append(errs, macAddress(at.Child("macAddress"), nic, macs)...)
		errs = append(errs, ports(at.Child("ports"), nic.Ports, portNames)...)
		errs = append(errs, portRanges(at.Child("portRanges"), nic, cfg)...)
		errs = append(errs, dhcpOptions(at.Child("dhcpOptions"), nic)...)
	}
	for i, network := range spec.Networks {
		if !names[network.Name] {
			errs = append(errs, field.Invalid(path.Child("networks").Index(i).Child("name"), network.Name, "no interface uses this network"))
		}
	}
	return errs
}

// absence lets an interface be unplugged only where nothing else of the pod hangs on it.
func absence(at *field.Path, nic *v1.Interface, network *v1.Network) field.ErrorList {
	if nic.State == v1.InterfaceStateAbsent && (nic.Bridge == nil || network.IsPrimary()) {
		return field.ErrorList{field.Forbidden(at, "absent is for bridge interfaces of networks other than the pod's primary one; remove the interface instead")}
	}
	return nil
}

// PresentInterfaces refuses interfaces that are absent from the beginning.
func PresentInterfaces(path *field.Path, spec *v1.VirtualMachineInstanceSpec) field.ErrorList {
	var errs field.ErrorList
	for i := range spec.Domain.Devices.Interfaces {
		if spec.Domain.Devices.Interfaces[i].State == v1.InterfaceStateAbsent {
			errs = append(errs, field.Forbidden(path.Child("domain", "devices", "interfaces").Index(i).Child("state"),
				"absent unplugs an interface that was there; leave the interface out"))
		}
	}
	return errs
}
