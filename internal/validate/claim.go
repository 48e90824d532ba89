package validate

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// ephemeral checks the claim that a guest writes to in appearance only.
func ephemeral(at *field.Path, source *v1.EphemeralVolumeSource) field.ErrorList {
	claim := source.PersistentVolumeClaim
	if claim == nil {
		return field.ErrorList{field.Required(at.Child("persistentVolumeClaim"), "the claim that holds the disk")}
	}
	return claimName(at.Child("persistentVolumeClaim", "claimName"), claim.ClaimName)
}

// claimUses keeps an instance from writing to one claim by two of its volumes, which
// nothing but its guest could notice.
func claimUses(path *field.Path, spec *v1.VirtualMachineInstanceSpec) field.ErrorList {
	var errs field.ErrorList
	earlier := map[string]*v1.Volume{}
	for i := range spec.Volumes {
		volume := &spec.Volumes[i]
		name := volume.ClaimName()
		if name == "" {
			continue
		}
		if other := earlier[name]; other != nil && !spec.UseOf(volume).Allows(spec.UseOf(other)) {
			errs = append(errs, field.Forbidden(path.Child("volumes").Index(i),
				"volume "+other.Name+" uses the claim "+name+" too: both have to be read-only, or their disks shareable"))
		}
		if earlier[name] == nil || spec.UseOf(volume) != v1.VolumeUseFollow {
			earlier[name] = volume // of a reader beside sharers, the sharers stay what others are compared with
		}
	}
	return errs
}

// lun wants a disk that passes SCSI commands to have something that takes them.
func lun(at *field.Path, disk *v1.Disk, volume *v1.Volume) field.ErrorList {
	if disk.LUN == nil {
		return nil
	}
	var errs field.ErrorList
	if volume != nil && volume.PersistentVolumeClaim == nil && volume.DataVolume == nil {
		errs = append(errs, field.Forbidden(at.Child("lun"), "passes SCSI commands on to a volume of kind persistentVolumeClaim or dataVolume"))
	}
	if bus := disk.LUN.Bus; bus != "" && bus != v1.DiskBusSCSI {
		errs = append(errs, field.NotSupported(at.Child("lun", "bus"), bus, []v1.DiskBus{v1.DiskBusSCSI}))
	}
	return errs
}

// shareable wants a disk for several guests to be one that they can all reach, in a
// format that they can all write to, through no cache of one node.
func shareable(at *field.Path, disk *v1.Disk, volume *v1.Volume) field.ErrorList {
	if !disk.IsShareable() {
		return nil
	}
	var errs field.ErrorList
	if volume != nil && volume.PersistentVolumeClaim == nil && volume.DataVolume == nil && volume.HostDisk == nil {
		errs = append(errs, field.Forbidden(at.Child("shareable"),
			"needs a volume that others can use as well: persistentVolumeClaim, dataVolume or hostDisk"))
	}
	if disk.Cache != "" && disk.Cache != v1.DriverCacheNone {
		errs = append(errs, field.NotSupported(at.Child("cache"), disk.Cache, []v1.DriverCache{v1.DriverCacheNone}))
	}
	return errs
}
