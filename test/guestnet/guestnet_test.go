package guestnet

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv6"
	"golang.org/x/sys/unix"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/network"
	"kubevirt.io/kubevirt/launcher/dhcp"
	"kubevirt.io/kubevirt/launcher/protocol"
	"kubevirt.io/kubevirt/launcher/router"
	"kubevirt.io/kubevirt/test/netns"
)

const (
	nodeIP, podIP   = "10.244.9.1", "10.244.9.2"
	nodeIP6, podIP6 = "fd00:244::1", "fd00:244::2"
	nodeRouter      = "fe80::99"
)

// patience is how long something on the network may take.
const patience = 5 * time.Second

// world is a node, a pod behind it as a CNI plugin leaves it, and a guest in it.
type world struct {
	node, pod, guest *os.File
	told             *protocol.Interface
}

func newWorld(t *testing.T, binding v1.InterfaceBindingMethod) *world {
	t.Helper()
	w := &world{node: netns.New(t), pod: netns.New(t), guest: netns.New(t)}
	run(t, w.node, "link add v0 type veth peer name v1",
		fmt.Sprintf("link set v1 netns /proc/%d/fd/%d", os.Getpid(), w.pod.Fd()))
	run(t, w.node, "link set v0 up", "addr add "+nodeIP+"/24 dev v0", "addr add "+nodeIP6+"/64 dev v0 nodad", "addr add "+nodeRouter+"/64 dev v0 nodad")
	run(t, w.pod, "link set lo up", "link set v1 name eth0", "link set eth0 up", "addr add "+podIP+"/24 dev eth0", "addr add "+podIP6+"/64 dev eth0 nodad",
		"route add default via "+nodeIP, "-6 route add default via "+nodeRouter+" dev eth0")
	netns.Sysctl(t, w.pod, "ipv4/ip_unprivileged_port_start", "0") // as the pod's spec says
	vmi := &v1.VirtualMachineInstance{}
	vmi.Spec.Networks = []v1.Network{{Name: "default", NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}}}}
	vmi.Spec.Domain.Devices.Interfaces = []v1.Interface{{Name: "default", InterfaceBindingMethod: binding}}
	plan, err := network.PlanFor(vmi, nil)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := network.Pods{TunDevice: "/dev/net/tun"}.Ensure(w.pod, plan)
	if err != nil {
		t.Fatal(err)
	}
	w.told = facts.Guests()[0]
	return w
}

// serve runs the launcher's servers.
func (w *world) serve(t *testing.T) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	mac, err := net.ParseMAC(w.told.Mac)
	if err != nil {
		t.Fatal(err)
	}
	d, a := w.told.Dhcp, w.told.Advertisement
	leases := dhcp.Config{
		Device: d.Device, MAC: mac, Address: netip.MustParsePrefix(d.Address), Address6: netip.MustParsePrefix(d.Address6), MTU: uint16(w.told.Mtu),
	}
	if d.Server != "" {
		leases.Server = netip.MustParseAddr(d.Server)
	}
	if d.Gateway != "" {
		leases.Gateway = netip.MustParsePrefix(d.Gateway).Addr()
	}
	for _, route := range d.Routes {
		leases.Routes = append(leases.Routes, dhcp.Route{
			Destination: netip.MustParsePrefix(route.Destination), Gateway: netip.MustParseAddr(route.Gateway),
		})
	}
	advertised := router.Config{
		Tap: a.Tap, Source: netip.MustParseAddr(a.Source), Default: a.Router, Prefix: netip.MustParsePrefix(a.Prefix), MTU: uint16(w.told.Mtu),
	}
	if a.Mac != "" {
		if advertised.MAC, err = net.ParseMAC(a.Mac); err != nil {
			t.Fatal(err)
		}
	}
	var servers []interface {
		Serve() error
		Close() error
	}
	if err := asLauncher(w.pod, func() error {
		server, err := dhcp.Listen(t.Context(), leases, log)
		server6, err6 := dhcp.Listen6(t.Context(), leases, log)
		advertiser, errRouter := router.Listen(advertised, log)
		servers = append(servers, server, server6, advertiser)
		return errors.Join(err, err6, errRouter)
	}); err != nil {
		t.Fatal(err)
	}
	for _, server := range servers {
		go func() {
			if err := server.Serve(); err != nil {
				t.Error(err)
			}
		}()
		t.Cleanup(func() { server.Close() })
	}
}

