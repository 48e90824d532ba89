package network

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"kubevirt.io/kubevirt/launcher/protocol"
)

// Prefixes of the links that the launcher serves the guest on.
const (
	servicePrefix    = "dhcp"
	portPrefix       = "k6d-"
	advertiserPrefix = "ra"
)

var (
	// routerAddress is the masquerading gateway as routers call themselves.
	routerAddress = netip.MustParsePrefix("fe80::1/64")
	// serviceAddress and serviceAddress6 identify the server to a guest that has the
	// pod's address; nobody ever needs to send to them.
	serviceAddress  = netip.MustParsePrefix("169.254.75.10/32")
	serviceAddress6 = netip.MustParsePrefix("fe80::a9fe:4b0a/64")
)

func serviceName(iface *Interface) string    { return servicePrefix + iface.Names.Suffix }
func advertiserName(iface *Interface) string { return advertiserPrefix + iface.Names.Suffix }

// lease completes the facts with what a guest that takes over the pod's addresses
// is told; nothing where the network gives none. A guest has one address of each
// family from us: DHCP for IPv4 knows no more.
func lease(iface *Interface, facts *InterfaceFacts) {
	dhcp := &protocol.DHCP{Device: serviceName(iface), Server: serviceAddress.Addr().String(), Routes: facts.routes}
	for _, address := range facts.Addresses {
		switch {
		case address.Addr().Is4() && dhcp.Address == "":
			dhcp.Address = address.String()
		case address.Addr().Is6() && dhcp.Address6 == "":
			dhcp.Address6 = address.String()
		}
	}
	if dhcp.Address == "" && dhcp.Address6 == "" {
		return
	}
	facts.Guest.Dhcp = dhcp
	if dhcp.Address6 == "" {
		return
	}
	// An advertisement can name no router but its sender, by a link-local address.
	// Where the pod's router is known by another, the guest learns it from the
	// network's own advertisements, and from ours just that DHCP is worth asking.
	advertisement := &protocol.Advertisement{Tap: advertiserName(iface), Source: serviceAddress6.Addr().String()}
	for _, route := range facts.routes {
		gateway, err := netip.ParseAddr(route.GetGateway())
		if err == nil && route.GetDestination() == "::/0" && gateway.IsLinkLocalUnicast() {
			advertisement.Source, advertisement.Router = gateway.String(), true
		}
	}
	if prefix := netip.MustParsePrefix(dhcp.Address6); !prefix.IsSingleIP() {
		advertisement.Prefix = prefix.Masked().String()
	}
	facts.Guest.Advertisement = advertisement
}

// ensureService makes the link on which the launcher serves the guest. Its port is
// isolated, as is that of the pod's interface: what we tell the guest stays in the
// pod, and nobody else is answered.
func ensureService(links *netlink.Handle, kernel sysctls, bridge netlink.Link, iface *Interface, facts *InterfaceFacts) error {
	name, portName := serviceName(iface), portPrefix+iface.Names.Suffix
	attributes := netlink.NewLinkAttrs()
	attributes.Name, attributes.MTU = name, int(facts.MTU)
	pair := &netlink.Veth{LinkAttrs: attributes, PeerName: portName, PeerMTU: facts.MTU}
	if err := links.LinkAdd(pair); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("creating %s: %w", name, err)
	}
	port, err := ours(links, portName, pair.Type())
	if err != nil {
		return err
	}
	if err := ensurePort(links, kernel, bridge, port, facts.MTU); err != nil {
		return err
	}
	if err := isolateService(links, port); err != nil {
		return err
	}
	service, err := ours(links, name, pair.Type())
	if err != nil {
		return err
	}
	for file, value := range map[string]string{
		// A guest that looks whether somebody has its address must not hear the pod.
		"ipv4/conf/" + name + "/arp_ignore": "1",
		// What comes from the guest comes from the pod's own address.
		"ipv4/conf/" + name + "/accept_local": "1",
		"ipv4/conf/" + name + "/rp_filter":    "0",
		"ipv6/conf/" + name + "/accept_dad":   "0",
		"ipv6/conf/" + name + "/accept_ra":    "0",
	} {
		if err := kernel.set(file, value); err != nil {
			return err
		}
	}
	addresses := []netip.Prefix{serviceAddress}
	if facts.advertises() {
		addresses = append(addresses, serviceAddress6)
	}
	for _, address := range addresses {
		if err := ensureAddress(links, service, address); err != nil {
			return err
		}
	}
	if err := links.LinkSetUp(service); err != nil {
		return fmt.Errorf("setting %s up: %w", name, err)
	}
	return nil
}

// ensureAdvertiser makes the tap device through which the launcher advertises the
// router. A socket for that takes a capability that neither it nor we have; what
// is written to a tap that belongs to it arrives at the guest just so.
func (p Pods) ensureAdvertiser(links *netlink.Handle, kernel sysctls, bridge netlink.Link, iface *Interface, mtu uint32) error {
	tap, err := p.createTap(links, advertiserName(iface), 0)
	if err != nil {
		return err
	}
	if err := ensurePort(links, kernel, bridge, tap, mtu); err != nil {
		return err
	}
	return isolateService(links, tap)
}
