package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"kubevirt.io/kubevirt/launcher/protocol"
)

// bridgeMAC is the gateway's hardware address, the same in every pod: a guest
// that moves to another node keeps its neighbour table.
var bridgeMAC = net.HardwareAddr{0x02, 0, 0, 0, 0, 0}

// Facts are what was found and made in the pod's network namespace.
type Facts struct {
	// PodInterface is the pod's own interface, MAC and MTU are its.
	PodInterface string
	MAC          string
	MTU          uint32
	// Addresses of the pod's interface, without link-local ones, IPv4 first.
	Addresses []netip.Addr
	// Queues of the guest's tap device.
	Queues uint32
	// Interfaces are what the launcher connects the guest to.
	Interfaces []*protocol.Interface
}

// Pods prepares the network namespaces of pods.
type Pods struct {
	// TunDevice is the path of the node's /dev/net/tun.
	TunDevice string
}

// Ensure brings the network namespace to what the plan wants and returns the
// facts. It can be repeated at any time, also under a running guest; what it made
// lives as long as the namespace.
func (p Pods) Ensure(namespace *os.File, plan Plan) (Facts, error) {
	var facts Facts
	err := inside(namespace, func() error {
		var err error
		facts, err = p.ensure(plan)
		return err
	})
	return facts, err
}

// Inspect returns the facts without changing anything, for a namespace that
// Ensure has been through.
func Inspect(namespace *os.File, plan Plan) (Facts, error) {
	var facts Facts
	err := inside(namespace, func() error {
		links, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return fmt.Errorf("opening netlink in the pod: %w", err)
		}
		defer links.Close()
		facts, err = factsOf(links, plan)
		return err
	})
	return facts, err
}

func factsOf(links *netlink.Handle, plan Plan) (Facts, error) {
	facts, err := podFacts(links)
	if m := plan.Masquerade; err == nil && m != nil {
		facts.Queues = m.Queues
		facts.Interfaces = []*protocol.Interface{describe(m, facts, familiesOf(m, facts.Addresses))}
	}
	return facts, err
}

func (p Pods) ensure(plan Plan) (Facts, error) {
	links, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return Facts{}, fmt.Errorf("opening netlink in the pod: %w", err)
	}
	defer links.Close()
	facts, err := factsOf(links, plan)
	if err != nil || plan.Masquerade == nil {
		return facts, err
	}
	m := plan.Masquerade
	kernel, err := openSysctls()
	if err != nil {
		return Facts{}, err
	}
	defer kernel.close()

	families := familiesOf(m, facts.Addresses)
	if err := p.connect(links, kernel, m, facts.MTU, families); err != nil {
		return Facts{}, err
	}
	for _, f := range families {
		if err := kernel.forward(f); err != nil {
			return Facts{}, err
		}
	}
	conn, err := nftables.New()
	if err != nil {
		return Facts{}, fmt.Errorf("opening nftables in the pod: %w", err)
	}
	if err := translate(conn, facts.PodInterface, m.Ports, families); err != nil {
		return Facts{}, err
	}
	return facts, nil
}

// podFacts looks at the pod's primary interface: eth0, or whatever carries the
// default route. A pod without any (its own network only) has no facts.
func podFacts(links *netlink.Handle) (Facts, error) {
	link, err := links.LinkByName("eth0")
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		link, err = defaultRouteLink(links)
	}
	if err != nil {
		return Facts{}, fmt.Errorf("looking for the pod's interface: %w", err)
	}
	attributes := link.Attrs()
	facts := Facts{PodInterface: attributes.Name, MAC: attributes.HardwareAddr.String(), MTU: uint32(attributes.MTU)}
	for _, which := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		addresses, err := links.AddrList(link, which)
		if err != nil {
			return Facts{}, fmt.Errorf("listing the pod's addresses: %w", err)
		}
		for _, address := range addresses {
			if ip, ok := netip.AddrFromSlice(address.IP); ok && !ip.Unmap().IsLinkLocalUnicast() {
				facts.Addresses = append(facts.Addresses, ip.Unmap())
			}
		}
	}
	return facts, nil
}

func defaultRouteLink(links *netlink.Handle) (netlink.Link, error) {
	for _, which := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		routes, err := links.RouteList(nil, which)
		if err != nil {
			return nil, err
		}
		for _, route := range routes {
			if route.Dst == nil || route.Dst.IP.IsUnspecified() {
				return links.LinkByIndex(route.LinkIndex)
			}
		}
	}
	return nil, errors.New("neither eth0 nor a default route")
}

