package network

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The tests build three network namespaces: a node, a pod behind it as a CNI
// plugin would leave it, and a guest that is connected to the pod's tap by
// copying frames, as QEMU does.
const (
	nodeIP, podIP     = "10.244.9.1", "10.244.9.2"
	nodeIP6, podIP6   = "fd00:244::1", "fd00:244::2"
	podMTU            = 1400
	guestIP, guestIP6 = "10.0.2.2", "fd10:0:2::2"
)

func prefix(text string) netip.Prefix { return netip.MustParsePrefix(text) }

// newNamespace makes an empty network namespace that lives as long as the test.
func newNamespace(t *testing.T) *os.File {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	type result struct {
		file *os.File
		err  error
	}
	made := make(chan result)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends in the new namespace
		var r result
		if r.err = unix.Unshare(unix.CLONE_NEWNET); r.err == nil {
			r.file, r.err = os.Open("/proc/thread-self/ns/net")
		}
		made <- r
	}()
	r := <-made
	if r.err != nil {
		t.Fatal(r.err)
	}
	t.Cleanup(func() { r.file.Close() })
	return r.file
}

func in(t *testing.T, namespace *os.File, f func() error) {
	t.Helper()
	if err := inside(namespace, f); err != nil {
		t.Fatal(err)
	}
}

func up(name string, addresses ...string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	for _, address := range addresses {
		parsed, err := netlink.ParseAddr(address)
		if err != nil {
			return err
		}
		parsed.Flags = unix.IFA_F_NODAD
		if err := netlink.AddrAdd(link, parsed); err != nil {
			return err
		}
	}
	return netlink.LinkSetUp(link)
}

func defaultRoute(name, via string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	return netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: net.ParseIP(via)})
}

// nodeAndPod makes the two namespaces; addresses are the pod's and the node's.
func nodeAndPod(t *testing.T, podInterface string) (node, pod *os.File) {
	t.Helper()
	node, pod = newNamespace(t), newNamespace(t)
	in(t, node, func() error {
		attributes := netlink.NewLinkAttrs()
		attributes.Name, attributes.MTU = "veth0", podMTU
		pair := &netlink.Veth{LinkAttrs: attributes, PeerName: podInterface,
			PeerNamespace: netlink.NsFd(pod.Fd()), PeerMTU: podMTU}
		if err := netlink.LinkAdd(pair); err != nil {
			return err
		}
		return up("veth0", nodeIP+"/24", nodeIP6+"/64")
	})
	in(t, pod, func() error {
		if err := up("lo"); err != nil {
			return err
		}
		if err := up(podInterface, podIP+"/24", podIP6+"/64"); err != nil {
			return err
		}
		if err := defaultRoute(podInterface, nodeIP); err != nil {
			return err
		}
		return defaultRoute(podInterface, nodeIP6)
	})
	return node, pod
}

// guest makes a namespace that is connected to the pod's tap.
func guest(t *testing.T, pod *os.File, facts Facts) *os.File {
	t.Helper()
	namespace := newNamespace(t)
	inner := openTap(t, pod, tapName)
	outer := openTap(t, namespace, "ens1")
	go relay(inner, outer)
	go relay(outer, inner)
	in(t, namespace, func() error {
		dhcp := facts.Interfaces[0].Dhcp
		if err := up("ens1", dhcp.Address, dhcp.Address6); err != nil {
			return err
		}
		if err := defaultRoute("ens1", prefix(dhcp.Gateway).Addr().String()); err != nil {
			return err
		}
		return defaultRoute("ens1", prefix(dhcp.Gateway6).Addr().String())
	})
	return namespace
}

// relay copies frames one by one; a device that is down drops them.
func relay(to, from *os.File) {
	frame := make([]byte, 1<<16)
	for {
		n, err := from.Read(frame)
		if err != nil {
			return
		}
		_, _ = to.Write(frame[:n])
	}
}

// openTap opens a tap device as user 107 would, creating it where it is missing.
func openTap(t *testing.T, namespace *os.File, name string) *os.File {
	t.Helper()
	var file *os.File
	in(t, namespace, func() error {
		fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		request, err := unix.NewIfreq(name)
		if err != nil {
			return err
		}
		request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
		if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
			return err
		}
		file = os.NewFile(uintptr(fd), name)
		return nil
	})
	t.Cleanup(func() { file.Close() })
	return file
}

