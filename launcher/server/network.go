package server

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"

	"kubevirt.io/kubevirt/launcher/protocol"
	"kubevirt.io/kubevirt/launcher/vm"
)

func networkInterface(nic *protocol.Interface) (vm.Interface, error) {
	converted := vm.Interface{
		Network: nic.GetNetwork(), Tap: nic.GetTap(), PodInterface: nic.GetPodInterface(), MTU: uint16(nic.GetMtu()),
	}
	if nic.GetMtu() > math.MaxUint16 {
		return vm.Interface{}, errors.New("its MTU exceeds 65535")
	}
	var err error
	if nic.GetMac() != "" || nic.GetDhcp() != nil {
		if converted.MAC, err = net.ParseMAC(nic.GetMac()); err != nil {
			return vm.Interface{}, fmt.Errorf("its MAC address: %w", err)
		}
	}
	if nic.GetDhcp() != nil {
		if converted.DHCP, err = lease(nic.GetDhcp()); err != nil {
			return vm.Interface{}, err
		}
	}
	if nic.GetAdvertisement() != nil {
		if converted.Advertisement, err = advertisement(nic.GetAdvertisement()); err != nil {
			return vm.Interface{}, err
		}
	}
	return converted, nil
}

// reader reads addresses and keeps the first error.
type reader struct{ err error }

func (r *reader) fail(what string, err error) {
	if r.err == nil && err != nil {
		r.err = fmt.Errorf("%s: %w", what, err)
	}
}

// prefix reads a prefix; an empty one is the zero value.
func (r *reader) prefix(what, s string, family func(netip.Addr) bool) netip.Prefix {
	if s == "" {
		return netip.Prefix{}
	}
	prefix, err := netip.ParsePrefix(s)
	if err == nil && !family(prefix.Addr()) {
		err = errors.New(s + " is of the other IP family")
	}
	r.fail(what, err)
	return prefix
}

// address reads an address with or without a prefix length; an empty one is the
// zero value.
func (r *reader) address(what, s string, family func(netip.Addr) bool) netip.Addr {
	if s == "" {
		return netip.Addr{}
	}
	if prefix, err := netip.ParsePrefix(s); err == nil {
		s = prefix.Addr().String()
	}
	address, err := netip.ParseAddr(s)
	if err == nil && !family(address) {
		err = errors.New(s + " is of the other IP family")
	}
	r.fail(what, err)
	return address
}

func either(netip.Addr) bool { return true }

func lease(d *protocol.DHCP) (*vm.DHCP, error) {
	var r reader
	converted := &vm.DHCP{
		Device:   d.GetDevice(),
		Address:  r.prefix("the guest's address", d.GetAddress(), netip.Addr.Is4),
		Gateway:  r.address("the gateway's address", d.GetGateway(), netip.Addr.Is4),
		Server:   r.address("the server's address", d.GetServer(), netip.Addr.Is4),
		Address6: r.prefix("the guest's IPv6 address", d.GetAddress6(), netip.Addr.Is6),
	}
	for _, route := range d.GetRoutes() {
		converted.Routes = append(converted.Routes, vm.Route{
			Destination: r.prefix("the destination of a route", route.GetDestination(), either),
			Gateway:     r.address("the gateway of a route", route.GetGateway(), either),
		})
	}
	switch {
	case r.err != nil:
		return nil, r.err
	case !converted.Address.IsValid() && !converted.Address6.IsValid():
		return nil, errors.New("the guest's address is missing")
	case converted.Address.IsValid() && !converted.Gateway.IsValid() && !converted.Server.IsValid():
		return nil, errors.New("the gateway's address is missing")
	}
	return converted, nil
}

func advertisement(a *protocol.Advertisement) (*vm.Advertisement, error) {
	var r reader
	converted := &vm.Advertisement{
		Tap: a.GetTap(), Default: a.GetRouter(),
		Source: r.address("the router's address", a.GetSource(), netip.Addr.IsLinkLocalUnicast),
		Prefix: r.prefix("the network on the link", a.GetPrefix(), netip.Addr.Is6),
	}
	if a.GetMac() != "" {
		mac, err := net.ParseMAC(a.GetMac())
		r.fail("the router's MAC address", err)
		converted.MAC = mac
	}
	if r.err == nil && !converted.Source.IsValid() {
		return nil, errors.New("the router's address is missing")
	}
	return converted, r.err
}
