package dhcp

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"
)

// forever is DHCPv6's infinity (RFC 8415, 7.7).
const forever = 0xffffffff * time.Second

// answer6 answers one packet.
func answer6(config Config, hardware net.HardwareAddr, packet []byte) (message, error) {
	request, err := dhcpv6.MessageFromBytes(packet)
	if err != nil {
		return nil, nil // the guest may send anything
	}
	answer, err := reply6(config, &dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: hardware}, request)
	if answer == nil || err != nil {
		return nil, err
	}
	return answer, nil
}

// reply6 decides what to answer as the server with the id self; nil means to
// stay silent. The guest's router is not told by DHCPv6 but by router
// advertisements.
func reply6(config Config, self dhcpv6.DUID, request *dhcpv6.Message) (*dhcpv6.Message, error) {
	client := request.Options.ClientID()
	if client == nil {
		return nil, nil
	}
	if server := request.Options.ServerID(); server != nil && !server.Equal(self) {
		return nil, nil // meant for another server
	}
	modifiers := []dhcpv6.Modifier{dhcpv6.WithServerID(self)}
	switch request.MessageType {
	case dhcpv6.MessageTypeSolicit, dhcpv6.MessageTypeRequest, dhcpv6.MessageTypeRenew, dhcpv6.MessageTypeRebind:
		modifiers = append(modifiers, addresses(config.Address6.Addr(), request)...)
		modifiers = append(modifiers, parameters6(config.Resolver)...)
	case dhcpv6.MessageTypeInformationRequest:
		modifiers = append(modifiers, parameters6(config.Resolver)...)
	case dhcpv6.MessageTypeConfirm:
		modifiers = append(modifiers, dhcpv6.WithOption(confirmation(config.Address6, request)))
	case dhcpv6.MessageTypeRelease, dhcpv6.MessageTypeDecline:
		modifiers = append(modifiers, dhcpv6.WithOption(&dhcpv6.OptStatusCode{StatusCode: iana.StatusSuccess}))
	default:
		return nil, nil
	}
	answer := &dhcpv6.Message{MessageType: dhcpv6.MessageTypeReply, TransactionID: request.TransactionID}
	if request.MessageType == dhcpv6.MessageTypeSolicit {
		if request.GetOneOption(dhcpv6.OptionRapidCommit) != nil {
			modifiers = append(modifiers, dhcpv6.WithRapidCommit)
		} else {
			answer.MessageType = dhcpv6.MessageTypeAdvertise
		}
	}
	dhcpv6.WithClientID(client)(answer)
	for _, modify := range modifiers {
		modify(answer)
	}
	if len(answer.ToBytes()) > maxMessage {
		return nil, fmt.Errorf("the answer to a DHCPv6 %s is too long", request.MessageType)
	}
	return answer, nil
}

// addresses gives the first of the client's associations the one address there
// is, and the others none.
func addresses(address netip.Addr, request *dhcpv6.Message) []dhcpv6.Modifier {
	var modifiers []dhcpv6.Modifier
	for i, association := range request.Options.IANA() {
		granted := &dhcpv6.OptIANA{IaId: association.IaId}
		if i == 0 {
			granted.T1, granted.T2 = forever, forever
			granted.Options.Add(&dhcpv6.OptIAAddress{
				IPv6Addr: address.AsSlice(), PreferredLifetime: forever, ValidLifetime: forever,
			})
		} else {
			granted.Options.Add(&dhcpv6.OptStatusCode{StatusCode: iana.StatusNoAddrsAvail})
		}
		// Added, not set: there may be several options of this kind.
		modifiers = append(modifiers, func(answer dhcpv6.DHCPv6) { answer.AddOption(granted) })
	}
	return modifiers
}

// confirmation tells whether the addresses that the client believes to have
// fit the network it is on.
func confirmation(network netip.Prefix, request *dhcpv6.Message) *dhcpv6.OptStatusCode {
	for _, association := range request.Options.IANA() {
		for _, believed := range association.Options.Addresses() {
			address, ok := netip.AddrFromSlice(believed.IPv6Addr)
			if !ok || !network.Contains(address) {
				return &dhcpv6.OptStatusCode{StatusCode: iana.StatusNotOnLink}
			}
		}
	}
	return &dhcpv6.OptStatusCode{StatusCode: iana.StatusSuccess}
}

func parameters6(resolver Resolver) []dhcpv6.Modifier {
	var modifiers []dhcpv6.Modifier
	var servers []net.IP
	for _, server := range resolver.IPv6() {
		servers = append(servers, server.AsSlice())
	}
	if len(servers) > 0 {
		modifiers = append(modifiers, dhcpv6.WithDNS(servers...))
	}
	if len(resolver.Search) > 0 {
		modifiers = append(modifiers, dhcpv6.WithDomainSearchList(slices.Clone(resolver.Search)...))
	}
	return modifiers
}
