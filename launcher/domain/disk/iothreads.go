package disk

import (
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// threads spreads virtio disks over the domain's I/O threads: the pooled ones are
// numbered first and taken in turn, the dedicated ones follow.
type threads struct {
	counts          v1.IOThreadCounts
	pool            bool
	pooled, special uint
}

func newThreads(spec *v1.DomainSpec) *threads {
	return &threads{
		counts: spec.IOThreadCounts(),
		pool:   spec.IOThreadsPolicy != nil && *spec.IOThreadsPolicy == v1.IOThreadsPolicySupplementalPool,
	}
}

func (t *threads) assign(disk *v1.Disk, built *libvirtxml.DomainDisk) {
	dedicated := disk.DedicatedIOThread != nil && *disk.DedicatedIOThread
	onVirtio := built.Target.Bus == string(v1.DiskBusVirtio)
	switch {
	case t.counts.Total() == 0 || built.Driver == nil || !onVirtio:
	case t.pool:
		built.Driver.IOThreads = &libvirtxml.DomainDiskIOThreads{}
		for id := range uint(t.counts.Pooled) {
			built.Driver.IOThreads.IOThread = append(built.Driver.IOThreads.IOThread, libvirtxml.DomainDiskIOThread{ID: id + 1})
		}
	case dedicated:
		t.special++
		id := uint(t.counts.Pooled) + t.special
		built.Driver.IOThread = &id
	default:
		id := t.pooled%uint(t.counts.Pooled) + 1
		t.pooled++
		built.Driver.IOThread = &id
	}
}

func (t *threads) declare(domain *libvirtxml.Domain) {
	domain.IOThreads = uint(t.counts.Total())
}