// boot brings the guest's interface up and asks for addresses.
func (w *world) boot(t *testing.T) {
	t.Helper()
	netns.Plug(t, w.pod, w.guest, w.told.Tap)
	run(t, w.guest, "link set "+netns.NIC+" address "+w.told.Mac)
	netns.Sysctl(t, w.guest, "ipv6/conf/ens1/accept_dad", "0")
	run(t, w.guest, "link set lo up", "link set ens1 up")
	if err := netns.In(w.guest, func() error {
		lease, err := ask4()
		if err != nil {
			return fmt.Errorf("DHCP: %w", err)
		}
		taken, err := probe(lease.YourIPAddr.To4())
		if err != nil {
			return err
		}
		if taken {
			t.Error("somebody says that the guest's address is taken")
		}
		ones, _ := lease.SubnetMask().Size()
		run(t, w.guest, fmt.Sprintf("addr add %s/%d dev ens1", lease.YourIPAddr, ones), fmt.Sprintf("route add default via %s", lease.Router()[0]))
		// Once more, now from the address.
		if _, err := ask4(); err != nil {
			return fmt.Errorf("DHCP with an address: %w", err)
		}
		address, err := ask6()
		if err != nil {
			return fmt.Errorf("DHCPv6: %w", err)
		}
		run(t, w.guest, fmt.Sprintf("addr add %s/128 dev ens1 nodad", address))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// probe asks, as clients do before they use an address, whether somebody has it.
func probe(address net.IP) (taken bool, err error) {
	device, err := net.InterfaceByName(netns.NIC)
	if err != nil {
		return false, err
	}
	const arp = unix.ETH_P_ARP<<8&0xff00 | unix.ETH_P_ARP>>8
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, arp)
	if err != nil {
		return false, err
	}
	defer unix.Close(fd)
	timeout := unix.Timeval{Usec: 200_000}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		return false, err
	}
	everybody, nobody := []byte{255, 255, 255, 255, 255, 255}, make([]byte, 6)
	frame := slices.Concat(everybody, []byte(device.HardwareAddr), []byte{8, 6, 0, 1, 8, 0, 6, 4, 0, 1},
		[]byte(device.HardwareAddr), []byte(net.IPv4zero.To4()), nobody, []byte(address))
	if err := unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Protocol: arp, Ifindex: device.Index}); err != nil {
		return false, err
	}
	answer := make([]byte, 64)
	for {
		n, _, err := unix.Recvfrom(fd, answer, 0)
		if errors.Is(err, unix.EAGAIN) {
			return false, nil
		}
		if err != nil || n >= 22 && answer[21] == 2 {
			return err == nil, err
		}
	}
}

// ask4 does what a guest does to get an address.
func ask4() (*dhcpv4.DHCPv4, error) {
	device, err := net.InterfaceByName(netns.NIC)
	if err != nil {
		return nil, err
	}
	listener := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		controlErr := raw.Control(func(fd uintptr) {
			err = errors.Join(unix.BindToDevice(int(fd), netns.NIC), unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BROADCAST, 1))
		})
		return errors.Join(controlErr, err)
	}}
	conn, err := listener.ListenPacket(context.Background(), "udp4", ":68")
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	message, err := dhcpv4.NewDiscovery(device.HardwareAddr)
	for _, kind := range []dhcpv4.MessageType{dhcpv4.MessageTypeOffer, dhcpv4.MessageTypeAck} {
		if err != nil {
			return nil, err
		}
		answer, failure := ask(conn, &net.UDPAddr{IP: net.IPv4bcast, Port: 67}, message.ToBytes())
		if failure != nil {
			return nil, failure
		}
		reply, failure := dhcpv4.FromBytes(answer)
		if failure != nil || reply.MessageType() != kind {
			return nil, fmt.Errorf("got %v (%w)", reply, failure)
		}
		if kind == dhcpv4.MessageTypeAck {
			return reply, nil
		}
		message, err = dhcpv4.NewRequestFromOffer(reply)
	}
	return nil, err
}

func ask6() (net.IP, error) {
	device, err := net.InterfaceByName(netns.NIC)
	if err != nil {
		return nil, err
	}
	conn, err := net.ListenUDP("udp6", &net.UDPAddr{Port: 546, Zone: netns.NIC})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	solicit, err := dhcpv6.NewSolicit(device.HardwareAddr, dhcpv6.WithRapidCommit)
	if err != nil {
		return nil, err
	}
	answer, err := ask(conn, &net.UDPAddr{IP: net.ParseIP("ff02::1:2"), Zone: netns.NIC, Port: 547}, solicit.ToBytes())
	if err != nil {
		return nil, err
	}
	reply, err := dhcpv6.MessageFromBytes(answer)
	if err != nil {
		return nil, err
	}
	return reply.Options.OneIANA().Options.OneAddress().IPv6Addr, nil
}

