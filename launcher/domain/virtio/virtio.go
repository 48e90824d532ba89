// Package virtio chooses the flavour of the domain's virtio devices.
package virtio

import v1 "kubevirt.io/kubevirt/api/core/v1"

// Model is the libvirt model of the instance's virtio devices. Only a guest that
// asks for it gets the transitional flavour, which old drivers understand.
func Model(vmi *v1.VirtualMachineInstance) string {
	if transitional := vmi.Spec.Domain.Devices.UseVirtioTransitional; transitional != nil && *transitional {
		return "virtio-transitional"
	}
	return "virtio-non-transitional"
}
