// Package cpu turns an instance's CPU and hypervisor features into their part of
// the domain.
package cpu

import (
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/domain/toggle"
)

// Topology gives the domain its virtual CPUs.
type Topology struct{}

// Apply sets the number and arrangement of vCPUs. Where the instance may grow,
// the sockets it can grow to are described from the start, but switched off: a
// running domain's topology cannot change.
func (Topology) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	topology := vmi.Spec.Domain.CPUTopology()
	current := topology.VCPUs()
	if cpu := vmi.Spec.Domain.CPU; cpu != nil && cpu.MaxSockets > topology.Sockets {
		topology.Sockets = cpu.MaxSockets
	}
	if domain.CPU == nil {
		domain.CPU = &libvirtxml.DomainCPU{}
	}
	domain.CPU.Topology = &libvirtxml.DomainCPUTopology{
		Sockets: int(topology.Sockets),
		Cores:   int(topology.Cores),
		Threads: int(topology.Threads),
	}
	all := topology.VCPUs()
	domain.VCPU = &libvirtxml.DomainVCPU{Placement: "static", Value: uint(all)}
	if all == current {
		return nil
	}
	// A socket is plugged as a whole; the first one stays for good.
	perSocket := topology.Cores * topology.Threads
	domain.VCPUs = &libvirtxml.DomainVCPUs{}
	for id := range uint(all) {
		domain.VCPUs.VCPU = append(domain.VCPUs.VCPU, libvirtxml.DomainVCPUsVCPU{
			Id:           &id,
			Enabled:      toggle.YesNo(id < uint(current)),
			Hotpluggable: toggle.YesNo(id >= uint(perSocket)),
		})
	}
	return nil
}