// familiesOf chooses the IP families: those the pod has an address of.
func familiesOf(m *Masquerade, addresses []netip.Addr) []family {
	var has4, has6 bool
	for _, address := range addresses {
		has4 = has4 || address.Is4()
		has6 = has6 || address.Is6()
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

// connect makes the bridge that is the guest's gateway and the tap on it.
func (p Pods) connect(links *netlink.Handle, kernel sysctls, m *Masquerade, mtu uint32, families []family) error {
	bridge, err := ensureBridge(links, mtu)
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		// The addresses are unique by construction; waiting for the check would
		// delay the first packet by a second.
		"ipv6/conf/" + bridgeName + "/accept_dad": "0",
		"ipv6/conf/" + bridgeName + "/accept_ra":  "0",
		// Replies to connections of the pod's loopback address come in here.
		"ipv4/conf/" + bridgeName + "/route_localnet": "1",
	} {
		if err := kernel.set(name, value); err != nil {
			return err
		}
	}
	for _, f := range families {
		prefix := m.Gateway
		if f.gateway.Is6() {
			prefix = m.Gateway6
		}
		if err := ensureAddress(links, bridge, prefix); err != nil {
			return err
		}
	}
	if err := p.ensureTap(links, kernel, bridge, m.Queues, mtu); err != nil {
		return err
	}
	if err := disableTransmitChecksum(bridgeName); err != nil {
		return err
	}
	if err := links.LinkSetUp(bridge); err != nil {
		return fmt.Errorf("setting %s up: %w", bridgeName, err)
	}
	return nil
}

func ensureBridge(links *netlink.Handle, mtu uint32) (netlink.Link, error) {
	attributes := netlink.NewLinkAttrs()
	attributes.Name, attributes.MTU, attributes.HardwareAddr = bridgeName, int(mtu), bridgeMAC
	snooping := false
	bridge := &netlink.Bridge{LinkAttrs: attributes, MulticastSnooping: &snooping}
	if err := links.LinkAdd(bridge); err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, fmt.Errorf("creating %s: %w", bridgeName, err)
	}
	link, err := links.LinkByName(bridgeName)
	if err != nil {
		return nil, fmt.Errorf("looking for %s: %w", bridgeName, err)
	}
	return link, nil
}

func ensureAddress(links *netlink.Handle, link netlink.Link, prefix netip.Prefix) error {
	address := &netlink.Addr{
		IPNet: &net.IPNet{IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen())},
	}
	if prefix.Addr().Is6() {
		address.Flags = unix.IFA_F_NODAD
	}
	if err := links.AddrReplace(link, address); err != nil {
		return fmt.Errorf("giving %s the address %s: %w", link.Attrs().Name, prefix, err)
	}
	return nil
}

func (p Pods) ensureTap(links *netlink.Handle, kernel sysctls, bridge netlink.Link, queues, mtu uint32) error {
	tap, err := links.LinkByName(tapName)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		if err := createTap(p.TunDevice, queues); err != nil {
			return err
		}
		tap, err = links.LinkByName(tapName)
	}
	if err != nil {
		return fmt.Errorf("looking for %s: %w", tapName, err)
	}
	if tap.Attrs().MTU != int(mtu) {
		if err := links.LinkSetMTU(tap, int(mtu)); err != nil {
			return fmt.Errorf("setting the MTU of %s to %d: %w", tapName, mtu, err)
		}
	}
	if err := kernel.set("ipv6/conf/"+tapName+"/disable_ipv6", "1"); err != nil {
		return err
	}
	if tap.Attrs().MasterIndex != bridge.Attrs().Index {
		if err := links.LinkSetMaster(tap, bridge); err != nil {
			return fmt.Errorf("adding %s to %s: %w", tapName, bridgeName, err)
		}
	}
	if err := links.LinkSetUp(tap); err != nil {
		return fmt.Errorf("setting %s up: %w", tapName, err)
	}
	return nil
}

// forward lets the pod route between its interface and the guest.
func (s sysctls) forward(f family) error {
	if f.guest.Is4() {
		return s.set("ipv4/ip_forward", "1")
	}
	return s.set("ipv6/conf/all/forwarding", "1")
}

func describe(m *Masquerade, facts Facts, families []family) *protocol.Interface {
	mac := m.MAC
	if mac == "" {
		mac = facts.MAC
	}
	dhcp := &protocol.DHCP{Device: bridgeName}
	for _, f := range families {
		if f.guest.Is4() {
			dhcp.Address, dhcp.Gateway = m.Guest.String(), m.Gateway.String()
		} else {
			dhcp.Address6, dhcp.Gateway6 = m.Guest6.String(), m.Gateway6.String()
		}
	}
	return &protocol.Interface{Network: m.Network, Tap: tapName, Mac: mac, Mtu: facts.MTU, Dhcp: dhcp}
}
