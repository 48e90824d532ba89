package vm

import (
	"fmt"
	"os"
	"path/filepath"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk"
	"kubevirt.io/kubevirt/launcher/domain"
)

// configSource is where what belongs to a volume with configuration is mounted.
func (p *Local) configSource(volume string) string { return filepath.Join(p.ConfigDir, volume) }

// acpiTables finds the tables that the firmware hands to the guest in their volumes.
func (p *Local) acpiTables(vmi *v1.VirtualMachineInstance) (domain.ACPITables, error) {
	if vmi.Spec.Domain.Firmware == nil || vmi.Spec.Domain.Firmware.ACPI == nil {
		return domain.ACPITables{}, nil
	}
	acpi := vmi.Spec.Domain.Firmware.ACPI
	slic, err := p.acpiTable(acpi.SlicNameRef, "slic.bin")
	if err != nil {
		return domain.ACPITables{}, err
	}
	msdm, err := p.acpiTable(acpi.MsdmNameRef, "msdm.bin")
	return domain.ACPITables{SLIC: slic, MSDM: msdm}, err
}

func (p *Local) acpiTable(volume, key string) (string, error) {
	if volume == "" {
		return "", nil
	}
	path := filepath.Join(p.configSource(volume), key)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return "", fmt.Errorf("%w: the Secret of volume %s, which firmware.acpi names, has no key %s", disk.ErrInvalid, volume, key)
	}
	return path, nil
}
