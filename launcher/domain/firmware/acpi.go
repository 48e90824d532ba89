package firmware

import (
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// ACPI hands tables to the guest, by their files.
type ACPI struct {
	// SLIC and MSDM hold a Windows licence and product key.
	SLIC, MSDM string
}

// Apply adds the tables that the instance names.
func (a ACPI) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	if vmi.Spec.Domain.Firmware == nil || vmi.Spec.Domain.Firmware.ACPI == nil {
		return nil
	}
	var tables []libvirtxml.DomainACPITable
	if vmi.Spec.Domain.Firmware.ACPI.SlicNameRef != "" {
		tables = append(tables, libvirtxml.DomainACPITable{Type: "slic", Path: a.SLIC})
	}
	if vmi.Spec.Domain.Firmware.ACPI.MsdmNameRef != "" {
		tables = append(tables, libvirtxml.DomainACPITable{Type: "msdm", Path: a.MSDM})
	}
	if tables == nil {
		return nil
	}
	if domain.OS == nil {
		domain.OS = &libvirtxml.DomainOS{}
	}
	domain.OS.ACPI = &libvirtxml.DomainACPI{Tables: tables}
	return nil
}
