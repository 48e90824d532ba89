package network

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// Networks between guest and pod where the VMI says nothing else. Guests have come
// to expect these addresses.
const (
	defaultCIDR  = "10.0.2.0/24"
	defaultCIDR6 = "fd10:0:2::/120"
)

// Masquerade puts the guest on a network of its own behind the pod's addresses.
type Masquerade struct {
	// Ports are what reaches the guest from outside; empty means everything.
	Ports []PortRange
	// Guest and Gateway are the two ends of the inner network, with its prefix.
	Guest, Gateway netip.Prefix
	// Guest6 and Gateway6 are used when the pod has an IPv6 address.
	Guest6, Gateway6 netip.Prefix
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
	TCP Protocol = 6
	UDP Protocol = 17
)

func masqueradeFor(iface *v1.Interface, network *v1.PodNetwork) (*Masquerade, error) {
	m := &Masquerade{}
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
	numbers := map[string]Protocol{"": TCP, "TCP": TCP, "UDP": UDP}
	number, known := numbers[strings.ToUpper(protocol)]
	if !known {
		return PortRange{}, fmt.Errorf("unknown protocol %q of a port", protocol)
	}
	if first < 1 || last > 65535 || last < first {
		return PortRange{}, fmt.Errorf("ports %d to %d do not exist", first, last)
	}
	return PortRange{Protocol: number, First: uint16(first), Last: uint16(last)}, nil
}

// fits tells whether the guest's networks go with the addresses of the pod's interface:
// one that overlaps would give the guest's gateway an address of the pod's neighbours.
func (m *Masquerade) fits(pod *InterfaceFacts) error {
	if len(pod.Addresses) == 0 {
		return fmt.Errorf("the pod's %s has no address; masquerade needs one, use bridge", pod.PodInterface)
	}
	for _, address := range pod.Addresses {
		for field, network := range map[string]netip.Prefix{
			"vmNetworkCIDR": m.Gateway.Masked(), "vmIPv6NetworkCIDR": m.Gateway6.Masked(),
		} {
			if network.Overlaps(address) {
				return fmt.Errorf("the VM network %s overlaps the network of the pod's %s, %s; choose another %s",
					network, pod.PodInterface, address.Masked(), field)
			}
		}
	}
	return nil
}

// families chooses the IP families: those the pod has an address of.
func (m *Masquerade) families(addresses []netip.Prefix) []family {
	var has4, has6 bool
	for _, address := range addresses {
		has4 = has4 || address.Addr().Is4()
		has6 = has6 || address.Addr().Is6()
	}
	var families []family
	if has4 {
		families = append(families, familyOf(m.Guest.Addr(), m.Gateway.Addr()))
	}
	if has6 {
		families = append(families, familyOf(m.Guest6.Addr(), m.Gateway6.Addr()))
	}
	return families
}

// masquerade makes the bridge that is the guest's gateway, the tap on it, and the
// address translation.
func (p Pods) masquerade(links *netlink.Handle, kernel sysctls, iface *Interface, facts *InterfaceFacts) error {
	m, families := iface.Masquerade, iface.Masquerade.families(facts.Addresses)
	if err := m.fits(facts); err != nil {
		return err
	}
	gatewayMAC, err := net.ParseMAC(v1.MasqueradeGatewayMAC)
	if err != nil {
		return err
	}
	bridge, err := ensureBridge(links, iface.Names.Bridge, facts.MTU, gatewayMAC)
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		// The addresses are unique by construction; waiting for the check would
		// delay the first packet by a second.
		"ipv6/conf/" + iface.Names.Bridge + "/accept_dad": "0",
		"ipv6/conf/" + iface.Names.Bridge + "/accept_ra":  "0",
		// Replies to connections of the pod's loopback address come in here.
		"ipv4/conf/" + iface.Names.Bridge + "/route_localnet": "1",
	} {
		if err := kernel.set(name, value); err != nil {
			return err
		}
	}
	for _, f := range families {
		if err := m.settle(links, kernel, bridge, f); err != nil {
			return err
		}
	}
	if err := p.ensureTap(links, kernel, bridge, iface.Names.Tap, iface.Queues, facts.MTU); err != nil {
		return err
	}
	if err := links.LinkSetUp(bridge); err != nil {
		return fmt.Errorf("setting %s up: %w", iface.Names.Bridge, err)
	}
	if facts.advertises() {
		if err := p.ensureAdvertiser(links, kernel, bridge, iface, facts.MTU); err != nil {
			return err
		}
	}
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("opening nftables in the pod: %w", err)
	}
	return translate(conn, facts.PodInterface, iface.Names.Bridge, m.Ports, families)
}

// settle gives the bridge the gateway's address of one family and lets the pod
// route between the guest and its own interface.
func (m *Masquerade) settle(links *netlink.Handle, kernel sysctls, bridge netlink.Link, f family) error {
	if f.guest.Is4() {
		if err := ensureAddress(links, bridge, m.Gateway); err != nil {
			return err
		}
		return kernel.set("ipv4/ip_forward", "1")
	}
	for _, prefix := range []netip.Prefix{m.Gateway6, routerAddress} {
		if err := ensureAddress(links, bridge, prefix); err != nil {
			return err
		}
	}
	return kernel.set("ipv6/conf/all/forwarding", "1")
}

// describe completes the facts with what the guest is told.
func (m *Masquerade) describe(iface *Interface, facts *InterfaceFacts) {
	dhcp := &protocol.DHCP{Device: iface.Names.Bridge}
	for _, f := range m.families(facts.Addresses) {
		if f.guest.Is4() {
			dhcp.Address, dhcp.Gateway = m.Guest.String(), m.Gateway.String()
			continue
		}
		dhcp.Address6 = m.Guest6.String()
		facts.Guest.Advertisement = &protocol.Advertisement{
			Tap: advertiserName(iface), Source: routerAddress.Addr().String(), Mac: v1.MasqueradeGatewayMAC,
			Router: true, Prefix: m.Guest6.Masked().String(),
		}
	}
	facts.Guest.Dhcp = dhcp
}
