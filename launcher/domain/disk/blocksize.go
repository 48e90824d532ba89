package disk

import (
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// sataBlock is what a SATA disk addresses, whatever it lies on.
const sataBlock = 512

// blockIO says which block sizes the guest sees; nil leaves them to QEMU.
func blockIO(disk *v1.Disk, device device, source Source) *libvirtxml.DomainDiskBlockIO {
	switch size := disk.BlockSize; {
	case size == nil:
	case size.Custom != nil:
		return &libvirtxml.DomainDiskBlockIO{
			LogicalBlockSize: size.Custom.Logical, PhysicalBlockSize: size.Custom.Physical, DiscardGranularity: size.Custom.DiscardGranularity,
		}
	case size.MatchVolume.IsEnabled() && source.Blocks != nil:
		blocks := *source.Blocks
		if device.bus == v1.DiskBusSATA {
			blocks.Logical = sataBlock
		}
		built := &libvirtxml.DomainDiskBlockIO{LogicalBlockSize: blocks.Logical, PhysicalBlockSize: blocks.Physical}
		if blocks.DiscardGranularity > 0 {
			built.DiscardGranularity = &blocks.DiscardGranularity
		}
		return built
	}
	return nil
}
