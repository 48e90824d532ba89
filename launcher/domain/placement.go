package domain

import (
	"errors"

	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// placeOnRootComplex is the annotation that asks for all devices on the root bus,
// for guests whose software expects them there.
const placeOnRootComplex = "kubevirt.io/placePCIDevicesOnRootComplex"

// Slots of q35's root bus. The board itself uses 0x1b and 0x1f, and 0 and 1 hold
// the host bridge and, by custom, the screen.
const (
	firstSlot = 2
	lastSlot  = 0x1f
	soundSlot = 0x1b
	boardSlot = 0x1f
)

// placement gives devices their addresses. Mostly it leaves that to libvirt, which
// puts every device on a port of its own.
type placement struct{}

// Apply has to come last: it looks at all devices.
func (placement) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	if vmi.Annotations[placeOnRootComplex] != "true" || domain.Devices == nil {
		return nil
	}
	slots := rootSlots(domain.Devices)
	for _, address := range pciAddresses(domain.Devices) {
		if *address != nil {
			continue
		}
		slot, found := slots()
		if !found {
			return errors.New("the root bus has no free slot left")
		}
		var segment, bus, function uint
		*address = &libvirtxml.DomainAddress{PCI: &libvirtxml.DomainAddressPCI{
			Domain: &segment, Bus: &bus, Slot: &slot, Function: &function,
		}}
	}
	return nil
}

// rootSlots hands out the free slots of the root bus.
func rootSlots(devices *libvirtxml.DomainDeviceList) func() (uint, bool) {
	taken := map[uint]bool{soundSlot: true, boardSlot: true}
	for _, address := range pciAddresses(devices) {
		if *address != nil && (*address).PCI != nil && *(*address).PCI.Bus == 0 {
			taken[*(*address).PCI.Slot] = true
		}
	}
	slot := uint(firstSlot)
	return func() (uint, bool) {
		for slot <= lastSlot && taken[slot] {
			slot++
		}
		slot++
		return slot - 1, slot-1 <= lastSlot
	}
}

// pciAddresses are the addresses of all PCI devices, set or not.
func pciAddresses(devices *libvirtxml.DomainDeviceList) []**libvirtxml.DomainAddress {
	var list []**libvirtxml.DomainAddress
	for i := range devices.Controllers {
		if devices.Controllers[i].Model != "none" {
			list = append(list, &devices.Controllers[i].Address)
		}
	}
	for i := range devices.Disks {
		if devices.Disks[i].Target.Bus == string(v1.DiskBusVirtio) {
			list = append(list, &devices.Disks[i].Address)
		}
	}
	for i := range devices.Filesystems {
		list = append(list, &devices.Filesystems[i].Address)
	}
	for i := range devices.Interfaces {
		list = append(list, &devices.Interfaces[i].Address)
	}
	for i := range devices.Inputs {
		if devices.Inputs[i].Bus == string(v1.InputBusVirtio) {
			list = append(list, &devices.Inputs[i].Address)
		}
	}
	for i := range devices.Sounds {
		list = append(list, &devices.Sounds[i].Address)
	}
	for i := range devices.Watchdogs {
		list = append(list, &devices.Watchdogs[i].Address)
	}
	for i := range devices.RNGs {
		list = append(list, &devices.RNGs[i].Address)
	}
	if balloon := devices.MemBalloon; balloon != nil && balloon.Model != "none" {
		list = append(list, &balloon.Address)
	}
	return list
}
