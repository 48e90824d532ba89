package vm

import (
	"fmt"
	"strings"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk"
)

// Wanted is the full wanted state of the machine: what the user asked for, and
// what the node's handler has made of it.
type Wanted struct {
	VMI  *v1.VirtualMachineInstance
	Host Host
	// Volumes are the paths of resolved volumes by the volume's name.
	Volumes map[string]string
	// KernelBoot is where the files of the firmware's kernelBoot are.
	KernelBoot KernelBoot
	Interfaces []Interface
}

// KernelBoot holds, for kernel and initrd each, the root directory of its image or
// the file itself.
type KernelBoot struct {
	Kernel, Initrd string
}

// resolved is the path of a volume that the handler has brought here.
func (w *Wanted) resolved(volume string) (string, error) {
	path, resolved := w.Volumes[volume]
	if !resolved {
		return "", fmt.Errorf("%w: the handler has not resolved it", disk.ErrInvalid)
	}
	return path, nil
}

// Host is what the node and the cluster's configuration decide.
type Host struct {
	Emulation                 bool
	TranslationCacheMiB       uint
	SMBIOS                    SMBIOS
	BalloonStatsPeriodSeconds uint
	FreePageReporting         bool
	// Room says how large images become that are made in claims.
	Room disk.Room
	// FirmwareDirectory has the UEFI firmware; empty for that of the launcher image.
	FirmwareDirectory string
}

// SMBIOS is what the guest reads about its "hardware".
type SMBIOS struct {
	Manufacturer, Product, Version, SKU, Family string
}

// paused tells whether the guest is to start with its virtual CPUs stopped.
func (w Wanted) paused() bool {
	return w.VMI != nil && w.VMI.Spec.StartStrategy != nil && *w.VMI.Spec.StartStrategy == v1.StartStrategyPaused
}

// maxHostname is the length of a DNS label.
const maxHostname = 63

// hostname returns the name the guest is to have: the VMI's, up to its first
// dot, unless the spec says otherwise.
func hostname(vmi *v1.VirtualMachineInstance) string {
	name := vmi.Spec.Hostname
	if name == "" {
		name, _, _ = strings.Cut(vmi.Name, ".")
	}
	if len(name) > maxHostname {
		name = strings.TrimRight(name[:maxHostname], "-")
	}
	return name
}

// instanceID tells cloud-init one machine from another. It follows the
// firmware's UUID, which a VM keeps over restarts.
func instanceID(vmi *v1.VirtualMachineInstance) string {
	if firmware := vmi.Spec.Domain.Firmware; firmware != nil && firmware.UUID != "" {
		return string(firmware.UUID)
	}
	return string(vmi.UID)
}
