package router

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/mdlayher/ndp"
	"golang.org/x/sys/unix"
)

// Where things are in an Ethernet frame with IPv6 in it.
const (
	offsetType       = 12
	offsetIP         = 14
	offsetNextHeader = offsetIP + 6
	offsetHopLimit   = offsetIP + 7
	offsetSource     = offsetIP + 8
	offsetTarget     = offsetIP + 24
	offsetMessage    = offsetIP + 40

	// maxFrame is enough for solicitations.
	maxFrame = 1514
	// ownLink is the hop limit that proves that no router has passed a packet on.
	ownLink          = 255
	typeSolicitation = 133
	version6         = 0x60
	// minimumMTU is the least that IPv6 takes.
	minimumMTU = 1280
	hopLimit   = 64
)

// All nodes on the link.
var (
	allNodes    = netip.IPv6LinkLocalAllNodes()
	allNodesMAC = net.HardwareAddr{0x33, 0x33, 0, 0, 0, 1}
)

// sender is the hardware address that frames come from. The device's own is the
// bridge's, which drops what seems to come from itself.
func sender(device net.HardwareAddr) net.HardwareAddr {
	mac := slices.Clone(device)
	mac[len(mac)-1] ^= 1
	return mac
}

// advertisement is what the guest is told.
func advertisement(config Config) *ndp.RouterAdvertisement {
	message := &ndp.RouterAdvertisement{
		CurrentHopLimit: hopLimit, ManagedConfiguration: true, OtherConfiguration: true,
	}
	if config.Default {
		message.RouterLifetime = lifetime
	}
	if len(config.MAC) > 0 {
		message.Options = append(message.Options, &ndp.LinkLayerAddress{Direction: ndp.Source, Addr: config.MAC})
	}
	if config.MTU >= minimumMTU {
		message.Options = append(message.Options, ndp.NewMTU(uint32(config.MTU)))
	}
	if config.Prefix.IsValid() {
		message.Options = append(message.Options, &ndp.PrefixInformation{
			PrefixLength: uint8(config.Prefix.Bits()), OnLink: true,
			ValidLifetime: ndp.Infinity, PreferredLifetime: ndp.Infinity, Prefix: config.Prefix.Masked().Addr(),
		})
	}
	if len(config.Nameservers) > 0 {
		message.Options = append(message.Options, &ndp.RecursiveDNSServer{Lifetime: lifetime, Servers: config.Nameservers})
	}
	return message
}

// frameFor is the advertisement on its way to all nodes, which are the guest.
func frameFor(config Config, from net.HardwareAddr) ([]byte, error) {
	message, err := ndp.MarshalMessageChecksum(advertisement(config), config.Source, allNodes)
	if err != nil {
		return nil, fmt.Errorf("building the router advertisement: %w", err)
	}
	frame := slices.Concat(allNodesMAC, from, []byte{unix.ETH_P_IPV6 >> 8, unix.ETH_P_IPV6 & 0xff, version6, 0, 0, 0})
	frame = binary.BigEndian.AppendUint16(frame, uint16(len(message)))
	frame = append(frame, unix.IPPROTO_ICMPV6, ownLink)
	frame = append(frame, config.Source.AsSlice()...)
	frame = append(frame, allNodes.AsSlice()...)
	return append(frame, message...), nil
}

// isSolicitation looks again at what the filter has let through.
func isSolicitation(frame []byte) bool {
	return len(frame) >= offsetMessage+8 && binary.BigEndian.Uint16(frame[offsetType:]) == unix.ETH_P_IPV6 &&
		frame[offsetNextHeader] == unix.IPPROTO_ICMPV6 && frame[offsetHopLimit] == ownLink && frame[offsetMessage] == typeSolicitation
}