// serve answers every TCP connection with the peer's address.
func serve(t *testing.T, namespace *os.File, address string) {
	t.Helper()
	in(t, namespace, func() error {
		for _, kind := range []string{"tcp4", "tcp6"} {
			listener, err := net.Listen(kind, address)
			if kind == "tcp6" && !strings.HasPrefix(address, ":") {
				break
			}
			if err != nil {
				return err
			}
			t.Cleanup(func() { listener.Close() })
			go answer(listener)
		}
		return nil
	})
}

func answer(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		fmt.Fprintln(conn, conn.RemoteAddr().(*net.TCPAddr).IP)
		go func() { _, _ = io.Copy(conn, conn) }()
	}
}

// patience lets a first packet be sent again: a link that has just come up may
// drop it.
const patience = 3 * time.Second

// call connects and returns which address the other side saw.
func call(t *testing.T, namespace *os.File, address string, patience time.Duration) (string, net.Conn, error) {
	t.Helper()
	var conn net.Conn
	err := inside(namespace, func() error {
		var err error
		conn, err = net.DialTimeout("tcp", address, patience)
		return err
	})
	if err != nil {
		return "", nil, err
	}
	t.Cleanup(func() { conn.Close() })
	answer := make([]byte, 64)
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	n, err := conn.Read(answer)
	return strings.TrimSpace(string(answer[:n])), conn, err
}

func ensure(t *testing.T, pod *os.File, plan Plan) Facts {
	t.Helper()
	begin := time.Now()
	facts, err := Pods{TunDevice: "/dev/net/tun"}.Ensure(pod, plan)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("prepared in %v", time.Since(begin).Round(100*time.Microsecond))
	return facts
}

func TestMasqueradeCarriesTraffic(t *testing.T) {
	plan, err := PlanFor(masqueraded(nil))
	if err != nil {
		t.Fatal(err)
	}
	node, pod := nodeAndPod(t, "eth0")
	facts := ensure(t, pod, plan)
	guest := guest(t, pod, facts)
	serve(t, guest, ":8080")
	serve(t, node, ":9090")
	serve(t, pod, "127.0.0.1:7070")

	cases := []struct {
		name      string
		from      *os.File
		to, seen  string
		forbidden bool
	}{
		{name: "node to guest", from: node, to: podIP + ":8080", seen: nodeIP},
		{name: "node to guest, IPv6", from: node, to: "[" + podIP6 + "]:8080", seen: nodeIP6},
		{name: "guest to node", from: guest, to: nodeIP + ":9090", seen: podIP},
		{name: "guest to node, IPv6", from: guest, to: "[" + nodeIP6 + "]:9090", seen: podIP6},
		{name: "pod's loopback to guest", from: pod, to: "127.0.0.1:8080", seen: "10.0.2.1"},
		{name: "closed port of the guest", from: node, to: podIP + ":81", forbidden: true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			seen, _, err := call(t, c.from, c.to, patience)
			if c.forbidden {
				if err == nil {
					t.Errorf("connected, seen as %s", seen)
				}
				return
			}
			if err != nil || seen != c.seen {
				t.Errorf("seen as %q (%v), want %q", seen, err, c.seen)
			}
		})
	}
	t.Run("guest to the pod's loopback", func(t *testing.T) {
		in(t, guest, func() error {
			link, err := netlink.LinkByName("ens1")
			if err != nil {
				return err
			}
			kernel, err := openSysctls()
			if err != nil {
				return err
			}
			defer kernel.close()
			if err := kernel.set("ipv4/conf/all/route_localnet", "1"); err != nil {
				return err
			}
			_, loopback, _ := net.ParseCIDR("127.0.0.0/8")
			return netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: loopback, Gw: net.ParseIP("10.0.2.1")})
		})
		if seen, _, err := call(t, guest, "127.0.0.1:7070", 500*time.Millisecond); err == nil {
			t.Errorf("the guest reached the pod's loopback address, seen as %s", seen)
		}
	})
}

func TestEnsureAgainUnderTraffic(t *testing.T) {
	plan, err := PlanFor(masqueraded(nil))
	if err != nil {
		t.Fatal(err)
	}
	node, pod := nodeAndPod(t, "eth0")
	facts := ensure(t, pod, plan)
	guest := guest(t, pod, facts)
	serve(t, guest, ":8080")
	_, conn, err := call(t, node, podIP+":8080", patience)
	if err != nil {
		t.Fatal(err)
	}
	again := ensure(t, pod, plan)
	seen, err := Inspect(pod, plan)
	if err != nil || fmt.Sprint(again) != fmt.Sprint(facts) || fmt.Sprint(seen) != fmt.Sprint(facts) {
		t.Errorf("facts changed from %v to %v and %v (%v)", facts, again, seen, err)
	}
	echo := make([]byte, 5)
	if _, err := conn.Write([]byte("still")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, echo); err != nil || string(echo) != "still" {
		t.Errorf("an open connection was lost: %q, %v", echo, err)
	}
}

