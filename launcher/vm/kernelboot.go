package vm

import (
	"fmt"

	"kubevirt.io/kubevirt/launcher/disk"
	"kubevirt.io/kubevirt/launcher/domain"
)

// kernelBoot finds the files that the firmware is to boot.
func kernelBoot(wanted Wanted) (domain.KernelBoot, error) {
	var found domain.KernelBoot
	firmware := wanted.VMI.Spec.Domain.Firmware
	if firmware == nil || firmware.KernelBoot == nil || firmware.KernelBoot.Container == nil {
		return found, nil
	}
	container := firmware.KernelBoot.Container
	for _, file := range []struct {
		what, source, path string
		found              *string
	}{
		{"kernel", wanted.KernelBoot.Kernel, container.KernelPath, &found.Kernel},
		{"initrd", wanted.KernelBoot.Initrd, container.InitrdPath, &found.Initrd},
	} {
		if file.path == "" {
			continue
		}
		if file.source == "" {
			return found, fmt.Errorf("%w: the handler has not resolved the %s", disk.ErrInvalid, file.what)
		}
		var err error
		if *file.found, err = disk.BootFile(file.source, file.path); err != nil {
			return found, fmt.Errorf("the %s: %w", file.what, err)
		}
	}
	return found, nil
}
