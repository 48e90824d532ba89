package agent

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/network"
	"kubevirt.io/kubevirt/launcher/protocol"
)

type reported = v1.VirtualMachineInstanceNetworkInterface

// twoNetworks is a guest on the pod network and, bridged, on one of multus.
func twoNetworks() *v1.VirtualMachineInstance {
	vmi := instance(v1.VMIPhaseRunning)
	vmi.Spec.Networks = []v1.Network{
		{Name: "default", NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}}},
		{Name: "red", NetworkSource: v1.NetworkSource{Multus: &v1.MultusNetwork{NetworkName: "red"}}},
	}
	vmi.Spec.Domain.Devices.Interfaces = []v1.Interface{
		{Name: "default", InterfaceBindingMethod: v1.InterfaceBindingMethod{Masquerade: &v1.InterfaceMasquerade{}}},
		{Name: "red", State: v1.InterfaceStateDown, InterfaceBindingMethod: v1.InterfaceBindingMethod{Bridge: &v1.InterfaceBridge{}}},
	}
	return vmi
}

func twoFacts(red ...netip.Prefix) *network.Facts {
	both := facts()
	both.Interfaces = append(both.Interfaces, network.InterfaceFacts{
		Network: "red", PodInterface: "podb1f51a511f1", MAC: "02:00:00:00:00:88", Queues: 4, Addresses: red,
		Guest: &protocol.Interface{Network: "red", Mac: "02:00:00:00:00:88"},
	})
	return both
}

func talking() *protocol.Agent {
	return &protocol.Agent{Interfaces: []*protocol.GuestInterface{
		{Name: "eth1", Mac: "02:00:00:00:00:88", Ips: []string{"fe80::88%eth1/64", "fd00:9::5/64", "192.168.9.5/24", "192.168.9.6/24"}},
		{Name: "eth0", Mac: "02:aa:00:00:00:01", Ips: []string{"10.0.2.2/24"}},
	}}
}

func TestInterfacesFor(t *testing.T) {
	podIPs := []string{"10.244.1.7", "fd00:244::7"}
	entry := func(name, pod, source string, ips ...string) reported {
		e := reported{Name: name, PodInterfaceName: pod, InfoSource: source, IPs: ips, QueueCount: 1, LinkState: "up", MAC: "02:aa:00:00:00:01"}
		if name == "red" {
			e.QueueCount, e.LinkState, e.MAC = 4, "down", "02:00:00:00:00:88"
		}
		if len(ips) > 0 {
			e.IP = ips[0]
		}
		return e
	}
	named := func(e reported, name string) reported { e.InterfaceName = name; return e }
	cases := []struct {
		name      string
		facts     *network.Facts
		agent     *protocol.Agent
		ipv6First bool
		want      []reported
	}{
		{name: "without an agent", facts: twoFacts(), want: []reported{
			entry("default", "eth0", "domain", podIPs...), entry("red", "podb1f51a511f1", "domain, multus-status"),
		}},
		{name: "addresses of the pod's", facts: twoFacts(netip.MustParsePrefix("192.168.9.7/24")), want: []reported{
			entry("default", "eth0", "domain", podIPs...), entry("red", "podb1f51a511f1", "domain, multus-status", "192.168.9.7"),
		}},
		{name: "the agent knows better", facts: twoFacts(netip.MustParsePrefix("192.168.9.7/24")), agent: talking(), want: []reported{
			named(entry("default", "eth0", "domain, guest-agent", podIPs...), "eth0"),
			named(entry("red", "podb1f51a511f1", "domain, guest-agent, multus-status", "192.168.9.5", "192.168.9.6", "fd00:9::5", "fe80::88"), "eth1"),
		}},
		{name: "IPv6 first", facts: twoFacts(), agent: talking(), ipv6First: true, want: []reported{
			named(entry("default", "eth0", "domain, guest-agent", "fd00:244::7", "10.244.1.7"), "eth0"),
			named(entry("red", "podb1f51a511f1", "domain, guest-agent, multus-status", "fd00:9::5", "192.168.9.5", "192.168.9.6", "fe80::88"), "eth1"),
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			vmi := twoNetworks()
			got := interfacesFor(vmi, c.facts, c.agent, c.ipv6First)
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
			vmi.Status.Interfaces = got
			if again := interfacesFor(vmi, nil, c.agent, c.ipv6First); !reflect.DeepEqual(again, got) {
				t.Errorf("without a look at the pod %+v", again)
			}
			if !looksComplete(vmi, c.agent) {
				t.Error("the pod is looked at again")
			}
		})
	}
}

