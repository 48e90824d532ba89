package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// maxAutoIOThreadsPerCPU is how many I/O threads the policy "auto" allows for each vCPU.
const maxAutoIOThreadsPerCPU = 2

// CPUTopology returns the guest's sockets, cores and threads, each at least one.
// Where the spec gives none of them, the CPU limit or request says how many
// sockets there are.
func (d *DomainSpec) CPUTopology() CPUTopology {
	topology := CPUTopology{Sockets: 1, Cores: 1, Threads: 1}
	if cpu := d.CPU; cpu != nil && (cpu.Sockets != 0 || cpu.Cores != 0 || cpu.Threads != 0) {
		topology.Sockets = max(cpu.Sockets, 1)
		topology.Cores = max(cpu.Cores, 1)
		topology.Threads = max(cpu.Threads, 1)
		return topology
	}
	for _, list := range []corev1.ResourceList{d.Resources.Limits, d.Resources.Requests} {
		if quantity, set := list[corev1.ResourceCPU]; set && quantity.Sign() > 0 {
			topology.Sockets = uint32(quantity.Value()) // Value rounds up
			break
		}
	}
	return topology
}

// VCPUs is the number of virtual CPUs of a topology.
func (t CPUTopology) VCPUs() uint32 { return t.Sockets * t.Cores * t.Threads }

// GuestMemory is the memory the guest starts with: what the spec says about the
// guest, else what it requests, else its limit. It is zero where nothing is said.
func (d *DomainSpec) GuestMemory() resource.Quantity {
	if d.Memory != nil && d.Memory.Guest != nil {
		return d.Memory.Guest.DeepCopy()
	}
	for _, list := range []corev1.ResourceList{d.Resources.Requests, d.Resources.Limits} {
		if quantity, set := list[corev1.ResourceMemory]; set {
			return quantity.DeepCopy()
		}
	}
	return resource.Quantity{}
}

// IOThreadCounts is how many I/O threads a domain has: Dedicated ones serve one
// disk each, Pooled ones all other disks. Both are zero without I/O threads.
type IOThreadCounts struct {
	Pooled, Dedicated uint32
}

// Total is the number of I/O threads of the domain.
func (c IOThreadCounts) Total() uint32 { return c.Pooled + c.Dedicated }

// IOThreadCounts says how many I/O threads the spec asks for.
func (d *DomainSpec) IOThreadCounts() IOThreadCounts {
	if d.IOThreadsPolicy != nil && *d.IOThreadsPolicy == IOThreadsPolicySupplementalPool {
		if d.IOThreads == nil || d.IOThreads.SupplementalPoolThreadCount == nil {
			return IOThreadCounts{}
		}
		return IOThreadCounts{Pooled: *d.IOThreads.SupplementalPoolThreadCount}
	}
	var counts IOThreadCounts
	for i := range d.Devices.Disks {
		if dedicated := d.Devices.Disks[i].DedicatedIOThread; dedicated != nil && *dedicated {
			counts.Dedicated++
		} else {
			counts.Pooled++
		}
	}
	limit := uint32(1)
	switch {
	case d.IOThreadsPolicy == nil && counts.Dedicated == 0:
		return IOThreadCounts{}
	case d.IOThreadsPolicy != nil && *d.IOThreadsPolicy == IOThreadsPolicyAuto &&
		(d.CPU == nil || !d.CPU.IsolateEmulatorThread):
		limit = d.CPUTopology().VCPUs() * maxAutoIOThreadsPerCPU
	}
	if counts.Total() > limit {
		counts.Pooled = max(1, limit-min(limit, counts.Dedicated))
	}
	return counts
}

// IsEnabled reports whether the feature is on; a feature that is mentioned is on
// unless it says otherwise, one that is not mentioned is off.
func (s *FeatureState) IsEnabled() bool { return s != nil && (s.Enabled == nil || *s.Enabled) }
