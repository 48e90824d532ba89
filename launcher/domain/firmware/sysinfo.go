package firmware

import (
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// SysInfo gives the guest its SMBIOS tables.
type SysInfo struct {
	// Manufacturer, Product, Version, SKU and Family of the system.
	Manufacturer, Product, Version, SKU, Family string
}

// Apply sets the system's and the chassis' strings and the domain's UUID, which
// the guest reads as the system's. An instance without a firmware UUID gets its own UID.
func (s SysInfo) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	uuid, serial := string(vmi.UID), ""
	if firmware := vmi.Spec.Domain.Firmware; firmware != nil {
		serial = firmware.Serial
		if firmware.UUID != "" {
			uuid = string(firmware.UUID)
		}
	}
	domain.UUID = uuid
	tables := &libvirtxml.DomainSysInfoSMBIOS{
		System: &libvirtxml.DomainSysInfoSystem{Entry: entries(
			"manufacturer", s.Manufacturer, "product", s.Product, "version", s.Version,
			"serial", serial, "uuid", uuid, "sku", s.SKU, "family", s.Family,
		)},
	}
	if chassis := vmi.Spec.Domain.Chassis; chassis != nil {
		if list := entries("manufacturer", chassis.Manufacturer, "version", chassis.Version,
			"serial", chassis.Serial, "asset", chassis.Asset, "sku", chassis.SKU); len(list) > 0 {
			tables.Chassis = &libvirtxml.DomainSysInfoChassis{Entry: list}
		}
	}
	domain.SysInfo = []libvirtxml.DomainSysInfo{{SMBIOS: tables}}
	if domain.OS == nil {
		domain.OS = &libvirtxml.DomainOS{}
	}
	domain.OS.SMBios = &libvirtxml.DomainSMBios{Mode: "sysinfo"}
	return nil
}

// entries makes entries of names and values in turn, leaving empty values out.
func entries(pairs ...string) []libvirtxml.DomainSysInfoEntry {
	var list []libvirtxml.DomainSysInfoEntry
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			list = append(list, libvirtxml.DomainSysInfoEntry{Name: pairs[i], Value: pairs[i+1]})
		}
	}
	return list
}
