package network

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"kubevirt.io/kubevirt/launcher/protocol"
)

// Facts are what was found and made in the pod's network namespace, an entry for
// each interface of the plan.
type Facts struct {
	Interfaces []InterfaceFacts
}

// InterfaceFacts are those of one interface.
type InterfaceFacts struct {
	// Network is the name of the VMI's network.
	Network string
	// PodInterface is the pod's interface, MAC and MTU are its; empty where the
	// pod has none of its own.
	PodInterface string
	MAC          string
	MTU          uint32
	// Addresses of the pod's interface, without link-local ones, IPv4 first.
	Addresses []netip.Prefix
	// Queues of the guest's tap device.
	Queues uint32
	// Guest is what the launcher connects the guest to.
	Guest *protocol.Interface

	routes []*protocol.Route
}

// Guests are what the launcher connects the guest to.
func (f *Facts) Guests() []*protocol.Interface {
	var list []*protocol.Interface
	for i := range f.Interfaces {
		list = append(list, f.Interfaces[i].Guest)
	}
	return list
}

func (f *InterfaceFacts) advertises() bool { return f.Guest.GetAdvertisement() != nil }

// factsOf looks at what one interface of the plan stands on.
func factsOf(links *netlink.Handle, iface *Interface) (InterfaceFacts, error) {
	facts := InterfaceFacts{Network: iface.Network, Queues: iface.Queues}
	link, err := podLink(links, iface)
	if err != nil {
		return facts, err
	}
	if link != nil {
		attributes := link.Attrs()
		facts.PodInterface, facts.MAC, facts.MTU = attributes.Name, attributes.HardwareAddr.String(), uint32(attributes.MTU)
		if facts.Addresses, err = addressesOf(links, link); err != nil {
			return facts, err
		}
	}
	facts.Guest = &protocol.Interface{
		Network: iface.Network, Mac: facts.MAC, Mtu: facts.MTU, PodInterface: facts.PodInterface,
	}
	if iface.MAC != "" {
		facts.Guest.Mac = iface.MAC
	}
	switch iface.Binding {
	case Elsewhere:
		return facts, nil
	case Passt:
		if iface.MAC == "" {
			facts.Guest.Mac = besideMAC(facts.MAC)
		}
		return facts, nil
	case PluginTap:
		return facts, pluginTap(links, iface, &facts)
	case Masqueraded:
		iface.Masquerade.describe(iface, &facts)
	case Bridged:
		if facts.routes, err = routesOf(links, link); err == nil {
			lease(iface, &facts)
		}
	}
	facts.Guest.Tap = iface.Names.Tap
	return facts, err
}

// pluginTap looks at the tap that a network plugin has made: one of its own, or the
// pod's interface itself, as a macvtap is.
func pluginTap(links *netlink.Handle, iface *Interface, facts *InterfaceFacts) error {
	tap, err := find(links, iface.Names.Tap)
	switch {
	case err != nil:
		return err
	case tap != nil:
		facts.Guest.Tap, facts.Guest.Mtu = iface.Names.Tap, uint32(tap.Attrs().MTU)
	case facts.PodInterface != "":
		facts.Guest.Tap = facts.PodInterface
	default:
		return fmt.Errorf("the pod has neither %s nor %s: its network plugin has not made it", iface.Names.Tap, iface.Names.Pod)
	}
	return nil
}

// podLink is the pod's interface: the one of that name or, where the pod's own
// has another, whatever carries the default route. A binding that we do not make
// may do without.
func podLink(links *netlink.Handle, iface *Interface) (netlink.Link, error) {
	link, err := find(links, iface.Names.Pod)
	if err == nil && link == nil && iface.Primary {
		link, err = defaultRouteLink(links)
	}
	if err != nil {
		return nil, fmt.Errorf("looking for the pod's interface: %w", err)
	}
	if link == nil && iface.Binding != Elsewhere && iface.Binding != PluginTap {
		return nil, fmt.Errorf("the pod has no interface %s: its network plugin has not made it", iface.Names.Pod)
	}
	return link, nil
}

// find returns a link, or nil where there is none of that name.
func find(links *netlink.Handle, name string) (netlink.Link, error) {
	link, err := links.LinkByName(name)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for %s: %w", name, err)
	}
	return link, nil
}

func defaultRouteLink(links *netlink.Handle) (netlink.Link, error) {
	for _, which := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		routes, err := links.RouteList(nil, which)
		if err != nil {
			return nil, err
		}
		for _, route := range routes {
			if isDefault(&route) {
				return links.LinkByIndex(route.LinkIndex)
			}
		}
	}
	return nil, nil
}

func isDefault(route *netlink.Route) bool {
	if route.Dst == nil {
		return true
	}
	ones, _ := route.Dst.Mask.Size()
	return ones == 0
}

// addressesOf lists a link's addresses without link-local ones, IPv4 first.
func addressesOf(links *netlink.Handle, link netlink.Link) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, which := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		addresses, err := links.AddrList(link, which)
		if err != nil {
			return nil, fmt.Errorf("listing the addresses of %s: %w", link.Attrs().Name, err)
		}
		for _, address := range addresses {
			ip, ok := netip.AddrFromSlice(address.IP)
			if bits, _ := address.Mask.Size(); ok && !ip.Unmap().IsLinkLocalUnicast() {
				list = append(list, netip.PrefixFrom(ip.Unmap(), bits))
			}
		}
	}
	return list, nil
}

// routesOf lists a link's routes, apart from those that come with its addresses
// or that a router has advertised: the guest gets those by itself.
func routesOf(links *netlink.Handle, link netlink.Link) ([]*protocol.Route, error) {
	var list []*protocol.Route
	for _, which := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		routes, err := ownRoutes(links, link, which)
		if err != nil {
			return nil, err
		}
		for _, route := range routes {
			told := &protocol.Route{Destination: "0.0.0.0/0"}
			if which == netlink.FAMILY_V6 {
				told.Destination = "::/0"
			}
			if !isDefault(&route) {
				told.Destination = route.Dst.String()
			}
			if gateway, ok := netip.AddrFromSlice(route.Gw); ok {
				told.Gateway = gateway.Unmap().String()
			}
			list = append(list, told)
		}
	}
	return list, nil
}

func ownRoutes(links *netlink.Handle, link netlink.Link, which int) ([]netlink.Route, error) {
	routes, err := links.RouteListFiltered(which, &netlink.Route{LinkIndex: link.Attrs().Index}, netlink.RT_FILTER_OIF)
	if err != nil {
		return nil, fmt.Errorf("listing the routes of %s: %w", link.Attrs().Name, err)
	}
	var own []netlink.Route
	for _, route := range routes {
		if route.Protocol != unix.RTPROT_KERNEL && route.Protocol != unix.RTPROT_RA && route.Type == unix.RTN_UNICAST {
			own = append(own, route)
		}
	}
	return own, nil
}
