// Package disk turns an instance's disks into their part of the domain.
package disk

import (
	"errors"
	"fmt"

	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/domain/pci"
	"kubevirt.io/kubevirt/launcher/domain/toggle"
	"kubevirt.io/kubevirt/launcher/domain/virtio"
)

// Source is a volume that is ready for use, as QEMU sees it.
type Source struct {
	// Path of the image file or, with Block, of the device.
	Path string
	// Format of the image: raw or qcow2.
	Format string
	// Block tells that Path is a block device.
	Block bool
	// ReadOnly tells that nothing can be written to Path, whatever the instance says.
	ReadOnly bool
	// DirectIO tells that Path and what is below it can be opened with O_DIRECT;
	// it chooses the cache mode of disks that name none.
	DirectIO bool
	// Backing is the image below a qcow2 overlay; nil for a complete image.
	Backing *Backing
}

// Backing is the lower, read-only layer of an overlay.
type Backing struct {
	// Path of the image file.
	Path string
	// Format of the image: raw or qcow2.
	Format string
}

// Disks gives the domain its disks.
type Disks struct {
	// Sources has an entry for each volume that a disk uses, by the volume's name.
	Sources map[string]Source
}

// Apply adds the disks in their order and the controllers they hang on.
func (d Disks) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	disks := vmi.Spec.Domain.Devices.Disks
	if len(disks) == 0 {
		return nil
	}
	volumes := map[string]*v1.Volume{}
	for i := range vmi.Spec.Volumes {
		volumes[vmi.Spec.Volumes[i].Name] = &vmi.Spec.Volumes[i]
	}
	if domain.Devices == nil {
		domain.Devices = &libvirtxml.DomainDeviceList{}
	}
	names := newNames(vmi.Status.VolumeStatus)
	threads := newThreads(&vmi.Spec.Domain)
	for i := range disks {
		built, err := d.build(vmi, &disks[i], volumes[disks[i].Name])
		if err != nil {
			return fmt.Errorf("disk %s: %w", disks[i].Name, err)
		}
		bus := v1.DiskBus(built.Target.Bus)
		built.Target.Dev = names.next(disks[i].Name, bus)
		if bus == v1.DiskBusSCSI {
			built.Address = driveAddress(names.unit())
		}
		threads.assign(&disks[i], built)
		domain.Devices.Disks = append(domain.Devices.Disks, *built)
	}
	threads.declare(domain)
	addControllers(vmi, domain)
	return nil
}

// device is what an instance says about one disk's device, whatever its kind.
type device struct {
	kind     string
	bus      v1.DiskBus
	readOnly bool
	tray     v1.TrayState
	address  string
}

func deviceOf(disk *v1.Disk) (device, error) {
	result := device{kind: "disk", bus: v1.DiskBusSATA}
	var bus v1.DiskBus
	switch {
	case disk.LUN != nil:
		return result, errors.New("devices of type lun are not supported")
	case disk.CDRom != nil:
		bus = disk.CDRom.Bus
		result.kind = "cdrom"
		result.readOnly = toggle.Default(disk.CDRom.ReadOnly, true)
		result.tray = disk.CDRom.Tray
	case disk.Disk != nil:
		bus = disk.Disk.Bus
		result.readOnly = disk.Disk.ReadOnly
		result.address = disk.Disk.PciAddress
	}
	switch bus {
	case "":
	case v1.DiskBusVirtio, v1.DiskBusSATA, v1.DiskBusSCSI, v1.DiskBusUSB:
		result.bus = bus
	default:
		return result, fmt.Errorf("bus %q is not supported", bus)
	}
	if result.address != "" && result.bus != v1.DiskBusVirtio {
		return result, fmt.Errorf("a PCI address needs the bus virtio, not %s", result.bus)
	}
	return result, nil
}

func (d Disks) build(vmi *v1.VirtualMachineInstance, disk *v1.Disk, volume *v1.Volume) (*libvirtxml.DomainDisk, error) {
	device, err := deviceOf(disk)
	if err != nil {
		return nil, err
	}
	built := &libvirtxml.DomainDisk{
		Device: device.kind,
		Target: &libvirtxml.DomainDiskTarget{Bus: string(device.bus), Tray: string(device.tray)},
		Serial: disk.Serial,
		Alias:  &libvirtxml.DomainAlias{Name: "ua-" + disk.Name},
	}
	if device.bus == v1.DiskBusVirtio {
		built.Model = virtio.Model(vmi)
	}
	if device.readOnly {
		built.ReadOnly = &libvirtxml.DomainDiskReadOnly{}
	}
	if disk.BootOrder != nil {
		built.Boot = &libvirtxml.DomainDeviceBoot{Order: *disk.BootOrder}
	}
	if built.Address, err = pci.Parse(device.address); err != nil {
		return nil, err
	}
	if disk.BlockSize != nil && disk.BlockSize.Custom != nil {
		custom := disk.BlockSize.Custom
		built.BlockIO = &libvirtxml.DomainDiskBlockIO{
			LogicalBlockSize: custom.Logical, PhysicalBlockSize: custom.Physical, DiscardGranularity: custom.DiscardGranularity,
		}
	}
	if volume == nil {
		return emptyDrive(built, device)
	}
	source, prepared := d.Sources[volume.Name]
	if !prepared {
		return nil, fmt.Errorf("volume %s has not been prepared", volume.Name)
	}
	if source.ReadOnly || volume.IsReadOnly() {
		built.ReadOnly = &libvirtxml.DomainDiskReadOnly{}
	}
	built.Source = diskSource(source)
	built.BackingStore = backingStore(source.Backing)
	built.Driver = driver(vmi, disk, device, source, volume)
	return built, nil
}

// emptyDrive completes a CD-ROM drive without a medium.
func emptyDrive(built *libvirtxml.DomainDisk, device device) (*libvirtxml.DomainDisk, error) {
	if device.kind != "cdrom" {
		return nil, errors.New("there is no volume of that name")
	}
	built.Source = &libvirtxml.DomainDiskSource{Block: &libvirtxml.DomainDiskSourceBlock{}}
	built.Driver = &libvirtxml.DomainDiskDriver{Name: "qemu", Type: "raw", ErrorPolicy: string(v1.DiskErrorPolicyStop), Discard: "unmap"}
	return built, nil
}

func diskSource(source Source) *libvirtxml.DomainDiskSource {
	if source.Block {
		return &libvirtxml.DomainDiskSource{Block: &libvirtxml.DomainDiskSourceBlock{Dev: source.Path}}
	}
	return &libvirtxml.DomainDiskSource{File: &libvirtxml.DomainDiskSourceFile{File: source.Path}}
}

// backingStore describes the layers below an image completely, so that nobody has
// to read them from a file that a guest can write to.
func backingStore(backing *Backing) *libvirtxml.DomainDiskBackingStore {
	if backing == nil {
		return &libvirtxml.DomainDiskBackingStore{}
	}
	return &libvirtxml.DomainDiskBackingStore{
		Format:       &libvirtxml.DomainDiskFormat{Type: backing.Format},
		Source:       &libvirtxml.DomainDiskSource{File: &libvirtxml.DomainDiskSourceFile{File: backing.Path}},
		BackingStore: &libvirtxml.DomainDiskBackingStore{},
	}
}
