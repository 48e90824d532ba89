// Package memory turns an instance's memory into its part of the domain.
package memory

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/resource"
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Guest gives the domain its memory.
type Guest struct{}

// Apply sets the size of the guest's memory and the pages that back it.
func (Guest) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	guest := vmi.Spec.Domain.GuestMemory()
	if guest.Sign() <= 0 {
		return errors.New("the instance has no memory")
	}
	domain.Memory = &libvirtxml.DomainMemory{Value: uint(guest.Value()), Unit: "b"}

	memory := vmi.Spec.Domain.Memory
	if memory == nil || memory.Hugepages == nil {
		return nil
	}
	page, err := resource.ParseQuantity(memory.Hugepages.PageSize)
	if err != nil {
		return fmt.Errorf("reading the size of huge pages %q: %w", memory.Hugepages.PageSize, err)
	}
	domain.MemoryBacking = &libvirtxml.DomainMemoryBacking{
		MemoryHugePages: &libvirtxml.DomainMemoryHugepages{
			Hugepages: []libvirtxml.DomainMemoryHugepage{{Size: uint(page.Value()), Unit: "b"}},
		},
		// A memfd needs no hugetlbfs in the pod, only the right to the pages.
		MemorySource: &libvirtxml.DomainMemorySource{Type: "memfd"},
	}
	addCell(vmi, domain, guest)
	return nil
}

// addCell describes one NUMA cell with all CPUs: libvirt honours the kind of
// memory only for memory that belongs to a cell.
func addCell(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain, guest resource.Quantity) {
	topology := vmi.Spec.Domain.CPUTopology()
	if cpu := vmi.Spec.Domain.CPU; cpu != nil {
		topology.Sockets = max(topology.Sockets, cpu.MaxSockets)
	}
	if domain.CPU == nil {
		domain.CPU = &libvirtxml.DomainCPU{}
	}
	var cell uint
	domain.CPU.Numa = &libvirtxml.DomainNuma{Cell: []libvirtxml.DomainCell{{
		ID:     &cell,
		CPUs:   fmt.Sprintf("0-%d", topology.VCPUs()-1),
		Memory: uint(guest.Value() / 1024),
		Unit:   "KiB",
	}}}
}
