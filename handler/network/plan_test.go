package network

import (
	"encoding/json"
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
		want   func(*Interface)
	}{
		{name: "defaults"},
		{name: "hardware address", change: func(vmi *v1.VirtualMachineInstance) { iface(vmi).MacAddress = "02:aa:bb:cc:dd:ee" },
			want: func(i *Interface) { i.MAC = "02:aa:bb:cc:dd:ee" }},
		{name: "networks", change: func(vmi *v1.VirtualMachineInstance) {
			vmi.Spec.Networks[0].Pod = &v1.PodNetwork{VMNetworkCIDR: "192.168.7.0/29", VMIPv6NetworkCIDR: "fd00:7::/64"}
		}, want: func(i *Interface) {
			m := i.Masquerade
			m.Gateway, m.Guest = prefix("192.168.7.1/29"), prefix("192.168.7.2/29")
			m.Gateway6, m.Guest6 = prefix("fd00:7::1/64"), prefix("fd00:7::2/64")
		}},
		{name: "ports", change: func(vmi *v1.VirtualMachineInstance) {
			iface(vmi).Ports = []v1.Port{{Port: 80}, {Protocol: "UDP", Port: 53}}
			iface(vmi).PortRanges = []v1.PortRange{{Protocol: "TCP", Start: 8000, End: 8010}}
		}, want: func(i *Interface) { i.Masquerade.Ports = []PortRange{{TCP, 80, 80}, {UDP, 53, 53}, {TCP, 8000, 8010}} }},
		{name: "queues", change: func(vmi *v1.VirtualMachineInstance) {
			vmi.Spec.Domain.Devices.NetworkInterfaceMultiqueue = &yes
			vmi.Spec.Domain.CPU = &v1.CPU{Sockets: 2, Cores: 3}
		}, want: func(i *Interface) { i.Queues = 6 }},
		{name: "queues that the hardware has not", change: func(vmi *v1.VirtualMachineInstance) {
			vmi.Spec.Domain.Devices.NetworkInterfaceMultiqueue = &yes
			vmi.Spec.Domain.CPU = &v1.CPU{Sockets: 2}
			iface(vmi).Model = "e1000"
		}},
		{name: "more vCPUs than queues", change: func(vmi *v1.VirtualMachineInstance) {
			vmi.Spec.Domain.Devices.NetworkInterfaceMultiqueue = &yes
			vmi.Spec.Domain.CPU = &v1.CPU{Sockets: 300}
		}, want: func(i *Interface) { i.Queues = 256 }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			plan, err := PlanFor(masqueraded(c.change), nil)
			if err != nil {
				t.Fatal(err)
			}
			want := Interface{Network: "default", Primary: true, Binding: Masqueraded, Queues: 1,
				Names: v1.LinkNames{Pod: "eth0", Tap: "tap0", Bridge: "k6t-eth0", Suffix: "0"},
				Masquerade: &Masquerade{
					Gateway: prefix("10.0.2.1/24"), Guest: prefix("10.0.2.2/24"),
					Gateway6: prefix("fd10:0:2::1/120"), Guest6: prefix("fd10:0:2::2/120"),
				}}
			if c.want != nil {
				c.want(&want)
			}
			if len(plan.Interfaces) != 1 || !reflect.DeepEqual(plan.Interfaces[0], want) {
				t.Errorf("plan is %+v, want %+v", plan.Interfaces, want)
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
		if plan, err := PlanFor(vmi, nil); err != nil || len(plan.Interfaces) != 0 {
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
		{"no binding", "no binding that is supported", func(vmi *v1.VirtualMachineInstance) {
			vmi.Spec.Domain.Devices.Interfaces[0].InterfaceBindingMethod = v1.InterfaceBindingMethod{}
		}},
		{"masquerade elsewhere", "on the pod network only", func(vmi *v1.VirtualMachineInstance) {
			vmi.Spec.Networks[0].NetworkSource = v1.NetworkSource{Multus: &v1.MultusNetwork{NetworkName: "red"}}
		}},
		{"unknown plugin", `no binding plugin "other"`, func(vmi *v1.VirtualMachineInstance) {
			vmi.Spec.Domain.Devices.Interfaces[0].InterfaceBindingMethod = v1.InterfaceBindingMethod{}
			vmi.Spec.Domain.Devices.Interfaces[0].Binding = &v1.PluginBinding{Name: "other"}
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
			if _, err := PlanFor(masqueraded(c.change), plugins); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}

var plugins = map[string]v1.InterfaceBindingPlugin{
	"sidecar": {SidecarImage: "plugin"},
	"tap":     {DomainAttachmentType: v1.DomainAttachmentTypeTap},
	"managed": {DomainAttachmentType: v1.DomainAttachmentTypeManagedTap},
}

// secondary adds an interface on a network that multus attaches.
func secondary(vmi *v1.VirtualMachineInstance, name string, iface v1.Interface) {
	iface.Name = name
	vmi.Spec.Networks = append(vmi.Spec.Networks, v1.Network{
		Name: name, NetworkSource: v1.NetworkSource{Multus: &v1.MultusNetwork{NetworkName: name}},
	})
	vmi.Spec.Domain.Devices.Interfaces = append(vmi.Spec.Domain.Devices.Interfaces, iface)
}

func bridged() v1.Interface {
	return v1.Interface{InterfaceBindingMethod: v1.InterfaceBindingMethod{Bridge: &v1.InterfaceBridge{}}}
}

func byPlugin(name string) v1.Interface { return v1.Interface{Binding: &v1.PluginBinding{Name: name}} }

func TestPlanForSeveral(t *testing.T) {
	plan, err := PlanFor(masqueraded(func(vmi *v1.VirtualMachineInstance) {
		secondary(vmi, "red", bridged())
		secondary(vmi, "green", byPlugin("sidecar"))
		secondary(vmi, "blue", byPlugin("tap"))
		secondary(vmi, "gone", bridged())
		vmi.Spec.Domain.Devices.Interfaces[4].State = v1.InterfaceStateAbsent
		secondary(vmi, "white", byPlugin("managed"))
		secondary(vmi, "passt", v1.Interface{InterfaceBindingMethod: v1.InterfaceBindingMethod{PasstBinding: &v1.InterfacePasstBinding{}}})
	}), plugins)
	if err != nil {
		t.Fatal(err)
	}
	want := []Binding{Masqueraded, Bridged, Elsewhere, PluginTap, ManagedTap, Passt}
	var got []Binding
	for _, iface := range plan.Interfaces {
		got = append(got, iface.Binding)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("bindings are %v, want %v", got, want)
	}
	if red := plan.Interfaces[1]; red.Primary || red.Names.Pod != "podb1f51a511f1" || red.Names.Tap != "tapb1f51a511f1" {
		t.Errorf("the second interface is %+v", red)
	}
}

func TestPlanOfAPluginThatIsGone(t *testing.T) {
	vmi := onPodNetwork(byPlugin("tap"))
	for want, registered := range map[Binding]map[string]v1.InterfaceBindingPlugin{PluginTap: plugins, Elsewhere: nil} {
		if plan, err := PlanOf(vmi, registered); err != nil || plan.Interfaces[0].Binding != want {
			t.Errorf("%+v, %v; want %v", plan, err, want)
		}
	}
}

// FuzzPlanFor: whatever an instance says, there is a plan or an error.
func FuzzPlanFor(f *testing.F) {
	f.Add([]byte(`{"networks":[{"name":"default","pod":{"vmNetworkCIDR":"10.0.0.0/24"}}],"domain":{"devices":{
		"interfaces":[{"name":"default","masquerade":{},"ports":[{"port":80}]}]}}}`))
	f.Add([]byte(`{"networks":[{"name":"a","pod":{"vmIPv6NetworkCIDR":"fd00::/127"}},{"name":"b","multus":{"networkName":"x","default":true}}],
		"domain":{"cpu":{"sockets":3},"devices":{"networkInterfaceMultiqueue":true,"interfaces":[
		{"name":"a","masquerade":{},"portRanges":[{"protocol":"UDP","start":1,"end":9}]},
		{"name":"b","bridge":{},"macAddress":"02:00:00:00:00:01"},{"name":"c","binding":{"name":"tap"},"state":"absent"}]}}}`))
	f.Fuzz(func(t *testing.T, spec []byte) {
		vmi := &v1.VirtualMachineInstance{}
		if json.Unmarshal(spec, &vmi.Spec) != nil {
			return
		}
		plan, err := PlanFor(vmi, plugins)
		if err != nil {
			return
		}
		for _, iface := range plan.Interfaces {
			if iface.Queues < 1 || iface.Queues > 256 || len(iface.Names.Bridge) > 15 || (iface.Masquerade != nil) != (iface.Binding == Masqueraded) {
				t.Errorf("planned %+v", iface)
			}
		}
	})
}
