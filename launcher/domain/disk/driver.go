package disk

import (
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// driver says how QEMU works with a disk's image.
func driver(vmi *v1.VirtualMachineInstance, disk *v1.Disk, device device, source Source, volume *v1.Volume) *libvirtxml.DomainDiskDriver {
	built := &libvirtxml.DomainDiskDriver{
		Name:        "qemu",
		Type:        source.Format,
		ErrorPolicy: string(v1.DiskErrorPolicyStop),
		Cache:       string(disk.Cache),
		IO:          string(disk.IO),
	}
	if disk.ErrorPolicy != nil {
		built.ErrorPolicy = string(*disk.ErrorPolicy)
	}
	// Giving freed blocks back keeps the pod's writable layer small.
	if device.kind == "disk" || volume.ContainerDisk != nil {
		built.Discard = "unmap"
	}
	if disk.Cache == "" {
		built.Cache = string(defaultCache(source, volume))
	}
	switch {
	case disk.IO == v1.DriverIODefault:
		built.IO = ""
	case disk.IO == "" && source.Block && built.Cache == string(v1.DriverCacheNone):
		built.IO = string(v1.DriverIONative)
	}
	if multiqueue := vmi.Spec.Domain.Devices.BlockMultiQueue; multiqueue != nil && *multiqueue && device.bus == v1.DiskBusVirtio {
		queues := uint(vmi.Spec.Domain.CPUTopology().VCPUs())
		built.Queues = &queues
	}
	return built
}

// defaultCache avoids the node's page cache where that is possible. Elsewhere the
// disk writes through it, but for images that are gone with the pod: they would
// pay for a durability that nobody can use.
func defaultCache(source Source, volume *v1.Volume) v1.DriverCache {
	switch {
	case source.DirectIO:
		return v1.DriverCacheNone
	case volume.ContainerDisk != nil, volume.EmptyDisk != nil, volume.CloudInitNoCloud != nil:
		return v1.DriverCacheWriteback
	}
	return v1.DriverCacheWritethrough
}
