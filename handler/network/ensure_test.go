package network

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/netns"
)

// The tests build three network namespaces: a node, a pod behind it as a CNI
// plugin would leave it, and a guest that is connected to the pod's tap by
// copying frames, as QEMU does.
const (
	nodeIP, podIP     = "10.244.9.1", "10.244.9.2"
	nodeIP6, podIP6   = "fd00:244::1", "fd00:244::2"
	podMTU            = 1400
	guestIP, guestIP6 = "10.0.2.2", "fd10:0:2::2"
	gatewayIP6        = "fd10:0:2::1"
)

func prefix(text string) netip.Prefix { return netip.MustParsePrefix(text) }

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
	node, pod = netns.New(t), netns.New(t)
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
	namespace := netns.New(t)
	netns.Plug(t, pod, namespace, facts.Interfaces[0].Guest.Tap)
	in(t, namespace, func() error {
		dhcp := facts.Interfaces[0].Guest.Dhcp
		if err := up(netns.NIC, dhcp.Address, dhcp.Address6); err != nil {
			return err
		}
		if err := defaultRoute(netns.NIC, prefix(dhcp.Gateway).Addr().String()); err != nil {
			return err
		}
		return defaultRoute(netns.NIC, gatewayIP6)
	})
	return namespace
}

// patience lets a first packet be sent again: a link that has just come up may
// drop it.
const patience = 3 * time.Second

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
	plan, err := PlanFor(masqueraded(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	node, pod := nodeAndPod(t, "eth0")
	facts := ensure(t, pod, plan)
	guest := guest(t, pod, facts)
	netns.Serve(t, guest, ":8080")
	netns.Serve(t, node, ":9090")
	netns.Serve(t, pod, "127.0.0.1:7070")

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
			seen, _, err := netns.Call(t, c.from, c.to, patience)
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
			link, err := netlink.LinkByName(netns.NIC)
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
		if seen, _, err := netns.Call(t, guest, "127.0.0.1:7070", 500*time.Millisecond); err == nil {
			t.Errorf("the guest reached the pod's loopback address, seen as %s", seen)
		}
	})
}

func TestEnsureAgainUnderTraffic(t *testing.T) {
	plan, err := PlanFor(masqueraded(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	node, pod := nodeAndPod(t, "eth0")
	facts := ensure(t, pod, plan)
	guest := guest(t, pod, facts)
	netns.Serve(t, guest, ":8080")
	_, conn, err := netns.Call(t, node, podIP+":8080", patience)
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
	plan := planFor(t, masqueraded(func(vmi *v1.VirtualMachineInstance) {
		iface := &vmi.Spec.Domain.Devices.Interfaces[0]
		iface.Ports = []v1.Port{{Port: 8080}, {Protocol: "UDP", Port: 5353}}
		iface.PortRanges = []v1.PortRange{{Protocol: "TCP", Start: 9000, End: 9001}, {Protocol: "UDP", Start: 9002, End: 9002}}
	}))
	node, pod := nodeAndPod(t, "eth0")
	guest := guest(t, pod, ensure(t, pod, plan))
	for _, port := range []string{"8080", "8081", "9001", "9002", "5353"} {
		netns.Serve(t, guest, ":"+port)
	}
	for port, open := range map[string]bool{"8080": true, "8081": false, "9001": true, "9002": false, "5353": false} {
		if _, _, err := netns.Call(t, node, podIP+":"+port, patience); (err == nil) != open {
			t.Errorf("port %s: open is %v, want %v (%v)", port, err == nil, open, err)
		}
	}
}

func TestFactsAndLinks(t *testing.T) {
	plan, err := PlanFor(masqueraded(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, pod := nodeAndPod(t, "net7") // no eth0: found by the default route
	facts := ensure(t, pod, plan)
	pod0, iface := facts.Interfaces[0], facts.Interfaces[0].Guest
	if pod0.PodInterface != "net7" || pod0.MTU != podMTU || iface.Mtu != podMTU || iface.Mac != pod0.MAC ||
		iface.Tap != "tap0" || iface.Network != "default" {
		t.Errorf("facts are %+v", pod0)
	}
	if fmt.Sprint(pod0.Addresses) != fmt.Sprintf("[%s/24 %s/64]", podIP, podIP6) {
		t.Errorf("addresses are %v", pod0.Addresses)
	}
	dhcp := iface.Dhcp
	if dhcp.Device != "k6t-eth0" || dhcp.Address != guestIP+"/24" || dhcp.Gateway != "10.0.2.1/24" ||
		dhcp.Address6 != guestIP6+"/120" {
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
	plan, err := PlanFor(masqueraded(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	for gone, want := range map[string]string{podIP6 + "/64": guestIP + "/24", podIP + "/24": guestIP6 + "/120"} {
		_, pod := nodeAndPod(t, "eth0")
		in(t, pod, func() error {
			link, err := netlink.LinkByName("eth0")
			if err != nil {
				return err
			}
			address, err := netlink.ParseAddr(gone)
			if err != nil {
				return err
			}
			return netlink.AddrDel(link, address)
		})
		guest := ensure(t, pod, plan).Interfaces[0].Guest
		if got := guest.Dhcp.Address + guest.Dhcp.Address6; got != want || (guest.Advertisement != nil) != (guest.Dhcp.Address6 != "") {
			t.Errorf("without %s the guest is told %+v", gone, guest)
		}
	}
}

func TestNoInterfaceLeavesThePodAlone(t *testing.T) {
	_, pod := nodeAndPod(t, "eth0")
	if facts := ensure(t, pod, Plan{}); len(facts.Interfaces) != 0 {
		t.Errorf("facts are %+v", facts)
	}
	in(t, pod, func() error {
		if _, err := netlink.LinkByName("k6t-eth0"); err == nil {
			t.Error("a bridge was made")
		}
		return nil
	})
}
