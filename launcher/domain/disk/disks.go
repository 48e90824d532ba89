// Package disk turns an instance's disks into their part of the domain.
package disk

import (
	"errors"
	"fmt"

	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/domain/pci"
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
	// Allocated tells that all space of the file at Path is its own by now.
	Allocated bool
	// Preallocated tells that it was meant to be from the start, and is to stay so.
	Preallocated bool
	// Blocks are the block sizes of what the image lies on; nil where nobody looked.
	Blocks *BlockSizes
	// Backing is the image below a qcow2 overlay; nil for a complete image.
	Backing *Backing
}

// Backing is the lower, read-only layer of an overlay.
type Backing struct {
	// Path of the image file or, with Block, of the device.
	Path string
	// Format of the image: raw or qcow2.
	Format string
	// Block tells that Path is a block device.
	Block bool
}

// BlockSizes are what storage addresses, writes and discards at once, in bytes.
type BlockSizes struct {
	Logical, Physical, DiscardGranularity uint
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
	result := device{kind: "disk", bus: v1.DiskBusSATA, readOnly: disk.IsReadOnly()}
	var bus v1.DiskBus
	switch {
	case disk.LUN != nil:
		bus = disk.LUN.Bus
		result.kind, result.bus = "lun", v1.DiskBusSCSI
	case disk.CDRom != nil:
		bus = disk.CDRom.Bus
		result.kind = "cdrom"
		result.tray = disk.CDRom.Tray
	case disk.Disk != nil:
		bus = disk.Disk.Bus
		result.address = disk.Disk.PciAddress
	}
	switch bus {
	case "":
	case v1.DiskBusVirtio, v1.DiskBusSATA, v1.DiskBusSCSI, v1.DiskBusUSB:
		result.bus = bus
	default:
		return result, fmt.Errorf("bus %q is not supported", bus)
	}
	if disk.LUN != nil && result.bus != v1.DiskBusSCSI {
		return result, fmt.Errorf("lun: the bus %s passes no SCSI commands on, it has to be scsi", result.bus)
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
	if disk.IsShareable() {
		built.Shareable = &libvirtxml.DomainDiskShareable{}
	}
	source, prepared := d.Sources[disk.Name]
	built.BlockIO = blockIO(disk, device, source)
	if volume == nil {
		return emptyDrive(built, device)
	}
	if !prepared {
		return nil, fmt.Errorf("volume %s has not been prepared", volume.Name)
	}
	if disk.LUN != nil && !source.Block {
		return nil, errors.New("lun: SCSI commands need a volume that is a block device")
	}
	if source.ReadOnly || volume.IsReadOnly() {
		built.ReadOnly = &libvirtxml.DomainDiskReadOnly{}
	}
	built.Source = diskSource(source)
	built.BackingStore = backingStore(source.Backing)
	built.Driver, err = driver(vmi, disk, device, source, volume)
	return built, err
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
		Source:       diskSource(Source{Path: backing.Path, Block: backing.Block}),
		BackingStore: &libvirtxml.DomainDiskBackingStore{},
	}
}
