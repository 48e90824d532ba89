package network

import (
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// tableName is our own table, so that a sidecar's rules in the usual ones neither
// disturb nor are disturbed.
const tableName = "kubevirt"

// family holds what differs between IPv4 and IPv6.
type family struct {
	table          nftables.TableFamily
	guest, gateway netip.Addr
	loopback       netip.Prefix
	// unrouted are the sources of a guest that has no address yet, or asks its link.
	unrouted []netip.Prefix
	// source and destination are the offsets of the addresses in the header.
	source, destination uint32
}

func familyOf(guest, gateway netip.Addr) family {
	if guest.Is4() {
		return family{table: nftables.TableFamilyIPv4, guest: guest, gateway: gateway,
			loopback: netip.MustParsePrefix("127.0.0.0/8"), unrouted: prefixes("0.0.0.0/32"), source: 12, destination: 16}
	}
	return family{table: nftables.TableFamilyIPv6, guest: guest, gateway: gateway,
		loopback: netip.MustParsePrefix("::1/128"), unrouted: prefixes("::/128", "fe80::/10"), source: 8, destination: 24}
}

func prefixes(list ...string) []netip.Prefix {
	var parsed []netip.Prefix
	for _, one := range list {
		parsed = append(parsed, netip.MustParsePrefix(one))
	}
	return parsed
}

// translate replaces the table of each family in one transaction.
func translate(conn *nftables.Conn, podInterface, bridge string, ports []PortRange, families []family) error {
	for _, f := range families {
		f.rules(conn, podInterface, bridge, ports)
	}
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("setting the address translation up: %w", err)
	}
	return nil
}

// rules queues the table. What comes in through the pod's interface goes to the
// guest, all of it or the listed ports; what comes from the guest leaves with the
// pod's address. Connections to the pod's loopback address (port forwarding of
// kubectl) reach the guest as well, seen to come from its gateway; the guest
// itself cannot reach what listens there. The guest speaks for nobody but itself:
// with another's address its packets would leave the pod as they are, past the
// policies for it.
func (f family) rules(conn *nftables.Conn, podInterface, bridge string, ports []PortRange) {
	table := &nftables.Table{Name: tableName, Family: f.table}
	conn.AddTable(table)
	conn.DelTable(table)
	conn.AddTable(table)
	chain := func(name string, kind nftables.ChainType, hook *nftables.ChainHook, priority *nftables.ChainPriority) *nftables.Chain {
		return conn.AddChain(&nftables.Chain{Name: name, Table: table, Type: kind, Hooknum: hook, Priority: priority})
	}
	rule := func(chain *nftables.Chain, parts ...[]expr.Any) {
		var expressions []expr.Any
		for _, part := range parts {
			expressions = append(expressions, part...)
		}
		conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: expressions})
	}
	prerouting := chain("prerouting", nftables.ChainTypeNAT, nftables.ChainHookPrerouting, nftables.ChainPriorityNATDest)
	output := chain("output", nftables.ChainTypeNAT, nftables.ChainHookOutput, nftables.ChainPriorityNATDest)
	postrouting := chain("postrouting", nftables.ChainTypeNAT, nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource)
	forward := chain("forward", nftables.ChainTypeFilter, nftables.ChainHookForward, nftables.ChainPriorityFilter)
	input := chain("input", nftables.ChainTypeFilter, nftables.ChainHookInput, nftables.ChainPriorityFilter)

	toGuest := f.translateTo(f.guest, expr.NATTypeDestNAT)
	if len(ports) == 0 {
		rule(prerouting, interfaceIs(expr.MetaKeyIIFNAME, podInterface, expr.CmpOpEq), toGuest)
		rule(output, f.addressIn(f.destination, f.loopback), toGuest)
	}
	for _, ports := range ports {
		rule(prerouting, interfaceIs(expr.MetaKeyIIFNAME, podInterface, expr.CmpOpEq), portIn(ports), toGuest)
		rule(output, f.addressIn(f.destination, f.loopback), portIn(ports), toGuest)
	}
	guestOnly, drop := netip.PrefixFrom(f.guest, f.guest.BitLen()), []expr.Any{&expr.Verdict{Kind: expr.VerdictDrop}}
	fromGuest, alien := interfaceIs(expr.MetaKeyIIFNAME, bridge, expr.CmpOpEq), f.addressNotIn(f.source, guestOnly)
	// What stays on the bridge comes by here as well where the node filters bridges.
	rule(forward, fromGuest, interfaceIs(expr.MetaKeyOIFNAME, bridge, expr.CmpOpNeq), alien, drop)
	rule(input, fromGuest, f.addressIn(f.destination, f.loopback), isNew(), drop)
	for _, unrouted := range f.unrouted {
		rule(input, fromGuest, f.addressIn(f.source, unrouted), []expr.Any{&expr.Verdict{Kind: expr.VerdictAccept}})
	}
	rule(input, fromGuest, alien, drop)
	rule(postrouting, interfaceIs(expr.MetaKeyOIFNAME, bridge, expr.CmpOpNeq),
		f.addressIn(f.source, guestOnly), []expr.Any{&expr.Masq{}})
	rule(postrouting, interfaceIs(expr.MetaKeyOIFNAME, bridge, expr.CmpOpEq),
		f.addressIn(f.source, f.loopback), f.translateTo(f.gateway, expr.NATTypeSourceNAT))
}

func interfaceIs(key expr.MetaKey, name string, operation expr.CmpOp) []expr.Any {
	padded := make([]byte, unix.IFNAMSIZ)
	copy(padded, name)
	return []expr.Any{
		&expr.Meta{Key: key, Register: 1},
		&expr.Cmp{Op: operation, Register: 1, Data: padded},
	}
}

func (f family) addressIn(offset uint32, network netip.Prefix) []expr.Any {
	return f.address(offset, network, expr.CmpOpEq)
}

func (f family) addressNotIn(offset uint32, network netip.Prefix) []expr.Any {
	return f.address(offset, network, expr.CmpOpNeq)
}

func (f family) address(offset uint32, network netip.Prefix, operation expr.CmpOp) []expr.Any {
	address := network.Masked().Addr().AsSlice()
	length := uint32(len(address))
	mask := make([]byte, length)
	for bit := range network.Bits() {
		mask[bit/8] |= 1 << (7 - bit%8)
	}
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: length},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: length, Mask: mask, Xor: make([]byte, length)},
		&expr.Cmp{Op: operation, Register: 1, Data: address},
	}
}

func portIn(ports PortRange) []expr.Any {
	const destinationPort = 2
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{byte(ports.Protocol)}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: destinationPort, Len: 2},
		&expr.Cmp{Op: expr.CmpOpGte, Register: 1, Data: binaryutil.BigEndian.PutUint16(ports.First)},
		&expr.Cmp{Op: expr.CmpOpLte, Register: 1, Data: binaryutil.BigEndian.PutUint16(ports.Last)},
	}
}

func (f family) translateTo(address netip.Addr, kind expr.NATType) []expr.Any {
	protocol := uint32(unix.NFPROTO_IPV4)
	if address.Is6() {
		protocol = unix.NFPROTO_IPV6
	}
	return []expr.Any{
		&expr.Immediate{Register: 1, Data: address.AsSlice()},
		&expr.NAT{Type: kind, Family: protocol, RegAddrMin: 1},
	}
}

// isNew matches the first packet of a connection.
func isNew() []expr.Any {
	return []expr.Any{
		&expr.Ct{Key: expr.CtKeySTATE, Register: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4,
			Mask: binaryutil.NativeEndian.PutUint32(expr.CtStateBitNEW), Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: make([]byte, 4)},
	}
}
