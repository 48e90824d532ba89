package network

import (
	"reflect"
	"strings"
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func masqueraded(change func(*v1.VirtualMachineInstance)) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Spec.Networks = []v1.Network{{Name: "default", NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}}}}
	vmi.Spec.Domain.Devices.Interfaces = []v1.Interface{{
		Name:                   "default",
		InterfaceBindingMethod: v1.InterfaceBindingMethod{Masquerade: &v1.InterfaceMasquerade{}},
	}}
	if change != nil {
		change(vmi)
	}
	return vmi
}

func TestPlanFor(t *testing.T) {
	yes := true
	iface := func(vmi *v1.VirtualMachineInstance) *v1.Interface { return &vmi.Spec.Domain.Devices.Interfaces[0] }
	cases := []struct {
		name   string
		change func(*v1.VirtualMachineInstance)
		want   func(*Masquerade)
	}{
		{name: "defaults"},
		{name: "hardware address", change: func(vmi *v1.VirtualMachineInstance) { iface(vmi).MacAddress = "02:aa:bb:cc:dd:ee" },
			want: func(m *Masquerade) { m.MAC = "02:aa:bb:cc:dd:ee" }},
		{name: "networks", change: func(vmi *v1.VirtualMachineInstance) {
			vmi.Spec.Networks[0].Pod = &v1.PodNetwork{VMNetworkCIDR: "192.168.7.0/29", VMIPv6NetworkCIDR: "fd00:7::/64"}
		}, want: func(m *Masquerade) {
			m.Gateway, m.Guest = prefix("192.168.7.1/29"), prefix("192.168.7.2/29")
			m.Gateway6, m.Guest6 = prefix("fd00:7::1/64"), prefix("fd00:7::2/64")
		}},
		{name: "ports", change: func(vmi *v1.VirtualMachineInstance) {
			iface(vmi).Ports = []v1.Port{{Port: 80}, {Protocol: "UDP", Port: 53}}
			iface(vmi).PortRanges = []v1.PortRange{{Protocol: "TCP", Start: 8000, End: 8010}}
		}, want: func(m *Masquerade) { m.Ports = []PortRange{{TCP, 80, 80}, {UDP, 53, 53}, {TCP, 8000, 8010}} }},
		{name: "queues", change: func(vmi *v1.VirtualMachineInstance) {
			vmi.Spec.Domain.Devices.NetworkInterfaceMultiqueue = &yes
			vmi.Spec.Domain.CPU = &v1.CPU{Sockets: 2, Cores: 3}
		}, want: func(m *Masquerade) { m.Queues = 6 }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			plan, err := PlanFor(masqueraded(c.change))
			if err != nil {
				t.Fatal(err)
			}
			want := &Masquerade{Network: "default", Queues: 1,
				Gateway: prefix("10.0.2.1/24"), Guest: prefix("10.0.2.2/24"),
				Gateway6: prefix("fd10:0:2::1/120"), Guest6: prefix("fd10:0:2::2/120")}
			if c.want != nil {
				c.want(want)
			}
			if !reflect.DeepEqual(plan.Masquerade, want) {
				t.Errorf("plan is %+v, want %+v", plan.Masquerade, want)
			}
		})
	}
}

func TestPlanForNothing(t *testing.T) {
	for name, vmi := range map[string]*v1.VirtualMachineInstance{
		"no interface": {},
		"removed": masqueraded(func(vmi *v1.VirtualMachineInstance) {
			vmi.Spec.Domain.Devices.Interfaces[0].State = v1.InterfaceStateAbsent
		}),
	} {
		if plan, err := PlanFor(vmi); err != nil || plan.Masquerade != nil {
			t.Errorf("%s: %+v, %v", name, plan, err)
		}
	}
}

func TestPlanForRefuses(t *testing.T) {
	pod := func(network v1.PodNetwork) func(*v1.VirtualMachineInstance) {
		return func(vmi *v1.VirtualMachineInstance) { vmi.Spec.Networks[0].Pod = &network }
	}
	port := func(port v1.Port) func(*v1.VirtualMachineInstance) {
		return func(vmi *v1.VirtualMachineInstance) {
			vmi.Spec.Domain.Devices.Interfaces[0].Ports = []v1.Port{port}
		}
	}
	cases := []struct {
		name, want string
		change     func(*v1.VirtualMachineInstance)
	}{
		{"no network", "no network of that name", func(vmi *v1.VirtualMachineInstance) { vmi.Spec.Networks = nil }},
		{"other binding", "only masquerade", func(vmi *v1.VirtualMachineInstance) {
			vmi.Spec.Domain.Devices.Interfaces[0].InterfaceBindingMethod = v1.InterfaceBindingMethod{Bridge: &v1.InterfaceBridge{}}
		}},
		{"two", "is taken by", func(vmi *v1.VirtualMachineInstance) {
			vmi.Spec.Domain.Devices.Interfaces = append(vmi.Spec.Domain.Devices.Interfaces, vmi.Spec.Domain.Devices.Interfaces[0])
		}},
		{"no address", "reading the VM network", pod(v1.PodNetwork{VMNetworkCIDR: "ten"})},
		{"too small", "no room", pod(v1.PodNetwork{VMNetworkCIDR: "10.0.0.0/31"})},
		{"wrong family", "other IP family", pod(v1.PodNetwork{VMNetworkCIDR: "fd00::/64"})},
		{"wrong protocol", "unknown protocol", port(v1.Port{Protocol: "ICMP", Port: 1})},
		{"wrong port", "do not exist", port(v1.Port{Port: 0})},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := PlanFor(masqueraded(c.change)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}
