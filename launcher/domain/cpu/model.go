package cpu

import (
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Models that name a relation to the node's CPU rather than a CPU.
const (
	hostModel       = "host-model"
	hostPassthrough = "host-passthrough"
)

// Model gives the domain its CPU model and features.
type Model struct {
	// Emulation tells that no host CPU runs the guest's code.
	Emulation bool
}

// Apply sets the CPU model. Under emulation there is no host CPU to pass through
// or to imitate: both mean everything the emulator can do. A named model is then
// taken without libvirt's check, because the emulator lacks a feature or two of
// nearly all of them, which guests get along with.
func (m Model) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	if domain.CPU == nil {
		domain.CPU = &libvirtxml.DomainCPU{}
	}
	model := hostModel
	var features []v1.CPUFeature
	if cpu := vmi.Spec.Domain.CPU; cpu != nil {
		features = cpu.Features
		if cpu.Model != "" {
			model = cpu.Model
		}
	}
	named := model != hostModel && model != hostPassthrough
	switch {
	case named:
		domain.CPU.Mode = "custom"
		domain.CPU.Model = &libvirtxml.DomainCPUModel{Value: model}
		if m.Emulation {
			domain.CPU.Check = "none"
		}
	case m.Emulation:
		domain.CPU.Mode = "maximum"
	default:
		domain.CPU.Mode = model
	}
	mentionsMPX := false
	for _, feature := range features {
		policy := feature.Policy
		if policy == "" {
			policy = "require"
		}
		mentionsMPX = mentionsMPX || feature.Name == "mpx"
		domain.CPU.Features = append(domain.CPU.Features, libvirtxml.DomainCPUFeature{Name: feature.Name, Policy: policy})
	}
	// Current CPUs dropped mpx while the definitions of older models require it.
	if named && !mentionsMPX {
		domain.CPU.Features = append(domain.CPU.Features, libvirtxml.DomainCPUFeature{Name: "mpx", Policy: "disable"})
	}
	return nil
}
