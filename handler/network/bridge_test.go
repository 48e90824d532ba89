package network

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/netns"
)

func onPodNetwork(iface v1.Interface) *v1.VirtualMachineInstance {
	return masqueraded(func(vmi *v1.VirtualMachineInstance) {
		iface.Name = "default"
		vmi.Spec.Domain.Devices.Interfaces[0] = iface
	})
}

func planFor(t *testing.T, vmi *v1.VirtualMachineInstance) Plan {
	t.Helper()
	plan, err := PlanFor(vmi, plugins)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// takeOver makes a guest that has what its facts say, as DHCP would tell it.
func takeOver(t *testing.T, pod *os.File, facts InterfaceFacts) *os.File {
	t.Helper()
	namespace := netns.New(t)
	netns.Plug(t, pod, namespace, facts.Guest.Tap)
	in(t, namespace, func() error {
		link, err := netlink.LinkByName(netns.NIC)
		if err != nil {
			return err
		}
		mac, err := net.ParseMAC(facts.Guest.Mac)
		if err != nil {
			return err
		}
		if err := netlink.LinkSetHardwareAddr(link, mac); err != nil {
			return err
		}
		var addresses []string
		for _, address := range []string{facts.Guest.GetDhcp().GetAddress(), facts.Guest.GetDhcp().GetAddress6()} {
			if address != "" {
				addresses = append(addresses, address)
			}
		}
		if err := up(netns.NIC, addresses...); err != nil {
			return err
		}
		for _, route := range facts.Guest.GetDhcp().GetRoutes() {
			if err := defaultRoute(netns.NIC, route.Gateway); err != nil {
				return err
			}
		}
		return nil
	})
	return namespace
}

func TestBridgeHandsThePodsAddressesOver(t *testing.T) {
	for _, name := range []string{"eth0", "net7"} {
		t.Run(name, func(t *testing.T) {
			plan := planFor(t, onPodNetwork(bridged()))
			node, pod := nodeAndPod(t, name)
			before := describeLink(t, pod, name)
			facts := ensure(t, pod, plan)
			guest := takeOver(t, pod, facts.Interfaces[0])
			netns.Serve(t, guest, ":8080")
			netns.Serve(t, node, ":9090")
			for _, c := range []struct {
				from     *os.File
				to, seen string
			}{
				{node, podIP + ":8080", nodeIP}, {node, "[" + podIP6 + "]:8080", nodeIP6},
				{guest, nodeIP + ":9090", podIP}, {guest, "[" + nodeIP6 + "]:9090", podIP6},
			} {
				if seen, _, err := netns.Call(t, c.from, c.to, patience); err != nil || seen != c.seen {
					t.Errorf("%s: seen as %q (%v), want %q", c.to, seen, err, c.seen)
				}
			}
			_, conn, err := netns.Call(t, node, podIP+":8080", patience)
			if err != nil {
				t.Fatal(err)
			}
			again := ensure(t, pod, plan)
			seen, err := Inspect(pod, plan)
			if err != nil || !reflect.DeepEqual(again, facts) || !reflect.DeepEqual(seen, facts) {
				t.Errorf("facts changed from %v to %v and %v (%v)", facts, again, seen, err)
			}
			if _, err := conn.Write([]byte("still")); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(conn, make([]byte, 5)); err != nil {
				t.Errorf("an open connection was lost: %v", err)
			}
			if after := describeLink(t, pod, name); after != strings.Replace(before, "veth", "bridge", 1) {
				t.Errorf("the stand-in is\n%s, the pod's interface was\n%s", after, before)
			}
		})
	}
}

// describeLink is everything that must not get lost of a link.
func describeLink(t *testing.T, pod *os.File, name string) string {
	t.Helper()
	var text strings.Builder
	in(t, pod, func() error {
		link, err := netlink.LinkByName(name)
		if err != nil {
			return err
		}
		fmt.Fprintln(&text, link.Type(), link.Attrs().HardwareAddr, link.Attrs().MTU)
		for _, which := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
			addresses, err := netlink.AddrList(link, which)
			if err != nil {
				return err
			}
			for _, address := range addresses {
				if !address.IP.IsLinkLocalUnicast() {
					fmt.Fprintln(&text, address.IPNet, address.Broadcast)
				}
			}
			routes, err := netlink.RouteList(link, which)
			if err != nil {
				return err
			}
			var lines []string
			for _, route := range routes {
				if route.Dst == nil || !route.Dst.IP.IsLinkLocalUnicast() {
					lines = append(lines, fmt.Sprintln(route.Dst, route.Gw, route.Src, route.Scope, route.Priority))
				}
			}
			slices.Sort(lines)
			fmt.Fprint(&text, strings.Join(lines, ""))
		}
		return nil
	})
	return text.String()
}

