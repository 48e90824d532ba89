package validate

import (
	"math/bits"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const (
	minBlockSize = 512
	maxBlockSize = 2 << 20
)

// disks checks the disks, and that disks and volumes belong together.
func disks(path, devices *field.Path, spec *v1.VirtualMachineInstanceSpec) field.ErrorList {
	var errs field.ErrorList
	volumes := map[string]*v1.Volume{}
	for i := range spec.Volumes {
		volumes[spec.Volumes[i].Name] = &spec.Volumes[i]
	}
	names := map[string]bool{}
	for i := range spec.Domain.Devices.Disks {
		at, disk := devices.Child("disks").Index(i), &spec.Domain.Devices.Disks[i]
		for _, msg := range validation.IsDNS1123Label(disk.Name) {
			errs = append(errs, field.Invalid(at.Child("name"), disk.Name, msg))
		}
		if names[disk.Name] {
			errs = append(errs, field.Duplicate(at.Child("name"), disk.Name))
		}
		names[disk.Name] = true
		switch volume := volumes[disk.Name]; {
		case volume == nil:
			errs = append(errs, field.NotFound(at.Child("name"), disk.Name+": no volume of that name in spec.volumes"))
		case volume.IsReadOnly() && disk.Disk != nil && disk.Disk.Bus == v1.DiskBusSATA:
			errs = append(errs, field.Forbidden(at.Child("disk", "bus"), "a sata disk cannot be read-only, as its claim is; use a cdrom or the virtio or scsi bus"))
		}
		errs = append(errs, diskTarget(at, disk)...)
		errs = append(errs, dedicatedIOThread(at, disk)...)
		errs = append(errs, blockSize(at.Child("blockSize"), disk)...)
		errs = append(errs, lun(at, disk, volumes[disk.Name])...)
		errs = append(errs, shareable(at, disk, volumes[disk.Name])...)
	}
	for _, filesystem := range spec.Domain.Devices.Filesystems {
		names[filesystem.Name] = true
	}
	for i, volume := range spec.Volumes {
		if !names[volume.Name] && volume.MemoryDump == nil {
			errs = append(errs, field.Invalid(path.Child("volumes").Index(i).Child("name"), volume.Name, "no disk uses this volume"))
		}
	}
	return errs
}

func diskTarget(at *field.Path, disk *v1.Disk) field.ErrorList {
	var errs field.ErrorList
	targets := 0
	if disk.Disk != nil {
		targets++
		if disk.Disk.ReadOnly && disk.Disk.Bus == v1.DiskBusSATA {
			errs = append(errs, field.Forbidden(at.Child("disk", "readonly"), "a sata disk cannot be read-only; use a cdrom or the virtio or scsi bus"))
		}
		if disk.Disk.PciAddress != "" && disk.Disk.Bus != v1.DiskBusVirtio {
			errs = append(errs, field.Forbidden(at.Child("disk", "pciAddress"), "only a disk on the virtio bus has a PCI address"))
		}
	}
	if disk.CDRom != nil {
		targets++
		if disk.CDRom.Bus == v1.DiskBusVirtio {
			errs = append(errs, field.NotSupported(at.Child("cdrom", "bus"), disk.CDRom.Bus,
				[]v1.DiskBus{v1.DiskBusSATA, v1.DiskBusSCSI, v1.DiskBusUSB}))
		}
	}
	if disk.LUN != nil {
		targets++
	}
	if targets > 1 {
		errs = append(errs, field.Forbidden(at, "disk, cdrom and lun exclude each other"))
	}
	return errs
}

func dedicatedIOThread(at *field.Path, disk *v1.Disk) field.ErrorList {
	if disk.DedicatedIOThread != nil && *disk.DedicatedIOThread && (disk.Disk == nil || disk.Disk.Bus != v1.DiskBusVirtio) {
		return field.ErrorList{field.Forbidden(at.Child("dedicatedIOThread"), "needs a disk on the virtio bus")}
	}
	return nil
}

func blockSize(at *field.Path, disk *v1.Disk) field.ErrorList {
	size := disk.BlockSize
	if size == nil || size.Custom == nil {
		return nil
	}
	if size.MatchVolume != nil && on(size.MatchVolume.Enabled) {
		return field.ErrorList{field.Forbidden(at, "custom and matchVolume exclude each other")}
	}
	var errs field.ErrorList
	custom := at.Child("custom")
	check := func(name string, value uint) {
		if value < minBlockSize || value > maxBlockSize || bits.OnesCount(value) != 1 {
			errs = append(errs, field.Invalid(custom.Child(name), value, "must be a power of two from 512 to 2097152"))
		}
	}
	check("logical", size.Custom.Logical)
	check("physical", size.Custom.Physical)
	if size.Custom.Logical > size.Custom.Physical {
		errs = append(errs, field.Invalid(custom.Child("logical"), size.Custom.Logical, "must not exceed physical"))
	}
	if disk.Disk != nil && disk.Disk.Bus == v1.DiskBusSATA && size.Custom.Logical != minBlockSize {
		errs = append(errs, field.Invalid(custom.Child("logical"), size.Custom.Logical, "a sata disk has logical blocks of 512 bytes"))
	}
	if granularity := size.Custom.DiscardGranularity; granularity != nil && size.Custom.Logical > 0 && *granularity%size.Custom.Logical != 0 {
		errs = append(errs, field.Invalid(custom.Child("discardGranularity"), *granularity, "must be a multiple of logical"))
	}
	return errs
}

// exactlyOne wants one of the named sources to be set.
func exactlyOne(path *field.Path, set map[string]bool) field.ErrorList {
	var names []string
	for name, is := range set {
		if is {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	switch len(names) {
	case 1:
		return nil
	case 0:
		return field.ErrorList{field.Required(path, "exactly one source")}
	}
	return field.ErrorList{field.Invalid(path, names, "exactly one source")}
}
