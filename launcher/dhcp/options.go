package dhcp

import (
	"encoding/binary"
	"net"
	"net/netip"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/rfc1035label"
)

// maxBootFile is the room for the boot file's name in a message's header; old
// clients look for it there only.
const maxBootFile = 127

// options are the parameters that every answer tells.
func options(config Config) []dhcpv4.Modifier {
	server := net.IP(config.server().AsSlice())
	modifiers := []dhcpv4.Modifier{
		dhcpv4.WithServerIP(server),
		dhcpv4.WithOption(dhcpv4.OptServerIdentifier(server)),
		dhcpv4.WithNetmask(net.CIDRMask(config.Address.Bits(), 32)),
	}
	modifiers = append(modifiers, ways(config)...)
	if servers := nameservers(config.Resolver); len(servers) > 0 {
		modifiers = append(modifiers, dhcpv4.WithDNS(servers...))
	}
	if search := config.Resolver.Search; len(search) > 0 {
		modifiers = append(modifiers,
			dhcpv4.WithOption(dhcpv4.OptDomainName(search[0])),
			dhcpv4.WithOption(dhcpv4.OptDomainSearch(&rfc1035label.Labels{Labels: search})))
	}
	if config.MTU > 0 {
		modifiers = append(modifiers, dhcpv4.WithGeneric(dhcpv4.OptionInterfaceMTU, binary.BigEndian.AppendUint16(nil, config.MTU)))
	}
	if config.Hostname != "" {
		modifiers = append(modifiers, dhcpv4.WithOption(dhcpv4.OptHostName(config.Hostname)))
	}
	return append(modifiers, config.Extra.options()...)
}

// ways are the router and the routes. A client that understands the latter ignores
// the former (RFC 3442), so the default route is told twice.
func ways(config Config) []dhcpv4.Modifier {
	var modifiers []dhcpv4.Modifier
	gateway := config.Gateway
	var routes dhcpv4.Routes
	for _, route := range config.Routes {
		if !route.Destination.Addr().Is4() {
			continue
		}
		if route.Destination.Bits() == 0 && route.Gateway.IsValid() && !gateway.IsValid() {
			gateway = route.Gateway
		}
		hop := net.IPv4zero
		if route.Gateway.IsValid() {
			hop = route.Gateway.AsSlice()
		}
		routes = append(routes, &dhcpv4.Route{
			Dest: &net.IPNet{
				IP: route.Destination.Masked().Addr().AsSlice(), Mask: net.CIDRMask(route.Destination.Bits(), 32),
			},
			Router: hop,
		})
	}
	if gateway.IsValid() {
		modifiers = append(modifiers, dhcpv4.WithRouter(gateway.AsSlice()))
	}
	if len(routes) > 0 {
		modifiers = append(modifiers, dhcpv4.WithOption(dhcpv4.OptClasslessStaticRoute(routes...)))
	}
	return modifiers
}

// options are those the user has chosen; they come last, and win.
func (e Extra) options() []dhcpv4.Modifier {
	var modifiers []dhcpv4.Modifier
	if e.BootFileName != "" {
		modifiers = append(modifiers, dhcpv4.WithOption(dhcpv4.OptBootFileName(e.BootFileName)))
		if len(e.BootFileName) <= maxBootFile {
			modifiers = append(modifiers, func(m *dhcpv4.DHCPv4) { m.BootFileName = e.BootFileName })
		}
	}
	if e.TFTPServerName != "" {
		modifiers = append(modifiers, dhcpv4.WithOption(dhcpv4.OptTFTPServerName(e.TFTPServerName)))
		// Boot ROMs go to the next server rather than to the one of that name.
		if address, err := netip.ParseAddr(e.TFTPServerName); err == nil && address.Is4() {
			modifiers = append(modifiers, dhcpv4.WithServerIP(address.AsSlice()))
		}
	}
	if len(e.NTPServers) > 0 {
		var servers []net.IP
		for _, server := range e.NTPServers {
			servers = append(servers, server.AsSlice())
		}
		modifiers = append(modifiers, dhcpv4.WithOption(dhcpv4.OptNTPServers(servers...)))
	}
	for _, private := range e.Private {
		modifiers = append(modifiers, dhcpv4.WithGeneric(dhcpv4.GenericOptionCode(private.Code), []byte(private.Value)))
	}
	return modifiers
}

func nameservers(resolver Resolver) []net.IP {
	var servers []net.IP
	for _, server := range resolver.Nameservers {
		if server.Is4() {
			servers = append(servers, server.AsSlice())
		}
	}
	return servers
}
