// Package memory turns an instance's memory into its part of the domain.
package memory

import (
	"errors"
	"fmt"
	"slices"

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

	memory, shared := vmi.Spec.Domain.Memory, isShared(&vmi.Spec)
	huge := memory != nil && memory.Hugepages != nil
	if !huge && !shared {
		return nil
	}
	// A memfd needs no hugetlbfs in the pod, only the right to the pages.
	backing := &libvirtxml.DomainMemoryBacking{MemorySource: &libvirtxml.DomainMemorySource{Type: "memfd"}}
	if huge {
		page, err := resource.ParseQuantity(memory.Hugepages.PageSize)
		if err != nil {
			return fmt.Errorf("reading the size of huge pages %q: %w", memory.Hugepages.PageSize, err)
		}
		backing.MemoryHugePages = &libvirtxml.DomainMemoryHugepages{
			Hugepages: []libvirtxml.DomainMemoryHugepage{{Size: uint(page.Value()), Unit: "b"}},
		}
	}
	if shared {
		backing.MemoryAccess = &libvirtxml.DomainMemoryAccess{Mode: "shared"}
	}
	domain.MemoryBacking = backing
	addCell(vmi, domain, guest)
	return nil
}

// isShared tells whether another program than QEMU works in the guest's memory.
func isShared(spec *v1.VirtualMachineInstanceSpec) bool {
	devices := &spec.Domain.Devices
	return len(devices.Filesystems) > 0 || slices.ContainsFunc(devices.Interfaces, func(nic v1.Interface) bool {
		return nic.PasstBinding != nil && nic.IsVirtio()
	})
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
