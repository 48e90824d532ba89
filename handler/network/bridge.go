package network

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The links of an interface that the guest takes over from the pod. The pod's
// interface moves under a bridge as <pod>-nic and gets another hardware address. A
// stand-in takes its name, its hardware address, its addresses and its routes: there
// they can still be seen, and there we read what the guest is given, however often
// we are restarted. It is a bridge without ports, because not every node has dummy
// devices. Both the guest and the pod then have the same addresses;
// the bridge therefore has neither IP nor ARP, and the server that tells the guest
// its addresses sits on a port of its own, which the outside does not reach.
//
// What the guest sends is not filtered: it may be a router or have addresses from
// advertisements of the network's own, of which we know nothing. It can do what a pod
// with NET_RAW can; masquerade and passt hold a guest to the pod's address.
const (
	nicSuffix   = "-nic"
	sparePrefix = "tmp"
)

// nicName is the new name of the pod's interface.
func nicName(pod string) string {
	return pod[max(0, len(pod)+len(nicSuffix)-(unix.IFNAMSIZ-1)):] + nicSuffix
}

// moveAside renames the pod's interface and has another link stand in for it. A link
// loses its routes when it is renamed, so they are recorded before, with everything
// else, on a spare stand-in; its alias, set last, says that the record is complete
// and whose it is. So whoever is interrupted finds either the interface as it was,
// or the record, or the stand-in.
func moveAside(links *netlink.Handle, iface *Interface) error {
	name := sparePrefix + iface.Names.Suffix
	spare, err := find(links, name)
	if err != nil {
		return err
	}
	if spare == nil || spare.Attrs().Alias == "" {
		if spare != nil {
			if err := links.LinkDel(spare); err != nil {
				return fmt.Errorf("removing the unfinished %s: %w", name, err)
			}
		}
		pod, err := podLink(links, iface)
		if err != nil {
			return err
		}
		if isStandIn(pod) {
			return nil // done before
		}
		if spare, err = standIn(links, pod, name, +1); err != nil {
			return err
		}
		if err := links.LinkSetAlias(spare, pod.Attrs().Name); err != nil {
			return fmt.Errorf("completing %s: %w", name, err)
		}
		spare.Attrs().Alias = pod.Attrs().Name
	}
	pod := spare.Attrs().Alias
	if err := vacate(links, pod); err != nil {
		return err
	}
	if _, err := standIn(links, spare, pod, -1); err != nil {
		return err
	}
	if err := links.LinkDel(spare); err != nil {
		return fmt.Errorf("removing %s: %w", name, err)
	}
	return nil
}

func isStandIn(link netlink.Link) bool { return link.Type() == (&netlink.Bridge{}).Type() }

// vacate makes the name of the pod's interface free.
func vacate(links *netlink.Handle, pod string) error {
	link, err := find(links, pod)
	if link == nil || err != nil {
		return err
	}
	if isStandIn(link) {
		if err := links.LinkDel(link); err != nil {
			return fmt.Errorf("removing the unfinished %s: %w", pod, err)
		}
		return nil
	}
	if err := links.LinkSetDown(link); err != nil {
		return fmt.Errorf("setting %s down: %w", pod, err)
	}
	if err := links.LinkSetName(link, nicName(pod)); err != nil {
		return fmt.Errorf("renaming %s to %s: %w", pod, nicName(pod), err)
	}
	return nil
}

