package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// ensureBridge makes a bridge; without a hardware address it gets a random one.
func ensureBridge(links *netlink.Handle, name string, mtu uint32, mac net.HardwareAddr) (netlink.Link, error) {
	attributes := netlink.NewLinkAttrs()
	attributes.Name, attributes.MTU, attributes.HardwareAddr = name, int(mtu), mac
	snooping := false
	bridge := &netlink.Bridge{LinkAttrs: attributes, MulticastSnooping: &snooping}
	if err := links.LinkAdd(bridge); err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, fmt.Errorf("creating %s: %w", name, err)
	}
	return ours(links, name, bridge.Type())
}

// ours returns a link that we have made, now or before: whoever else made one of its
// name is told so.
func ours(links *netlink.Handle, name, kind string) (netlink.Link, error) {
	link, err := links.LinkByName(name)
	if err != nil {
		return nil, fmt.Errorf("looking for %s: %w", name, err)
	}
	if link.Type() != kind {
		return nil, fmt.Errorf("the pod's %s is a %s where the guest's %s belongs: another network plugin has made it", name, link.Type(), kind)
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

// ensureTap makes the tap device that QEMU opens, on the bridge.
func (p Pods) ensureTap(links *netlink.Handle, kernel sysctls, bridge netlink.Link, name string, queues, mtu uint32) error {
	flags := uint16(unix.IFF_VNET_HDR)
	if queues > 1 {
		flags |= unix.IFF_MULTI_QUEUE
	}
	tap, err := p.createTap(links, name, flags)
	if err != nil {
		return err
	}
	return ensurePort(links, kernel, bridge, tap, mtu)
}

// createTap returns a tap device that may be there already.
func (p Pods) createTap(links *netlink.Handle, name string, flags uint16) (netlink.Link, error) {
	tap, err := find(links, name)
	if err != nil {
		return nil, err
	}
	if tap == nil {
		if err := createTap(p.TunDevice, name, flags); err != nil {
			return nil, err
		}
	}
	return ours(links, name, (&netlink.Tuntap{}).Type())
}

// ensurePort puts a link under the bridge. It has no IP of its own there.
func ensurePort(links *netlink.Handle, kernel sysctls, bridge, port netlink.Link, mtu uint32) error {
	name := port.Attrs().Name
	if port.Attrs().MTU != int(mtu) {
		if err := links.LinkSetMTU(port, int(mtu)); err != nil {
			return fmt.Errorf("setting the MTU of %s to %d: %w", name, mtu, err)
		}
	}
	if err := kernel.set("ipv6/conf/"+name+"/disable_ipv6", "1"); err != nil {
		return err
	}
	if port.Attrs().MasterIndex != bridge.Attrs().Index {
		if err := links.LinkSetMaster(port, bridge); err != nil {
			return fmt.Errorf("adding %s to %s: %w", name, bridge.Attrs().Name, err)
		}
	}
	if err := links.LinkSetUp(port); err != nil {
		return fmt.Errorf("setting %s up: %w", name, err)
	}
	return nil
}

// isolate keeps frames of a port away from the bridge's other isolated ports.
func isolate(links *netlink.Handle, port netlink.Link) error {
	if err := links.LinkSetIsolated(port, true); err != nil {
		return fmt.Errorf("isolating %s: %w", port.Attrs().Name, err)
	}
	return nil
}

// isolateService isolates a port on which we serve the guest. Of frames whose receiver
// the bridge does not know it gets no copy: they are for the outside.
func isolateService(links *netlink.Handle, port netlink.Link) error {
	if err := links.LinkSetFlood(port, false); err != nil {
		return fmt.Errorf("keeping frames for the outside from %s: %w", port.Attrs().Name, err)
	}
	return isolate(links, port)
}
