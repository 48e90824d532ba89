package vm

import (
	"path/filepath"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk"
	"kubevirt.io/kubevirt/launcher/disk/cloudinit"
)

// cloudInit makes the disk that cloud-init reads.
func (p *Local) cloudInit(wanted Wanted, volume *v1.Volume) (disk.Image, error) {
	vmi := wanted.VMI
	data, err := cloudinit.Resolve(volume.CloudInit(), cloudinit.Secrets{
		UserData:    filepath.Join(p.SecretsDir, volume.Name+"-udata"),
		NetworkData: filepath.Join(p.SecretsDir, volume.Name+"-ndata"),
	})
	if err != nil {
		return disk.Image{}, err
	}
	keys, err := diskKeys(vmi, volume, p.SecretsDir)
	if err != nil {
		return disk.Image{}, err
	}
	meta := cloudinit.MetaData{
		InstanceID: instanceID(vmi), Hostname: hostname(vmi), InstanceType: instanceType(vmi),
		PublicKeys: keys, Devices: taggedDevices(wanted),
	}
	if volume.CloudInitConfigDrive != nil {
		return cloudinit.ConfigDrive(p.DisksDir, volume.Name, data, meta)
	}
	return cloudinit.NoCloud(p.DisksDir, volume.Name, data, meta)
}

// instanceType is the name of the instance type that the instance was made by.
func instanceType(vmi *v1.VirtualMachineInstance) string {
	if name := vmi.Annotations[v1.AnnotationInstancetype]; name != "" {
		return name
	}
	return vmi.Annotations[v1.AnnotationClusterInstancetype]
}

// taggedDevices describes the devices that have a tag. Addresses are those that the
// instance asks for: the others are libvirt's choice, which nobody knows before the
// domain, and with it this disk, is defined. A guest finds such devices by their MAC
// address or serial number.
func taggedDevices(wanted Wanted) []cloudinit.Device {
	devices := &wanted.VMI.Spec.Domain.Devices
	var tagged []cloudinit.Device
	for i := range devices.Interfaces {
		nic := &devices.Interfaces[i]
		if nic.Tag == "" || nic.State == v1.InterfaceStateAbsent {
			continue
		}
		device := cloudinit.Device{Type: "nic", Bus: "pci", Address: nic.PciAddress, MAC: nic.MacAddress, Tags: []string{nic.Tag}}
		for _, prepared := range wanted.Interfaces {
			if device.MAC == "" && prepared.Network == nic.Name {
				device.MAC = prepared.MAC.String()
			}
		}
		tagged = append(tagged, device)
	}
	for i := range devices.Disks {
		disk := &devices.Disks[i]
		if disk.Tag == "" {
			continue
		}
		device := cloudinit.Device{Type: "disk", Bus: string(busOf(disk)), Serial: disk.Serial, Tags: []string{disk.Tag}}
		if device.Bus == string(v1.DiskBusVirtio) {
			device.Bus = "pci"
		}
		if disk.Disk != nil {
			device.Address = disk.Disk.PciAddress
		}
		tagged = append(tagged, device)
	}
	return tagged
}

func busOf(disk *v1.Disk) v1.DiskBus {
	switch {
	case disk.CDRom != nil:
		return disk.CDRom.Bus
	case disk.LUN != nil:
		return disk.LUN.Bus
	case disk.Disk != nil:
		return disk.Disk.Bus
	}
	return ""
}
