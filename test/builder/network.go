package builder

import v1 "kubevirt.io/kubevirt/api/core/v1"

// Multus adds an interface, bound by a bridge, on a network that a
// NetworkAttachmentDefinition describes.
func Multus(name, definition string) Option {
	return func(vmi *v1.VirtualMachineInstance) {
		vmi.Spec.Domain.Devices.Interfaces = append(vmi.Spec.Domain.Devices.Interfaces, v1.Interface{
			Name: name, InterfaceBindingMethod: v1.InterfaceBindingMethod{Bridge: &v1.InterfaceBridge{}},
		})
		vmi.Spec.Networks = append(vmi.Spec.Networks, v1.Network{
			Name: name, NetworkSource: v1.NetworkSource{Multus: &v1.MultusNetwork{NetworkName: definition}},
		})
	}
}

// BoundBy has a plugin bind the interface added last.
func BoundBy(plugin string) Option {
	return func(vmi *v1.VirtualMachineInstance) {
		last := &vmi.Spec.Domain.Devices.Interfaces[len(vmi.Spec.Domain.Devices.Interfaces)-1]
		last.InterfaceBindingMethod, last.Binding = v1.InterfaceBindingMethod{}, &v1.PluginBinding{Name: plugin}
	}
}