// ask repeats a question until there is an answer.
func ask(conn net.PacketConn, to net.Addr, question []byte) ([]byte, error) {
	buffer := make([]byte, 4096)
	for deadline := time.Now().Add(patience); ; {
		if _, err := conn.WriteTo(question, to); err != nil && time.Now().After(deadline) {
			return nil, err
		}
		_ = conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		n, _, err := conn.ReadFrom(buffer)
		if err == nil {
			return buffer[:n], nil
		}
		if time.Now().After(deadline) {
			return nil, err
		}
	}
}

// route waits for the default route that the guest's kernel learns by itself.
func (w *world) route(t *testing.T, want string) {
	t.Helper()
	var routes string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if routes, _ = output(w.guest, "ip", "-6", "route", "show", "default"); strings.Contains(routes, "via "+want) {
			return
		}
	}
	t.Errorf("the guest's default routes are %q, want one via %s", routes, want)
}

func (w *world) reach(t *testing.T) {
	t.Helper()
	netns.Serve(t, w.node, ":9090")
	netns.Serve(t, w.guest, ":8080")
	for _, c := range []struct {
		from     *os.File
		to, seen string
	}{
		{w.guest, nodeIP + ":9090", podIP}, {w.guest, "[" + nodeIP6 + "]:9090", podIP6},
		{w.node, podIP + ":8080", nodeIP}, {w.node, "[" + podIP6 + "]:8080", nodeIP6},
	} {
		if seen, _, err := netns.Call(t, c.from, c.to, patience); err != nil || seen != c.seen {
			t.Errorf("%s: seen as %q (%v), want %q", c.to, seen, err, c.seen)
		}
	}
}

func TestMasquerade(t *testing.T) {
	w := newWorld(t, v1.InterfaceBindingMethod{Masquerade: &v1.InterfaceMasquerade{}})
	w.serve(t)
	w.boot(t)
	w.route(t, "fe80::1")
	w.reach(t)
}

func TestBridge(t *testing.T) {
	w := newWorld(t, v1.InterfaceBindingMethod{Bridge: &v1.InterfaceBridge{}})
	leaks := w.watch(t)
	w.serve(t)
	w.boot(t)
	w.route(t, nodeRouter)
	w.reach(t)
	if n := leaks.Load(); n != 0 {
		t.Errorf("%d answers of the launcher left the pod", n)
	}
	w.leak(t, leaks)
}

// watch counts what leaves the pod although it is for the guest only: DHCP answers
// and router advertisements.
func (w *world) watch(t *testing.T) *atomic.Int32 {
	t.Helper()
	var seen atomic.Int32
	netns.Watch(t, w.node, func(frame []byte) {
		if isAnswer(frame) {
			seen.Add(1)
		}
	})
	return &seen
}

// leak lets one answer of each kind out of the pod, to see that the watch sees them.
func (w *world) leak(t *testing.T, seen *atomic.Int32) {
	t.Helper()
	answers := []func([]byte){
		func(f []byte) { f[12], f[13], f[23], f[35] = 0x08, 0, unix.IPPROTO_UDP, 67 },
		func(f []byte) { f[12], f[13], f[20], f[54], f[55] = 0x86, 0xdd, unix.IPPROTO_UDP, 547>>8, 547&0xff },
		func(f []byte) { f[12], f[13], f[20], f[54] = 0x86, 0xdd, unix.IPPROTO_ICMPV6, 134 },
	}
	for _, make := range answers {
		frame := slices.Repeat([]byte{0}, 64)
		copy(frame, []byte{255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 9})
		make(frame)
		if err := netns.Send(w.pod, "eth0-nic", frame); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(patience); seen.Load() < int32(len(answers)); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("of %d answers that leave the pod %d are seen", len(answers), seen.Load())
		}
	}
}

func isAnswer(frame []byte) bool {
	switch {
	case len(frame) < 56:
		return false
	case frame[12] == 0x08 && frame[13] == 0 && frame[23] == unix.IPPROTO_UDP:
		return binary.BigEndian.Uint16(frame[34:]) == 67
	case frame[12] == 0x86 && frame[20] == unix.IPPROTO_UDP:
		return binary.BigEndian.Uint16(frame[54:]) == 547
	case frame[12] == 0x86 && frame[20] == unix.IPPROTO_ICMPV6:
		return frame[54] == 134
	}
	return false
}
