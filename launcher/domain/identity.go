package domain

import (
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// What libvirt does at the end of a guest's life, in its words.
const (
	destroy = "destroy"
	restart = "restart"
)

// identity gives the domain its name, its hypervisor and its course of life.
type identity struct {
	// Emulation chooses QEMU's own emulator instead of KVM.
	Emulation bool
}

// Name is the name of an instance's domain, by which people find it in virsh.
func Name(vmi *v1.VirtualMachineInstance) string { return vmi.Namespace + "_" + vmi.Name }

// Apply sets what identifies the domain. A guest that powers off or crashes ends
// its domain: what comes next is the control plane's decision.
func (i identity) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	domain.Type = "kvm"
	if i.Emulation {
		domain.Type = "qemu"
	}
	domain.Name = Name(vmi)
	domain.Metadata = &libvirtxml.DomainMetadata{
		XML: `<kubevirt xmlns="http://kubevirt.io"><uid>` + string(vmi.UID) + `</uid></kubevirt>`,
	}
	domain.OnPoweroff = destroy
	domain.OnReboot = restart
	if policy := vmi.Spec.Domain.RebootPolicy; policy != nil && *policy == v1.RebootPolicyTerminate {
		domain.OnReboot = destroy
	}
	domain.OnCrash = destroy
	return nil
}
