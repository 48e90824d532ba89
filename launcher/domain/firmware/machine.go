// Package firmware turns an instance's machine and firmware into their part of
// the domain.
package firmware

import (
	"fmt"

	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// machines maps the architectures that the launcher image has an emulator for.
var machines = map[string]struct{ arch, machine string }{
	"":      {"x86_64", "q35"},
	"amd64": {"x86_64", "q35"},
}

// Machine gives the domain its board.
type Machine struct{}

// Apply sets architecture and machine type.
func (Machine) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	known, found := machines[vmi.Spec.Architecture]
	if !found {
		return fmt.Errorf("guests of architecture %q are not supported", vmi.Spec.Architecture)
	}
	if domain.OS == nil {
		domain.OS = &libvirtxml.DomainOS{}
	}
	domain.OS.Type = &libvirtxml.DomainOSType{Type: "hvm", Arch: known.arch, Machine: known.machine}
	if machine := vmi.Spec.Domain.Machine; machine != nil && machine.Type != "" {
		domain.OS.Type.Machine = machine.Type
	}
	return nil
}
