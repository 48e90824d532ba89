package disk

import (
	"fmt"

	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// driver says how QEMU works with a disk's image.
func driver(vmi *v1.VirtualMachineInstance, disk *v1.Disk, device device, source Source, volume *v1.Volume) (*libvirtxml.DomainDiskDriver, error) {
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
	// Giving freed blocks back keeps the pod's writable layer small, and takes from an
	// image what it was given in advance.
	if (device.kind != "cdrom" || volume.ContainerDisk != nil) && !source.Preallocated {
		built.Discard = "unmap"
	}
	if disk.Cache == "" {
		built.Cache = string(defaultCache(disk, source, volume))
	}
	uncached := built.Cache == string(v1.DriverCacheNone)
	switch {
	case disk.IsShareable() && !uncached:
		return nil, fmt.Errorf("cache: %s is one node's own, and a shareable disk is written to by others: it has to be none", built.Cache)
	case uncached && !source.DirectIO:
		return nil, fmt.Errorf("cache: none needs storage that can be opened with O_DIRECT, and that of volume %s cannot", volume.Name)
	}
	switch {
	case disk.IO == v1.DriverIODefault:
		built.IO = ""
	case disk.IO == v1.DriverIONative && !uncached:
		return nil, fmt.Errorf("io: native needs the cache none, which for volume %s is %s", volume.Name, built.Cache)
	case disk.IO == "" && uncached && (source.Block || source.Allocated):
		built.IO = string(v1.DriverIONative)
	}
	if multiqueue := vmi.Spec.Domain.Devices.BlockMultiQueue; multiqueue != nil && *multiqueue && device.bus == v1.DiskBusVirtio {
		queues := uint(vmi.Spec.Domain.CPUTopology().VCPUs())
		built.Queues = &queues
	}
	return built, nil
}

// defaultCache avoids the node's page cache where that is possible. Elsewhere the
// disk writes through it, but for images that are gone with the pod: they would
// pay for a durability that nobody can use.
func defaultCache(disk *v1.Disk, source Source, volume *v1.Volume) v1.DriverCache {
	switch {
	case source.DirectIO, disk.IsShareable():
		return v1.DriverCacheNone
	case volume.ContainerDisk != nil, volume.EmptyDisk != nil, volume.Ephemeral != nil,
		volume.CloudInit() != nil, volume.IsConfig(), volume.Sysprep != nil, volume.DownwardMetrics != nil:
		return v1.DriverCacheWriteback
	}
	return v1.DriverCacheWritethrough
}
