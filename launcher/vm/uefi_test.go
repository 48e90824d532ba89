package vm

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk"
	"kubevirt.io/kubevirt/launcher/domain"
)

func TestUEFI(t *testing.T) {
	usual, debian, empty := t.TempDir(), t.TempDir(), t.TempDir()
	for _, path := range []string{
		usual + "/OVMF_CODE.fd", usual + "/OVMF_VARS.fd", usual + "/OVMF_CODE_4M.fd", usual + "/OVMF_VARS_4M.fd", usual + "/OVMF_CODE.secboot.fd",
		debian + "/OVMF_CODE_4M.secboot.fd", debian + "/OVMF_VARS_4M.ms.fd",
	} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in := func(directory, code, vars string) domain.UEFI {
		return domain.UEFI{Code: filepath.Join(directory, code), Vars: filepath.Join(directory, vars)}
	}
	yes, no := true, false
	for name, c := range map[string]struct {
		directory string
		efi       *v1.EFI
		want      domain.UEFI
		missing   string
	}{
		"nothing configured":   {efi: &v1.EFI{}},
		"a guest without UEFI": {directory: empty},
		"without secure boot":  {directory: usual, efi: &v1.EFI{SecureBoot: &no}, want: in(usual, "OVMF_CODE.fd", "OVMF_VARS.fd")},
		"with secure boot":     {directory: debian, efi: &v1.EFI{}, want: in(debian, "OVMF_CODE_4M.secboot.fd", "OVMF_VARS_4M.ms.fd")},
		"half of a build":      {directory: usual, efi: &v1.EFI{SecureBoot: &yes}, missing: "OVMF_VARS.secboot.fd"},
		"no build":             {directory: empty, efi: &v1.EFI{SecureBoot: &no}, missing: "OVMF_CODE.fd"},
	} {
		vmi := &v1.VirtualMachineInstance{}
		if c.efi != nil {
			vmi.Spec.Domain.Firmware = &v1.Firmware{Bootloader: &v1.Bootloader{EFI: c.efi}}
		}
		got, err := uefi(Wanted{VMI: vmi, Host: Host{FirmwareDirectory: c.directory}})
		if got != c.want || (err == nil) != (c.missing == "") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if err != nil && (!errors.Is(err, disk.ErrInvalid) || !strings.Contains(err.Error(), c.missing) || !strings.Contains(err.Error(), "ovmfPath")) {
			t.Errorf("%s: says %v", name, err)
		}
	}
}