// standIn makes a link with everything that another one has been given. The metric
// of its routes is another: the same routes through two links would become one.
func standIn(links *netlink.Handle, from netlink.Link, name string, metric int) (netlink.Link, error) {
	attributes := netlink.NewLinkAttrs()
	attributes.Name, attributes.MTU, attributes.HardwareAddr = name, from.Attrs().MTU, from.Attrs().HardwareAddr
	made := &netlink.Bridge{LinkAttrs: attributes}
	if err := links.LinkAdd(made); err != nil {
		return nil, fmt.Errorf("creating %s: %w", name, err)
	}
	if err := links.LinkSetUp(made); err != nil {
		return nil, fmt.Errorf("setting %s up: %w", name, err)
	}
	for _, which := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		if err := copyAddresses(links, from, made, which); err != nil {
			return nil, err
		}
		if err := copyRoutes(links, from, made, which, metric); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// copyAddresses leaves out what the kernel has chosen or learned by itself.
func copyAddresses(links *netlink.Handle, from, to netlink.Link, which int) error {
	addresses, err := links.AddrList(from, which)
	if err != nil {
		return fmt.Errorf("listing the addresses of %s: %w", from.Attrs().Name, err)
	}
	for _, address := range addresses {
		if address.Flags&unix.IFA_F_PERMANENT == 0 || which == netlink.FAMILY_V6 && address.IP.IsLinkLocalUnicast() {
			continue
		}
		same := &netlink.Addr{IPNet: address.IPNet, Peer: address.Peer, Broadcast: address.Broadcast, Scope: address.Scope}
		same.Flags = address.Flags & unix.IFA_F_NOPREFIXROUTE
		if which == netlink.FAMILY_V6 {
			same.Flags |= unix.IFA_F_NODAD
		}
		if err := links.AddrReplace(to, same); err != nil {
			return fmt.Errorf("giving %s the address %s: %w", to.Attrs().Name, address.IPNet, err)
		}
	}
	return nil
}

// copyRoutes copies those without a gateway first: the way to the gateways may be
// among them.
func copyRoutes(links *netlink.Handle, from, to netlink.Link, which, metric int) error {
	routes, err := ownRoutes(links, from, which)
	if err != nil {
		return err
	}
	slices.SortStableFunc(routes, func(a, b netlink.Route) int { return len(a.Gw) - len(b.Gw) })
	for _, route := range routes {
		route.LinkIndex, route.Flags = to.Attrs().Index, route.Flags&unix.RTNH_F_ONLINK
		route.Priority += metric
		if err := links.RouteAdd(&route); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("giving %s the route %s: %w", to.Attrs().Name, route, err)
		}
	}
	return nil
}

// bridge connects the pod's interface, which was moved aside, with the guest's tap.
func (p Pods) bridge(links *netlink.Handle, kernel sysctls, iface *Interface, facts *InterfaceFacts) error {
	bridge, err := ensureBridge(links, iface.Names.Bridge, facts.MTU, nil)
	if err != nil {
		return err
	}
	if err := kernel.set("ipv6/conf/"+iface.Names.Bridge+"/disable_ipv6", "1"); err != nil {
		return err
	}
	if err := links.LinkSetARPOff(bridge); err != nil {
		return fmt.Errorf("switching ARP of %s off: %w", iface.Names.Bridge, err)
	}
	if err := ensureNIC(links, kernel, bridge, facts); err != nil {
		return err
	}
	if err := p.ensureTap(links, kernel, bridge, iface.Names.Tap, iface.Queues, facts.MTU); err != nil {
		return err
	}
	if facts.Guest.GetDhcp() != nil {
		if err := ensureService(links, kernel, bridge, iface, facts); err != nil {
			return err
		}
	}
	if facts.advertises() {
		if err := p.ensureAdvertiser(links, kernel, bridge, iface, facts.MTU); err != nil {
			return err
		}
	}
	if err := links.LinkSetUp(bridge); err != nil {
		return fmt.Errorf("setting %s up: %w", iface.Names.Bridge, err)
	}
	return nil
}

// ensureNIC puts the pod's interface on the bridge. Frames for its hardware address
// would end in the pod, so that is left to the guest, and its addresses as well.
func ensureNIC(links *netlink.Handle, kernel sysctls, bridge netlink.Link, facts *InterfaceFacts) error {
	name := nicName(facts.PodInterface)
	nic, err := links.LinkByName(name)
	if err != nil {
		return fmt.Errorf("looking for %s: %w", name, err)
	}
	for _, guests := range []string{facts.MAC, facts.Guest.GetMac()} {
		if mac, err := net.ParseMAC(guests); err != nil || !bytes.Equal(mac, nic.Attrs().HardwareAddr) {
			continue
		}
		if err := links.LinkSetHardwareAddr(nic, randomMAC()); err != nil {
			return fmt.Errorf("changing the hardware address of %s: %w", name, err)
		}
		break
	}
	addresses, err := links.AddrList(nic, netlink.FAMILY_V4)
	if err != nil {
		return fmt.Errorf("listing the addresses of %s: %w", name, err)
	}
	for i := range addresses {
		if err := links.AddrDel(nic, &addresses[i]); err != nil {
			return fmt.Errorf("taking the address %s from %s: %w", addresses[i].IPNet, name, err)
		}
	}
	if err := ensurePort(links, kernel, bridge, nic, facts.MTU); err != nil {
		return err
	}
	// Some networks send back what is sent to all ("hairpin"). From the guest's own
	// frames the bridge would learn that the guest is outside.
	if err := links.LinkSetLearning(nic, false); err != nil {
		return fmt.Errorf("keeping the bridge from learning by %s: %w", name, err)
	}
	return isolate(links, nic)
}

// randomMAC is an address for one device, locally administered.
func randomMAC() net.HardwareAddr {
	mac := make(net.HardwareAddr, 6)
	_, _ = rand.Read(mac) // never fails
	mac[0] = mac[0]&^1 | 2
	return mac
}
