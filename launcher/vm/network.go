package vm

import (
	"net"
	"net/netip"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/dhcp"
	"kubevirt.io/kubevirt/launcher/router"
)

// Interface is one guest interface, prepared in the pod's network namespace.
type Interface struct {
	// Network is the name of the VMI's network.
	Network string
	// Tap is what QEMU opens; empty when it is connected with PodInterface otherwise.
	Tap          string
	PodInterface string
	MAC          net.HardwareAddr
	MTU          uint16
	// DHCP is nil when the guest gets its address from elsewhere.
	DHCP *DHCP
	// Advertisement is nil when the guest is not told about an IPv6 router.
	Advertisement *Advertisement
}

// DHCP is the guest's lease.
type DHCP struct {
	Device string
	// Address and Gateway are unset in a pod without IPv4.
	Address netip.Prefix
	Gateway netip.Addr
	// Address6 is unset in a pod without IPv6.
	Address6 netip.Prefix
	// Server is unset when the server is the gateway.
	Server netip.Addr
	Routes []Route
}

// Route is a way of the guest; without a gateway the destination is on the link.
type Route = dhcp.Route

// Advertisement is what the guest is told about its IPv6 router.
type Advertisement struct {
	// Tap reaches the guest and nobody else.
	Tap     string
	Source  netip.Addr
	MAC     net.HardwareAddr
	Default bool
	Prefix  netip.Prefix
}

// resolver is the pod's, as the guest is to have it.
func (p *Local) resolver(vmi *v1.VirtualMachineInstance) dhcp.Resolver {
	resolver, err := dhcp.ReadResolver(p.ResolvConf)
	if err != nil {
		// A pod may be without DNS; its guest is then, too.
		p.Log.Info("the guest gets no DNS servers", "err", err.Error())
	}
	return resolver.WithSubdomain(vmi.Spec.Subdomain, vmi.Namespace)
}

// lease builds the configuration of an interface's DHCP servers.
func (p *Local) lease(vmi *v1.VirtualMachineInstance, nic Interface) dhcp.Config {
	return dhcp.Config{
		Device: nic.DHCP.Device, MAC: nic.MAC,
		Address: nic.DHCP.Address, Gateway: nic.DHCP.Gateway, Server: nic.DHCP.Server, Routes: nic.DHCP.Routes,
		Address6: nic.DHCP.Address6,
		MTU:      nic.MTU, Hostname: hostname(vmi), Resolver: p.resolver(vmi),
		Extra: extraOptions(vmi, nic.Network),
	}
}

// extraOptions are those that the spec asks for.
func extraOptions(vmi *v1.VirtualMachineInstance, network string) dhcp.Extra {
	var extra dhcp.Extra
	for i := range vmi.Spec.Domain.Devices.Interfaces {
		options := vmi.Spec.Domain.Devices.Interfaces[i].DHCPOptions
		if vmi.Spec.Domain.Devices.Interfaces[i].Name != network || options == nil {
			continue
		}
		extra.BootFileName, extra.TFTPServerName = options.BootFileName, options.TFTPServerName
		for _, server := range options.NTPServers {
			if address, err := netip.ParseAddr(server); err == nil {
				extra.NTPServers = append(extra.NTPServers, address)
			}
		}
		for _, private := range options.PrivateOptions {
			extra.Private = append(extra.Private, dhcp.Private{Code: uint8(private.Option), Value: private.Value})
		}
	}
	return extra
}

// advertisement builds what an interface's guest is told about its router.
func (p *Local) advertisement(vmi *v1.VirtualMachineInstance, nic Interface) router.Config {
	return router.Config{
		Tap: nic.Advertisement.Tap, Source: nic.Advertisement.Source, MAC: nic.Advertisement.MAC,
		Default: nic.Advertisement.Default, Prefix: nic.Advertisement.Prefix,
		MTU: nic.MTU, Nameservers: p.resolver(vmi).IPv6(),
	}
}