// What an agent has once said of an interface does not outlive its next word.
func TestAddressesThatTheGuestHasNoLonger(t *testing.T) {
	pod := netip.MustParsePrefix("192.168.9.7/24")
	silent, changed := talking(), talking()
	silent.Interfaces[0].Ips = nil
	changed.Interfaces[0].Mac = "02:00:00:00:00:99"
	for name, agent := range map[string]*protocol.Agent{"no addresses": silent, "another hardware address": changed, "no interfaces": {}} {
		t.Run(name, func(t *testing.T) {
			vmi := twoNetworks()
			vmi.Status.Interfaces = interfacesFor(vmi, twoFacts(pod), talking(), false)
			if looksComplete(vmi, agent) {
				t.Error("the pod is not looked at")
			}
			if red := interfacesFor(vmi, twoFacts(pod), agent, false)[1]; !reflect.DeepEqual(red.IPs, []string{"192.168.9.7"}) {
				t.Errorf("reported %+v", red)
			}
			// A network that gives the pod nothing: no addresses, and no need to look again.
			vmi.Status.Interfaces = interfacesFor(vmi, twoFacts(), agent, false)
			if red := vmi.Status.Interfaces[1]; len(red.IPs) != 0 || !looksComplete(vmi, agent) {
				t.Errorf("without IPAM %+v", red)
			}
		})
	}
}

func TestWhatAnAgentSaysIsBounded(t *testing.T) {
	agent := &protocol.Agent{}
	for i := range 70 {
		nic := &protocol.GuestInterface{Name: "eth", Mac: fmt.Sprintf("02:00:00:00:01:%02x", i)}
		for j := range 40 {
			nic.Ips = append(nic.Ips, fmt.Sprintf("10.0.%d.%d/24", i, j))
		}
		agent.Interfaces = append(agent.Interfaces, nic)
	}
	entries := interfacesFor(instance(v1.VMIPhaseRunning), nil, agent, false)
	if len(entries) != 64 || len(entries[0].IPs) != 32 {
		t.Errorf("%d interfaces, %d addresses", len(entries), len(entries[0].IPs))
	}
	none := &protocol.Agent{Interfaces: []*protocol.GuestInterface{
		{Name: "eth0", Mac: "anything"}, {Name: "eth1"}, {Name: "ib0", Mac: "02:00:5e:10:00:00:00:01"}, {Name: "tun0", Mac: "00:00:00:00:00:00"},
		{Name: "lo", Mac: "02:00:00:00:00:01"}, {Name: strings.Repeat("n", 300), Mac: "02:00:00:00:00:02"},
	}}
	if entries := interfacesFor(instance(v1.VMIPhaseRunning), nil, none, false); len(entries) != 0 {
		t.Errorf("reported %+v", entries)
	}
}

func TestLooksComplete(t *testing.T) {
	vmi := twoNetworks()
	if looksComplete(vmi, nil) {
		t.Error("without any status")
	}
	vmi.Status.Interfaces = interfacesFor(vmi, twoFacts(), talking(), false)
	if looksComplete(vmi, nil) {
		t.Error("with the addresses that an agent gave which has gone")
	}
	vmi.Status.Interfaces = vmi.Status.Interfaces[:1]
	if looksComplete(vmi, talking()) {
		t.Error("with an interface missing")
	}
}
