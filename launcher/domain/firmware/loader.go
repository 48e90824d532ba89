package firmware

import (
	"errors"

	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/domain/toggle"
)

// UEFI builds of the launcher image, as Debian's ovmf package names them. The
// secure pair has the variables with which Microsoft's keys are enrolled.
var (
	imageBuild       = Build{Code: "/usr/share/OVMF/OVMF_CODE_4M.fd", Vars: "/usr/share/OVMF/OVMF_VARS_4M.fd"}
	imageSecureBuild = Build{Code: "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", Vars: "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"}
)

// Build is a build of UEFI by its files: the code, and the template of its variables.
type Build struct{ Code, Vars string }

// bootMenuTimeout is how long, in milliseconds, the firmware waits for a key
// when an instance starts paused so that somebody can choose what to boot.
const bootMenuTimeout = "10000"

// Loader gives the domain its firmware.
type Loader struct {
	// UEFI is the build that the cluster configures; empty for that of the launcher image.
	UEFI Build
}

// Apply chooses between BIOS, which needs no word, and UEFI. libvirt makes the
// file with the variables, in its own directory, from the template named here.
func (l Loader) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	if domain.OS == nil {
		domain.OS = &libvirtxml.DomainOS{}
	}
	if vmi.Spec.StartStrategy != nil && *vmi.Spec.StartStrategy == v1.StartStrategyPaused {
		domain.OS.BootMenu = &libvirtxml.DomainBootMenu{Enable: toggle.YesNo(true), Timeout: bootMenuTimeout}
	}
	firmware := vmi.Spec.Domain.Firmware
	if firmware == nil || firmware.Bootloader == nil {
		return nil
	}
	if bios := firmware.Bootloader.BIOS; bios != nil && toggle.Default(bios.UseSerial, false) {
		domain.OS.BIOS = &libvirtxml.DomainBIOS{UseSerial: toggle.YesNo(true)}
	}
	efi := firmware.Bootloader.EFI
	if efi == nil {
		return nil
	}
	secure := toggle.Default(efi.SecureBoot, true)
	build := imageBuild
	if secure {
		features := vmi.Spec.Domain.Features
		if features == nil || !features.SMM.IsEnabled() {
			return errors.New("secure boot needs the feature smm")
		}
		build = imageSecureBuild
	}
	if l.UEFI != (Build{}) {
		build = l.UEFI
	}
	domain.OS.Loader = &libvirtxml.DomainLoader{
		Path:     build.Code,
		Readonly: toggle.YesNo(true),
		Secure:   toggle.YesNo(secure),
		Type:     "pflash",
	}
	domain.OS.NVRam = &libvirtxml.DomainNVRam{Template: build.Vars}
	return nil
}
