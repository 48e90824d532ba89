package dhcp

import (
	"bytes"
	"fmt"
	"math"
	"net"
	"net/netip"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// infiniteLease never runs out (RFC 2131, 3.3): the address belongs to the pod,
// and a guest that stops asking must not lose it.
const infiniteLease = math.MaxUint32

// answer4 answers one packet.
func answer4(config Config, packet []byte, peer net.Addr) (message, net.Addr, error) {
	request, err := dhcpv4.FromBytes(packet)
	if err != nil {
		return nil, nil, nil // the guest may send anything
	}
	answer, err := reply(config, request)
	if answer == nil || err != nil {
		return nil, nil, err
	}
	left, err := fit(answer, request, config.MTU)
	return fitted{DHCPv4: answer, left: left}, destination(answer, peer), err
}

// destination is where an answer goes: to everybody while the client has no
// address of its own to receive on (RFC 2131, 4.1).
func destination(answer *dhcpv4.DHCPv4, peer net.Addr) net.Addr {
	from, isUDP := peer.(*net.UDPAddr)
	if !isUDP || from.IP.IsUnspecified() || answer.MessageType() == dhcpv4.MessageTypeNak {
		port := clientPort
		if isUDP {
			port = from.Port
		}
		return &net.UDPAddr{IP: net.IPv4bcast, Port: port}
	}
	return from
}

// reply decides what to answer; nil means to stay silent.
func reply(config Config, request *dhcpv4.DHCPv4) (*dhcpv4.DHCPv4, error) {
	if request.OpCode != dhcpv4.OpcodeBootRequest || !bytes.Equal(request.ClientHWAddr, config.MAC) {
		return nil, nil
	}
	server := config.server().AsSlice()
	if id := request.ServerIdentifier(); id != nil && !id.Equal(server) {
		return nil, nil // the client has chosen another server
	}
	var kind dhcpv4.MessageType
	switch request.MessageType() {
	case dhcpv4.MessageTypeDiscover:
		kind = dhcpv4.MessageTypeOffer
	case dhcpv4.MessageTypeRequest:
		if !wants(request, config.Address.Addr()) {
			return dhcpv4.NewReplyFromRequest(request,
				dhcpv4.WithMessageType(dhcpv4.MessageTypeNak),
				dhcpv4.WithOption(dhcpv4.OptServerIdentifier(server)))
		}
		kind = dhcpv4.MessageTypeAck
	case dhcpv4.MessageTypeInform:
		modifiers := append(options(config), dhcpv4.WithMessageType(dhcpv4.MessageTypeAck))
		return build(request, modifiers)
	default:
		return nil, nil
	}
	modifiers := append(options(config),
		dhcpv4.WithMessageType(kind),
		dhcpv4.WithYourIP(config.Address.Addr().AsSlice()),
		dhcpv4.WithLeaseTime(infiniteLease))
	return build(request, modifiers)
}

func build(request *dhcpv4.DHCPv4, modifiers []dhcpv4.Modifier) (*dhcpv4.DHCPv4, error) {
	answer, err := dhcpv4.NewReplyFromRequest(request, modifiers...)
	if err != nil {
		return nil, fmt.Errorf("building the answer to a DHCP %s: %w", request.MessageType(), err)
	}
	return answer, nil
}

// wants tells whether a REQUEST is for address: named as an option by a client
// that is being initialized, as its own address by one that renews.
func wants(request *dhcpv4.DHCPv4, address netip.Addr) bool {
	requested := request.RequestedIPAddress()
	if requested == nil {
		requested = request.ClientIPAddr
	}
	return requested.Equal(address.AsSlice())
}
