package vm

import (
	"fmt"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk"
	"kubevirt.io/kubevirt/launcher/domain"
)

// claim is the disk in a persistent volume claim.
func (p *Local) claim(wanted Wanted, volume *v1.Volume) (map[string]domain.Disk, error) {
	path, err := wanted.resolved(volume.Name)
	if err != nil {
		return nil, err
	}
	if volume.Ephemeral != nil {
		overlay, base, err := disk.Ephemeral(p.DisksDir, volume.Name, path)
		if err != nil {
			return nil, err
		}
		return map[string]domain.Disk{volume.Name: {
			Path: overlay.Path, Format: overlay.Format,
			DirectIO: disk.DirectIO(overlay.Path, base.Path),
			Backing:  &domain.DiskBacking{Path: base.Path, Format: base.Format, Block: base.Block},
		}}, nil
	}
	info := claimInfo(wanted.VMI, volume.Name)
	size := max(info.Capacity.Storage().Value(), info.Requests.Storage().Value())
	image, err := disk.Claim(path, !wanted.VMI.Spec.WritesTo(volume), size, wanted.Host.Room)
	if err == nil && image.Block && isLUN(wanted.VMI, volume.Name) {
		err = disk.TakesSCSI(image.Path)
	}
	return lasting(volume.Name, image, info.Preallocated, err)
}

// claimInfo is what the status says of the claim behind a volume. The size of one that
// was not bound is what was asked for.
func claimInfo(vmi *v1.VirtualMachineInstance, volume string) v1.PersistentVolumeClaimInfo {
	for i := range vmi.Status.VolumeStatus {
		if status := &vmi.Status.VolumeStatus[i]; status.Name == volume && status.PersistentVolumeClaimInfo != nil {
			return *status.PersistentVolumeClaimInfo
		}
	}
	return v1.PersistentVolumeClaimInfo{}
}

// hostDisk is the disk in a directory of the node.
func hostDisk(wanted Wanted, volume *v1.Volume) (map[string]domain.Disk, error) {
	path, err := wanted.resolved(volume.Name)
	if err != nil {
		return nil, err
	}
	image, err := disk.HostDisk(path, !wanted.VMI.Spec.WritesTo(volume))
	return lasting(volume.Name, image, false, err)
}

// lasting is the result of a volume whose image outlives the pod.
func lasting(volume string, image disk.Image, preallocated bool, err error) (map[string]domain.Disk, error) {
	prepared, err := single(volume, image, err)
	if err != nil {
		return nil, err
	}
	source := prepared[volume]
	source.Preallocated, source.Allocated = preallocated, disk.Allocated(image.Path)
	prepared[volume] = source
	return prepared, nil
}

func isLUN(vmi *v1.VirtualMachineInstance, volume string) bool {
	for i := range vmi.Spec.Domain.Devices.Disks {
		if drive := &vmi.Spec.Domain.Devices.Disks[i]; drive.Name == volume {
			return drive.LUN != nil
		}
	}
	return false
}

// matchBlocks looks up the block sizes of the volumes whose disks are to have the same.
func matchBlocks(vmi *v1.VirtualMachineInstance, prepared map[string]domain.Disk) error {
	for i := range vmi.Spec.Domain.Devices.Disks {
		drive := &vmi.Spec.Domain.Devices.Disks[i]
		source, ready := prepared[drive.Name]
		if !ready || drive.BlockSize == nil || !drive.BlockSize.MatchVolume.IsEnabled() {
			continue
		}
		path := source.Path
		if source.Backing != nil {
			path = source.Backing.Path // what lies over it is ours
		}
		blocks, err := disk.BlockSizesOf(path)
		if err != nil {
			return fmt.Errorf("disk %s: blockSize.matchVolume: %w", drive.Name, err)
		}
		source.Blocks = (*domain.DiskBlockSizes)(&blocks)
		prepared[drive.Name] = source
	}
	return nil
}
