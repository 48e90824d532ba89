package vm

import (
	"fmt"
	"os"
	"path/filepath"

	"kubevirt.io/kubevirt/launcher/disk"
	"kubevirt.io/kubevirt/launcher/domain"
)

// uefiBuilds and secureBuilds name the files of UEFI as distributions do, the usual
// ones first.
var (
	uefiBuilds   = []domain.UEFI{{Code: "OVMF_CODE.fd", Vars: "OVMF_VARS.fd"}, {Code: "OVMF_CODE_4M.fd", Vars: "OVMF_VARS_4M.fd"}}
	secureBuilds = []domain.UEFI{
		{Code: "OVMF_CODE.secboot.fd", Vars: "OVMF_VARS.secboot.fd"}, {Code: "OVMF_CODE_4M.secboot.fd", Vars: "OVMF_VARS_4M.ms.fd"},
	}
)

// uefi finds the firmware of a guest in the directory that the cluster configures.
func uefi(wanted Wanted) (domain.UEFI, error) {
	directory, firmware := wanted.Host.FirmwareDirectory, wanted.VMI.Spec.Domain.Firmware
	if directory == "" || firmware == nil || firmware.Bootloader == nil || firmware.Bootloader.EFI == nil {
		return domain.UEFI{}, nil
	}
	builds := secureBuilds
	if secure := firmware.Bootloader.EFI.SecureBoot; secure != nil && !*secure {
		builds = uefiBuilds
	}
	for _, build := range builds {
		found := domain.UEFI{Code: filepath.Join(directory, build.Code), Vars: filepath.Join(directory, build.Vars)}
		if isFile(found.Code) && isFile(found.Vars) {
			return found, nil
		}
	}
	return domain.UEFI{}, fmt.Errorf("%w: %s of the launcher image, which the KubeVirt object's ovmfPath names, has no %s with %s",
		disk.ErrInvalid, directory, builds[0].Code, builds[0].Vars)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