// TestBridgeAfterAnInterruption stops at every step of the renaming, as a handler
// does that is killed, and begins anew.
func TestBridgeAfterAnInterruption(t *testing.T) {
	plan := planFor(t, onPodNetwork(bridged()))
	type step func(*netlink.Handle) error
	then := func(steps ...step) step {
		return func(links *netlink.Handle) error {
			for _, one := range steps {
				if err := one(links); err != nil {
					return err
				}
			}
			return nil
		}
	}
	copied := func(from, to string, metric int) step {
		return func(links *netlink.Handle) error {
			link, err := links.LinkByName(from)
			if err == nil {
				_, err = standIn(links, link, to, metric)
			}
			return err
		}
	}
	empty := func(name string) step {
		return func(links *netlink.Handle) error {
			return links.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: name}})
		}
	}
	mark := func(links *netlink.Handle) error {
		return links.LinkSetAlias(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "tmp0"}}, "eth0")
	}
	down := func(links *netlink.Handle) error {
		return links.LinkSetDown(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}})
	}
	renamed := func(links *netlink.Handle) error { return vacate(links, "eth0") }
	record := then(copied("eth0", "tmp0", +1), mark)
	steps := map[string]step{
		"nothing done":       then(),
		"record begun":       empty("tmp0"),
		"record not marked":  copied("eth0", "tmp0", +1),
		"recorded":           record,
		"down":               then(record, down),
		"renamed":            then(record, renamed),
		"stand-in begun":     then(record, renamed, empty("eth0")),
		"record still there": then(record, renamed, copied("tmp0", "eth0", -1)),
		"not connected": func(links *netlink.Handle) error {
			return moveAside(links, &plan.Interfaces[0])
		},
	}
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node, pod := nodeAndPod(t, "eth0")
			want := strings.Replace(describeLink(t, pod, "eth0"), "veth", "bridge", 1)
			in(t, pod, func() error {
				links, err := netlink.NewHandle(unix.NETLINK_ROUTE)
				if err != nil {
					return err
				}
				defer links.Close()
				return step(links)
			})
			facts := ensure(t, pod, plan)
			if got := describeLink(t, pod, "eth0"); got != want {
				t.Errorf("the stand-in is\n%s, want\n%s", got, want)
			}
			guest := takeOver(t, pod, facts.Interfaces[0])
			netns.Serve(t, guest, ":8080")
			if seen, _, err := netns.Call(t, node, podIP+":8080", patience); err != nil || seen != nodeIP {
				t.Errorf("the guest saw %q (%v)", seen, err)
			}
			in(t, pod, func() error {
				if _, err := netlink.LinkByName("tmp0"); err == nil {
					t.Error("the record is still there")
				}
				return nil
			})
		})
	}
}

func TestBridgeFacts(t *testing.T) {
	vmi := onPodNetwork(bridged())
	vmi.Spec.Domain.Devices.Interfaces[0].MacAddress = "02:aa:bb:cc:dd:ee"
	_, pod := nodeAndPod(t, "eth0")
	var original net.HardwareAddr
	in(t, pod, func() error {
		link, err := netlink.LinkByName("eth0")
		if err == nil {
			original = link.Attrs().HardwareAddr
		}
		return err
	})
	facts := ensure(t, pod, planFor(t, vmi)).Interfaces[0]
	if facts.PodInterface != "eth0" || facts.MAC != original.String() || facts.Guest.Mac != "02:aa:bb:cc:dd:ee" {
		t.Errorf("facts are %+v", facts)
	}
	dhcp := facts.Guest.Dhcp
	if dhcp.Device != "dhcp0" || dhcp.Address != podIP+"/24" || dhcp.Address6 != podIP6+"/64" || dhcp.Server != "169.254.75.10" ||
		dhcp.Gateway != "" || len(dhcp.Routes) != 2 || dhcp.Routes[0].Destination != "0.0.0.0/0" || dhcp.Routes[0].Gateway != nodeIP {
		t.Errorf("DHCP is %+v", dhcp)
	}
	// The pod's IPv6 router is known by an address that no advertisement can name.
	if told := facts.Guest.Advertisement; told.Tap != "ra0" || told.Router || told.Prefix != "fd00:244::/64" || told.Source != "fe80::a9fe:4b0a" {
		t.Errorf("advertisement is %+v", told)
	}
	in(t, pod, func() error {
		nic, err := netlink.LinkByName("eth0-nic")
		if err != nil {
			return err
		}
		if bytes.Equal(nic.Attrs().HardwareAddr, original) {
			t.Error("the pod's interface has kept the guest's hardware address")
		}
		for _, name := range []string{"eth0-nic", "k6t-eth0", "tap0"} {
			link, err := netlink.LinkByName(name)
			if err != nil {
				return err
			}
			if addresses, err := netlink.AddrList(link, netlink.FAMILY_ALL); err != nil || len(addresses) != 0 {
				t.Errorf("%s has the addresses %v (%v)", name, addresses, err)
			}
		}
		return nil
	})
}

