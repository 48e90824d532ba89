package network

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"kubevirt.io/kubevirt/test/netns"
)

const probePort = 4321

// datagram is a frame with an empty UDP datagram.
func datagram(from, to net.HardwareAddr, source, destination netip.Addr) []byte {
	udp := binary.BigEndian.AppendUint16(nil, probePort)
	udp = binary.BigEndian.AppendUint16(udp, probePort)
	udp = append(udp, 0, 8, 0, 0)
	frame := slices.Concat(to, from)
	if source.Is6() {
		frame = append(frame, 0x86, 0xdd, 0x60, 0, 0, 0, 0, byte(len(udp)), unix.IPPROTO_UDP, 64)
		pseudo := slices.Concat(source.AsSlice(), destination.AsSlice(), []byte{0, 0, 0, byte(len(udp)), 0, 0, 0, unix.IPPROTO_UDP})
		binary.BigEndian.PutUint16(udp[6:], checksum(append(pseudo, udp...)))
		return slices.Concat(frame, source.AsSlice(), destination.AsSlice(), udp)
	}
	header := []byte{0x45, 0, 0, byte(20 + len(udp)), 0, 0, 0, 0, 64, unix.IPPROTO_UDP, 0, 0}
	header = slices.Concat(header, source.AsSlice(), destination.AsSlice())
	binary.BigEndian.PutUint16(header[10:], checksum(header))
	return slices.Concat(frame, []byte{8, 0}, header, udp)
}

func checksum(words []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(words); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(words[i:]))
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

// sources collects where the probes come from that reach a node.
type sources struct {
	mu   sync.Mutex
	seen []netip.Addr
}

func (s *sources) see(frame []byte) {
	probe := binary.BigEndian.AppendUint16(nil, probePort)
	var at int
	switch {
	case len(frame) >= 42 && frame[12] == 0x08 && frame[13] == 0 && bytes.Equal(frame[36:38], probe):
		at = 26
	case len(frame) >= 62 && frame[12] == 0x86 && bytes.Equal(frame[56:58], probe):
		at = 22
	default:
		return
	}
	length := 4
	if at == 22 {
		length = 16
	}
	source, _ := netip.AddrFromSlice(frame[at : at+length])
	s.add(source)
}

func (s *sources) add(source netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, source)
}

// receive collects where the probes come from that a namespace takes as its own.
func (s *sources) receive(t *testing.T, namespace *os.File) {
	t.Helper()
	in(t, namespace, func() error {
		for _, kind := range []string{"udp4", "udp6"} {
			conn, err := net.ListenUDP(kind, &net.UDPAddr{Port: probePort})
			if err != nil {
				return err
			}
			t.Cleanup(func() { conn.Close() })
			go func() {
				for {
					_, from, err := conn.ReadFromUDPAddrPort(make([]byte, 8))
					if err != nil {
						return
					}
					s.add(from.Addr())
				}
			}()
		}
		return nil
	})
}

// until sends what is allowed until a probe from each of the addresses has come, and
// returns what has come besides.
func (s *sources) until(t *testing.T, allowed func(), last ...string) []netip.Addr {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		allowed()
		s.mu.Lock()
		seen := slices.Clone(s.seen)
		s.mu.Unlock()
		all := true
		for _, one := range last {
			all = all && slices.Contains(seen, netip.MustParseAddr(one))
		}
		if all {
			return slices.DeleteFunc(seen, func(a netip.Addr) bool { return slices.Contains(last, a.String()) })
		}
		if time.Now().After(deadline) {
			t.Fatalf("saw %v, not all of %v", seen, last)
		}
	}
}

// hardware are the addresses of a guest's NIC and of whom it sends to.
func hardware(t *testing.T, guest, pod *os.File, peer string) (own, other net.HardwareAddr) {
	t.Helper()
	for namespace, name := range map[*os.File]string{guest: netns.NIC, pod: peer} {
		in(t, namespace, func() error {
			link, err := net.InterfaceByName(name)
			if err == nil && namespace == guest {
				own = link.HardwareAddr
			} else if err == nil {
				other = link.HardwareAddr
			}
			return err
		})
	}
	return own, other
}

func send(t *testing.T, guest *os.File, frame []byte) {
	t.Helper()
	if err := netns.Send(guest, netns.NIC, frame); err != nil {
		t.Fatal(err)
	}
}

// TestMasqueradedGuestSpeaksForItself: with another's address nothing leaves the pod,
// and the pod itself takes nothing.
func TestMasqueradedGuestSpeaksForItself(t *testing.T) {
	plan, err := PlanFor(masqueraded(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	node, pod := nodeAndPod(t, "eth0")
	facts := ensure(t, pod, plan)
	guest := guest(t, pod, facts)
	for _, name := range []string{"all", "eth0", "k6t-eth0"} { // as some nodes have it
		netns.Sysctl(t, pod, "ipv4/conf/"+name+"/rp_filter", "0")
	}
	var left, arrived sources
	netns.Watch(t, node, left.see)
	arrived.receive(t, pod)
	own, gateway := hardware(t, guest, pod, "k6t-eth0")
	probe := func(source, destination string) {
		send(t, guest, datagram(own, gateway, netip.MustParseAddr(source), netip.MustParseAddr(destination)))
	}
	// The neighbours get to know each other first.
	netns.Serve(t, node, ":9090")
	for _, address := range []string{nodeIP + ":9090", "[" + nodeIP6 + "]:9090"} {
		if _, _, err := netns.Call(t, guest, address, patience); err != nil {
			t.Fatal(err)
		}
	}
	for _, alien := range []string{"10.244.9.7", "192.0.2.1", "10.0.2.3", podIP} {
		probe(alien, nodeIP)
		probe(alien, "10.0.2.1")
	}
	for _, alien := range []string{"fd00:244::7", "2001:db8::1", "fd10:0:2::3", podIP6} {
		probe(alien, nodeIP6)
		probe(alien, gatewayIP6)
	}
	outside := func() { probe(guestIP, nodeIP); probe(guestIP6, nodeIP6) }
	if aliens := left.until(t, outside, podIP, podIP6); len(aliens) > 0 {
		t.Errorf("packets from %v have left the pod", aliens)
	}
	inside := func() { probe(guestIP, "10.0.2.1"); probe(guestIP6, gatewayIP6) }
	if aliens := arrived.until(t, inside, guestIP, guestIP6); len(aliens) > 0 {
		t.Errorf("the pod has taken packets from %v", aliens)
	}
}
