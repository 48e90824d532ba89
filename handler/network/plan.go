// Package network prepares the network namespace of a launcher pod: what the
// guest's interfaces are plugged into, and how their traffic reaches the pod's.
package network

import (
	"fmt"
	"net/netip"
	"strings"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Names of the links made in the pod and the networks behind them where the VMI
// says nothing else. Guests have come to expect these addresses.
const (
	bridgeName  = "k6t-eth0"
	tapName     = "tap0"
	defaultCIDR = "10.0.2.0/24"
	// defaultCIDR6 is the same for IPv6.
	defaultCIDR6 = "fd10:0:2::/120"
	// maxQueues is the most queues a tap device can have.
	maxQueues = 256
)

// Plan is what one guest needs in its pod's network namespace.
type Plan struct {
	// Masquerade is the interface on the pod network; nil when the guest has none.
	Masquerade *Masquerade
}

// Masquerade puts the guest on a network of its own behind the pod's addresses.
type Masquerade struct {
	// Network is the name of the VMI's network.
	Network string
	// MAC of the guest; empty takes that of the pod's interface.
	MAC string
	// Ports are what reaches the guest from outside; empty means everything.
	Ports []PortRange
	// Guest and Gateway are the two ends of the inner network, with its prefix.
	Guest, Gateway netip.Prefix
	// Guest6 and Gateway6 are used when the pod has an IPv6 address.
	Guest6, Gateway6 netip.Prefix
	// Queues of the tap device; at least 1.
	Queues uint32
}

// PortRange is a range of ports of one transport protocol, both ends included.
type PortRange struct {
	Protocol    Protocol
	First, Last uint16
}

// Protocol is an IP protocol number.
type Protocol uint8

// Transport protocols with ports.
const (
	TCP  Protocol = 6
	UDP  Protocol = 17
	SCTP Protocol = 132
)

// PlanFor reads the plan from a VMI. It fails for what this handler cannot set
// up; admission refuses such a VMI earlier.
func PlanFor(vmi *v1.VirtualMachineInstance) (Plan, error) {
	networks := map[string]v1.Network{}
	for _, network := range vmi.Spec.Networks {
		networks[network.Name] = network
	}
	var plan Plan
	for i := range vmi.Spec.Domain.Devices.Interfaces {
		iface := &vmi.Spec.Domain.Devices.Interfaces[i]
		if iface.State == v1.InterfaceStateAbsent {
			continue
		}
		network, found := networks[iface.Name]
		switch {
		case !found:
			return Plan{}, fmt.Errorf("interface %q has no network of that name", iface.Name)
		case iface.Masquerade == nil || network.Pod == nil:
			return Plan{}, fmt.Errorf("interface %q: only masquerade on the pod network is supported", iface.Name)
		case plan.Masquerade != nil:
			return Plan{}, fmt.Errorf("interface %q: the pod network is taken by %q", iface.Name, plan.Masquerade.Network)
		}
		masquerade, err := masqueradeFor(iface, network.Pod)
		if err != nil {
			return Plan{}, fmt.Errorf("interface %q: %w", iface.Name, err)
		}
		masquerade.Queues = queues(&vmi.Spec.Domain)
		plan.Masquerade = masquerade
	}
	return plan, nil
}

func masqueradeFor(iface *v1.Interface, network *v1.PodNetwork) (*Masquerade, error) {
	m := &Masquerade{Network: iface.Name, MAC: iface.MacAddress}
	var err error
	if m.Gateway, m.Guest, err = ends(network.VMNetworkCIDR, defaultCIDR); err != nil {
		return nil, err
	}
	if m.Gateway6, m.Guest6, err = ends(network.VMIPv6NetworkCIDR, defaultCIDR6); err != nil {
		return nil, err
	}
	if !m.Gateway.Addr().Is4() || !m.Gateway6.Addr().Is6() {
		return nil, fmt.Errorf("a network of the VM is of the other IP family")
	}
	for _, port := range iface.Ports {
		one, err := portRange(port.Protocol, port.Port, port.Port)
		if err != nil {
			return nil, err
		}
		m.Ports = append(m.Ports, one)
	}
	for _, ports := range iface.PortRanges {
		several, err := portRange(ports.Protocol, ports.Start, ports.End)
		if err != nil {
			return nil, err
		}
		m.Ports = append(m.Ports, several)
	}
	return m, nil
}

// ends returns the first two host addresses of a network: the gateway's, which
// the pod takes, and the guest's.
func ends(cidr, otherwise string) (gateway, guest netip.Prefix, err error) {
	if cidr == "" {
		cidr = otherwise
	}
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return gateway, guest, fmt.Errorf("reading the VM network: %w", err)
	}
	prefix = prefix.Masked()
	first := prefix.Addr().Next()
	second := first.Next()
	if !prefix.Contains(second.Next()) && prefix.Addr().Is4() || !prefix.Contains(second) {
		return gateway, guest, fmt.Errorf("the VM network %s has no room for a gateway and a guest", prefix)
	}
	return netip.PrefixFrom(first, prefix.Bits()), netip.PrefixFrom(second, prefix.Bits()), nil
}

func portRange(protocol string, first, last int32) (PortRange, error) {
	numbers := map[string]Protocol{"": TCP, "TCP": TCP, "UDP": UDP, "SCTP": SCTP}
	number, known := numbers[strings.ToUpper(protocol)]
	if !known {
		return PortRange{}, fmt.Errorf("unknown protocol %q of a port", protocol)
	}
	if first < 1 || last > 65535 || last < first {
		return PortRange{}, fmt.Errorf("ports %d to %d do not exist", first, last)
	}
	return PortRange{Protocol: number, First: uint16(first), Last: uint16(last)}, nil
}

// queues is one per virtual CPU where the VMI asks for several.
func queues(domain *v1.DomainSpec) uint32 {
	if wanted := domain.Devices.NetworkInterfaceMultiqueue; wanted == nil || !*wanted || domain.CPU == nil {
		return 1
	}
	cpu := domain.CPU
	return min(max(cpu.Sockets, 1)*max(cpu.Cores, 1)*max(cpu.Threads, 1), maxQueues)
}