func TestPortsRestrictWhatReachesTheGuest(t *testing.T) {
	vmi := masqueraded(nil)
	plan, err := PlanFor(vmi)
	if err != nil {
		t.Fatal(err)
	}
	plan.Masquerade.Ports = []PortRange{{TCP, 8080, 8080}, {TCP, 9000, 9001}, {UDP, 5353, 5353}}
	node, pod := nodeAndPod(t, "eth0")
	guest := guest(t, pod, ensure(t, pod, plan))
	for _, port := range []string{"8080", "8081", "9001", "9002", "5353"} {
		serve(t, guest, ":"+port)
	}
	for port, open := range map[string]bool{"8080": true, "8081": false, "9001": true, "9002": false, "5353": false} {
		if _, _, err := call(t, node, podIP+":"+port, patience); (err == nil) != open {
			t.Errorf("port %s: open is %v, want %v (%v)", port, err == nil, open, err)
		}
	}
}

func TestFactsAndLinks(t *testing.T) {
	plan, err := PlanFor(masqueraded(nil))
	if err != nil {
		t.Fatal(err)
	}
	_, pod := nodeAndPod(t, "net7") // no eth0: found by the default route
	facts := ensure(t, pod, plan)
	iface := facts.Interfaces[0]
	if facts.PodInterface != "net7" || facts.MTU != podMTU || iface.Mtu != podMTU || iface.Mac != facts.MAC ||
		iface.Tap != "tap0" || iface.Network != "default" {
		t.Errorf("facts are %+v", facts)
	}
	if fmt.Sprint(facts.Addresses) != fmt.Sprintf("[%s %s]", podIP, podIP6) {
		t.Errorf("addresses are %v", facts.Addresses)
	}
	dhcp := iface.Dhcp
	if dhcp.Device != "k6t-eth0" || dhcp.Address != guestIP+"/24" || dhcp.Gateway != "10.0.2.1/24" ||
		dhcp.Address6 != guestIP6+"/120" || dhcp.Gateway6 != "fd10:0:2::1/120" {
		t.Errorf("DHCP is %+v", dhcp)
	}
	in(t, pod, func() error {
		link, err := netlink.LinkByName("tap0")
		if err != nil {
			return err
		}
		tap := link.(*netlink.Tuntap)
		if tap.Owner != 107 || tap.MTU != podMTU || tap.Flags&unix.IFF_VNET_HDR == 0 || tap.NonPersist {
			t.Errorf("tap is %+v", tap)
		}
		bridge, err := netlink.LinkByName("k6t-eth0")
		if err != nil {
			return err
		}
		if bridge.Attrs().HardwareAddr.String() != "02:00:00:00:00:00" || tap.MasterIndex != bridge.Attrs().Index {
			t.Errorf("bridge is %+v", bridge.Attrs())
		}
		return nil
	})
}

func TestSinglePodFamily(t *testing.T) {
	plan, err := PlanFor(masqueraded(nil))
	if err != nil {
		t.Fatal(err)
	}
	_, pod := nodeAndPod(t, "eth0")
	in(t, pod, func() error {
		link, err := netlink.LinkByName("eth0")
		if err != nil {
			return err
		}
		address, err := netlink.ParseAddr(podIP6 + "/64")
		if err != nil {
			return err
		}
		return netlink.AddrDel(link, address)
	})
	if dhcp := ensure(t, pod, plan).Interfaces[0].Dhcp; dhcp.Address == "" || dhcp.Address6 != "" {
		t.Errorf("DHCP is %+v", dhcp)
	}
}

func TestNoInterfaceLeavesThePodAlone(t *testing.T) {
	_, pod := nodeAndPod(t, "eth0")
	if facts := ensure(t, pod, Plan{}); len(facts.Interfaces) != 0 || len(facts.Addresses) != 2 {
		t.Errorf("facts are %+v", facts)
	}
	in(t, pod, func() error {
		if _, err := netlink.LinkByName("k6t-eth0"); err == nil {
			t.Error("a bridge was made")
		}
		return nil
	})
}
