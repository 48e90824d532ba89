package vm

import (
	"strings"

	"libvirt.org/go/libvirtxml"

	"kubevirt.io/kubevirt/launcher/disk"
	"kubevirt.io/kubevirt/launcher/domain"
)

// Disk is a disk of the domain.
type Disk struct {
	// Volume is the name of the VMI's volume behind it, Target its name in the domain.
	Volume, Target string
	// Size is how many bytes the guest sees; 0 where nobody could tell.
	Size int64
}

// VolumeOf is the volume behind a disk whose alias in the domain is given.
func VolumeOf(alias string) string { return strings.TrimPrefix(alias, domain.AliasPrefix) }

// disksOf lists the domain's disks. Drives without a medium are not in it.
func disksOf(built *libvirtxml.Domain, prepared map[string]domain.Disk) []Disk {
	var list []Disk
	if built.Devices == nil {
		return nil
	}
	for i := range built.Devices.Disks {
		found := &built.Devices.Disks[i]
		if found.Alias == nil || found.Target == nil {
			continue
		}
		volume := VolumeOf(found.Alias.Name)
		if source, ready := prepared[volume]; ready {
			list = append(list, Disk{Volume: volume, Target: found.Target.Dev, Size: disk.SizeOf(source.Path, source.Format)})
		}
	}
	return list
}
