package vm

import (
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func TestAbsentInterfacesAreLeftOut(t *testing.T) {
	nic := func(name string, state v1.InterfaceState) v1.Interface { return v1.Interface{Name: name, State: state} }
	for name, c := range map[string]struct {
		interfaces []v1.Interface
		left       string
		// bare tells that the instance is to get no interface by default.
		bare bool
	}{
		"none":         {nil, "", false},
		"all present":  {[]v1.Interface{nic("a", ""), nic("b", v1.InterfaceStateDown)}, "ab", false},
		"one absent":   {[]v1.Interface{nic("a", ""), nic("b", v1.InterfaceStateAbsent), nic("c", v1.InterfaceStateUp)}, "ac", false},
		"only absents": {[]v1.Interface{nic("a", v1.InterfaceStateAbsent)}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			spec := &v1.VirtualMachineInstanceSpec{}
			spec.Domain.Devices.Interfaces = c.interfaces
			for _, nic := range c.interfaces {
				spec.Networks = append(spec.Networks, v1.Network{Name: nic.Name})
			}
			dropAbsentInterfaces(spec)
			interfaces, networks := "", ""
			for i := range spec.Domain.Devices.Interfaces {
				interfaces += spec.Domain.Devices.Interfaces[i].Name
				networks += spec.Networks[i].Name
			}
			if interfaces != c.left || networks != c.left || len(spec.Networks) != len(c.left) {
				t.Errorf("interfaces %q, networks %v, want %q", interfaces, spec.Networks, c.left)
			}
			if attach := spec.Domain.Devices.AutoattachPodInterface; (attach != nil && !*attach) != c.bare {
				t.Errorf("autoattachPodInterface %v", attach)
			}
		})
	}
}
