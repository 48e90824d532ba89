package firmware

import (
	"errors"

	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// KernelBoot boots a kernel from outside the guest's disks.
type KernelBoot struct {
	// Kernel and Initrd are files; empty for what the instance does not name.
	Kernel, Initrd string
}

// Apply hands kernel, initrd and command line to the firmware.
func (k KernelBoot) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	firmware := vmi.Spec.Domain.Firmware
	if firmware == nil || firmware.KernelBoot == nil || firmware.KernelBoot.Container == nil {
		return nil
	}
	wanted := firmware.KernelBoot.Container
	if (wanted.KernelPath != "") != (k.Kernel != "") || (wanted.InitrdPath != "") != (k.Initrd != "") {
		return errors.New("kernel and initrd have not been prepared")
	}
	if domain.OS == nil {
		domain.OS = &libvirtxml.DomainOS{}
	}
	domain.OS.Kernel, domain.OS.Initrd, domain.OS.Cmdline = k.Kernel, k.Initrd, firmware.KernelBoot.KernelArgs
	return nil
}
