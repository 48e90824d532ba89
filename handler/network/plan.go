// Package network prepares the network namespace of a launcher pod: what the
// guest's interfaces are plugged into, and how their traffic reaches the pod's.
package network

import (
	"fmt"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Plan is what one guest needs in its pod's network namespace: an entry for each
// of its interfaces, in their order.
type Plan struct {
	Interfaces []Interface
}

// Interface is what one interface of the guest needs.
type Interface struct {
	// Network is the name of the VMI's network.
	Network string
	// Primary: it is on the network of the pod's own interface.
	Primary bool
	Names   v1.LinkNames
	Binding Binding
	// MAC of the guest; empty takes that of the pod's interface.
	MAC string
	// Queues of the tap device; at least 1.
	Queues uint32
	// Masquerade is set for that binding only.
	Masquerade *Masquerade
}

// Binding is how an interface of the guest is connected with the pod's.
type Binding int

// Kinds of bindings.
const (
	// Elsewhere: others connect the guest, here the pod's interface is only looked at.
	Elsewhere Binding = iota
	// Masqueraded: the guest is on a network of its own behind the pod's addresses.
	Masqueraded
	// Bridged: the guest takes over the pod's hardware address and addresses.
	Bridged
	// ManagedTap is Bridged, but a plugin tells the guest its addresses.
	ManagedTap
	// Passt: the launcher carries the guest's connections over sockets of the pod.
	Passt
	// PluginTap: the network plugin has made the tap device and connected it.
	PluginTap
)

// bridges tells whether the pod's interface moves under a bridge.
func (b Binding) bridges() bool { return b == Bridged || b == ManagedTap }

// PlanFor reads the plan from a VMI; plugins are the cluster's binding plugins. It
// fails for what this handler cannot set up; admission refuses such a VMI earlier.
func PlanFor(vmi *v1.VirtualMachineInstance, plugins map[string]v1.InterfaceBindingPlugin) (Plan, error) {
	return planned(vmi, func(name string) (Binding, error) {
		plugin, registered := plugins[name]
		if !registered {
			return Elsewhere, fmt.Errorf("the cluster has no binding plugin %q", name)
		}
		return pluginBinding(plugin), nil
	})
}

// PlanOf is PlanFor for a guest that runs: a plugin that is no longer registered has
// done its work, and what it made is only looked at.
func PlanOf(vmi *v1.VirtualMachineInstance, plugins map[string]v1.InterfaceBindingPlugin) (Plan, error) {
	return planned(vmi, func(name string) (Binding, error) { return pluginBinding(plugins[name]), nil })
}

func planned(vmi *v1.VirtualMachineInstance, byPlugin func(string) (Binding, error)) (Plan, error) {
	networks := map[string]*v1.Network{}
	for i := range vmi.Spec.Networks {
		networks[vmi.Spec.Networks[i].Name] = &vmi.Spec.Networks[i]
	}
	var plan Plan
	taken := map[string]string{}
	for i := range vmi.Spec.Domain.Devices.Interfaces {
		iface := &vmi.Spec.Domain.Devices.Interfaces[i]
		if iface.State == v1.InterfaceStateAbsent {
			continue
		}
		network, found := networks[iface.Name]
		if !found {
			return Plan{}, fmt.Errorf("interface %q has no network of that name", iface.Name)
		}
		planned, err := interfaceFor(iface, network, byPlugin)
		if err != nil {
			return Plan{}, fmt.Errorf("interface %q: %w", iface.Name, err)
		}
		if other, twice := taken[planned.Names.Pod]; twice {
			return Plan{}, fmt.Errorf("interface %q: the pod's %s is taken by %q", iface.Name, planned.Names.Pod, other)
		}
		taken[planned.Names.Pod] = iface.Name
		planned.Queues = vmi.Spec.Domain.InterfaceQueues(iface)
		plan.Interfaces = append(plan.Interfaces, planned)
	}
	return plan, nil
}

func interfaceFor(iface *v1.Interface, network *v1.Network, byPlugin func(string) (Binding, error)) (Interface, error) {
	planned := Interface{
		Network: iface.Name, Primary: network.IsPrimary(), Names: network.LinkNames(), MAC: iface.MacAddress,
	}
	var err error
	switch {
	case iface.Masquerade != nil && network.Pod == nil:
		return planned, fmt.Errorf("masquerade works on the pod network only")
	case iface.Masquerade != nil:
		planned.Binding = Masqueraded
		planned.Masquerade, err = masqueradeFor(iface, network.Pod)
	case iface.Bridge != nil:
		planned.Binding = Bridged
	case iface.Binding != nil:
		planned.Binding, err = byPlugin(iface.Binding.Name)
	case iface.PasstBinding != nil:
		planned.Binding = Passt
	case iface.SRIOV != nil:
		planned.Binding = Elsewhere
	default:
		return planned, fmt.Errorf("it has no binding that is supported")
	}
	return planned, err
}

func pluginBinding(plugin v1.InterfaceBindingPlugin) Binding {
	switch plugin.DomainAttachmentType {
	case v1.DomainAttachmentTypeTap:
		return PluginTap
	case v1.DomainAttachmentTypeManagedTap:
		return ManagedTap
	}
	return Elsewhere
}
