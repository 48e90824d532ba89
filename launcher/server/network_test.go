package server

import (
	"net"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"kubevirt.io/kubevirt/launcher/protocol"
	"kubevirt.io/kubevirt/launcher/vm"
)

func TestNetworkInterface(t *testing.T) {
	got, err := networkInterface(&protocol.Interface{
		Network: "red", Tap: "tap1", Mac: "02:00:00:00:00:01", Mtu: 1450, PodInterface: "pod1",
		Dhcp: &protocol.DHCP{
			Device: "dhcp1", Address6: "fd00::2/64", Server: "169.254.75.10",
			Routes: []*protocol.Route{{Destination: "10.0.0.1/32"}, {Destination: "::/0", Gateway: "fe80::1"}},
		},
		Advertisement: &protocol.Advertisement{Tap: "ra1", Source: "fe80::1", Mac: "02:00:00:00:00:00", Router: true, Prefix: "fd00::/64"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := vm.Interface{
		Network: "red", Tap: "tap1", PodInterface: "pod1", MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, MTU: 1450,
		DHCP: &vm.DHCP{
			Device: "dhcp1", Address6: netip.MustParsePrefix("fd00::2/64"), Server: netip.MustParseAddr("169.254.75.10"),
			Routes: []vm.Route{
				{Destination: netip.MustParsePrefix("10.0.0.1/32")},
				{Destination: netip.MustParsePrefix("::/0"), Gateway: netip.MustParseAddr("fe80::1")},
			},
		},
		Advertisement: &vm.Advertisement{
			Tap: "ra1", Source: netip.MustParseAddr("fe80::1"), MAC: net.HardwareAddr{2, 0, 0, 0, 0, 0}, Default: true,
			Prefix: netip.MustParsePrefix("fd00::/64"),
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got, err := networkInterface(&protocol.Interface{Network: "plugin"}); err != nil || got.MAC != nil {
		t.Errorf("without anything: %+v, %v", got, err)
	}
}

func TestNetworkInterfaceRefuses(t *testing.T) {
	for want, nic := range map[string]*protocol.Interface{
		"its MAC address":            {Mac: "x"},
		"the destination of a route": {Mac: "02:00:00:00:00:01", Dhcp: &protocol.DHCP{Address6: "fd00::2/64", Routes: []*protocol.Route{{Destination: "x"}}}},
		"the gateway of a route": {Mac: "02:00:00:00:00:01", Dhcp: &protocol.DHCP{
			Address6: "fd00::2/64", Routes: []*protocol.Route{{Destination: "::/0", Gateway: "x"}},
		}},
		"the router's address":            {Advertisement: &protocol.Advertisement{Source: "fd00::1"}},
		"the router's address is missing": {Advertisement: &protocol.Advertisement{}},
		"the router's MAC address":        {Advertisement: &protocol.Advertisement{Source: "fe80::1", Mac: "x"}},
		"the network on the link":         {Advertisement: &protocol.Advertisement{Source: "fe80::1", Prefix: "10.0.0.0/8"}},
	} {
		if _, err := networkInterface(nic); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
}
