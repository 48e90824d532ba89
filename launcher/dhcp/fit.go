package dhcp

import (
	"fmt"
	"slices"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

const (
	// leastDatagram is what every client takes (RFC 2131, 2); more than that it has to
	// ask for, with the option for the maximum size of messages.
	leastDatagram = 576
	// headers of IP and UDP count.
	headers = 20 + 8
	// usualMTU is a link's whose MTU nobody tells.
	usualMTU = 1500
	// firstPrivate and lastPrivate are the codes for a site's own use.
	firstPrivate, lastPrivate = 224, 254
)

// essential is what a client cannot do without.
var essential = []uint8{
	dhcpv4.OptionDHCPMessageType.Code(), dhcpv4.OptionServerIdentifier.Code(), dhcpv4.OptionClientIdentifier.Code(),
	dhcpv4.OptionIPAddressLeaseTime.Code(), dhcpv4.OptionSubnetMask.Code(), dhcpv4.OptionRouter.Code(),
	dhcpv4.OptionClasslessStaticRoute.Code(), dhcpv4.OptionDomainNameServer.Code(),
}

// fitted is an answer that its client takes, and the codes of what was left out.
type fitted struct {
	*dhcpv4.DHCPv4
	left []uint8
}

// fit leaves options out of an answer that is longer than its client takes or than
// one frame holds, and returns their codes: private ones before others, and long ones
// before short ones.
func fit(answer, request *dhcpv4.DHCPv4, mtu uint16) ([]uint8, error) {
	limit := leastDatagram
	if asked, err := request.MaxMessageSize(); err == nil {
		limit = max(limit, int(asked))
	}
	if mtu == 0 {
		mtu = usualMTU
	}
	limit = min(limit, int(mtu)) - headers
	var spare []uint8
	for code := range answer.Options {
		if !slices.Contains(essential, code) {
			spare = append(spare, code)
		}
	}
	slices.SortFunc(spare, func(a, b uint8) int {
		if isPrivate(a) != isPrivate(b) {
			if isPrivate(a) {
				return -1
			}
			return 1
		}
		if longer := len(answer.Options[b]) - len(answer.Options[a]); longer != 0 {
			return longer
		}
		return int(b) - int(a)
	})
	var left []uint8
	for len(answer.ToBytes()) > limit {
		if len(spare) == len(left) {
			return nil, fmt.Errorf("the answer to a DHCP %s has more than the %d bytes that its client takes", request.MessageType(), limit)
		}
		code := spare[len(left)]
		answer.Options.Del(dhcpv4.GenericOptionCode(code))
		left = append(left, code)
	}
	return left, nil
}

func isPrivate(code uint8) bool { return code >= firstPrivate && code <= lastPrivate }