// TestBridgeKeepsAnIPv6Router: one that the pod knows by a link-local address can be
// advertised to the guest.
func TestBridgeKeepsAnIPv6Router(t *testing.T) {
	_, pod := nodeAndPod(t, "eth0")
	in(t, pod, func() error {
		link, err := netlink.LinkByName("eth0")
		if err != nil {
			return err
		}
		route := &netlink.Route{LinkIndex: link.Attrs().Index, Gw: net.ParseIP(nodeIP6)}
		if err := netlink.RouteDel(route); err != nil {
			return err
		}
		return defaultRoute("eth0", "fe80::99")
	})
	told := ensure(t, pod, planFor(t, onPodNetwork(bridged()))).Interfaces[0].Guest.Advertisement
	if told.Source != "fe80::99" || !told.Router || told.Mac != "" {
		t.Errorf("advertisement is %+v", told)
	}
}

// wire makes a second network of the pod, as multus and a bridge plugin do.
func wire(t *testing.T, node, pod *os.File, nodeEnd, podEnd string, addresses ...string) {
	t.Helper()
	in(t, node, func() error {
		attributes := netlink.NewLinkAttrs()
		attributes.Name, attributes.MTU = nodeEnd, podMTU
		pair := &netlink.Veth{LinkAttrs: attributes, PeerName: podEnd, PeerNamespace: netlink.NsFd(pod.Fd()), PeerMTU: podMTU}
		if err := netlink.LinkAdd(pair); err != nil {
			return err
		}
		return up(nodeEnd, "192.168.9.1/24")
	})
	in(t, pod, func() error { return up(podEnd, addresses...) })
}

func TestSeveralInterfaces(t *testing.T) {
	vmi := masqueraded(func(vmi *v1.VirtualMachineInstance) {
		secondary(vmi, "red", bridged())
		secondary(vmi, "white", byPlugin("managed"))
		secondary(vmi, "green", byPlugin("sidecar"))
		secondary(vmi, "gone", byPlugin("sidecar"))
		secondary(vmi, "blue", byPlugin("tap"))
	})
	plan := planFor(t, vmi)
	node, pod := nodeAndPod(t, "eth0")
	for i, addresses := range [][]string{nil, {"192.168.9.7/24"}, {"192.168.10.7/24"}} {
		wire(t, node, pod, fmt.Sprintf("v%d", i), plan.Interfaces[i+1].Names.Pod, addresses...)
	}
	in(t, pod, func() error { return createTap("/dev/net/tun", plan.Interfaces[5].Names.Tap, unix.IFF_VNET_HDR) })
	facts := ensure(t, pod, plan)
	if again := ensure(t, pod, plan); !reflect.DeepEqual(again, facts) {
		t.Errorf("facts changed from %v to %v", facts, again)
	}
	red, white, green, gone, blue := facts.Interfaces[1], facts.Interfaces[2], facts.Interfaces[3], facts.Interfaces[4], facts.Interfaces[5]
	if red.Guest.Tap != "tapb1f51a511f1" || red.Guest.Dhcp != nil || red.Guest.Advertisement != nil || red.Guest.Mac != red.MAC {
		t.Errorf("without addresses: %+v", red)
	}
	if white.Guest.Dhcp != nil || white.Guest.Tap == "" || len(white.Addresses) != 1 {
		t.Errorf("managed tap: %+v", white)
	}
	if green.Guest.Tap != "" || green.Guest.PodInterface != plan.Interfaces[3].Names.Pod || green.PodInterface != green.Guest.PodInterface || len(green.Addresses) != 1 {
		t.Errorf("bound by a sidecar: %+v", green)
	}
	if gone.PodInterface != "" || gone.Guest.Mac != "" {
		t.Errorf("without an interface in the pod: %+v", gone)
	}
	if blue.Guest.Tap != plan.Interfaces[5].Names.Tap || blue.Guest.Mtu != 1500 {
		t.Errorf("a tap of the plugin's: %+v", blue)
	}

	guest := takeOver(t, pod, red)
	in(t, guest, func() error { return up(netns.NIC, "192.168.9.5/24") })
	netns.Serve(t, guest, ":8080")
	if seen, _, err := netns.Call(t, node, "192.168.9.5:8080", patience); err != nil || seen != "192.168.9.1" {
		t.Errorf("the guest saw %q (%v) on its second network", seen, err)
	}
}

func TestMissingInterface(t *testing.T) {
	_, pod := nodeAndPod(t, "eth0")
	plan := planFor(t, masqueraded(func(vmi *v1.VirtualMachineInstance) { secondary(vmi, "red", bridged()) }))
	_, err := Pods{TunDevice: "/dev/net/tun"}.Ensure(pod, plan)
	if err == nil || !strings.Contains(err.Error(), "the pod has no interface podb1f51a511f1") {
		t.Errorf("error is %v", err)
	}
}

func TestNICName(t *testing.T) {
	for pod, want := range map[string]string{"eth0": "eth0-nic", "podb1f51a511f1": "b1f51a511f1-nic"} {
		if got := nicName(pod); got != want || len(got) > 15 {
			t.Errorf("%s becomes %s, want %s", pod, got, want)
		}
	}
}
