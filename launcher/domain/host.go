// Package domain turns a VirtualMachineInstance into a libvirt domain. It is pure:
// whatever needs a look at the node or the pod comes resolved in Host.
package domain

import (
	"kubevirt.io/kubevirt/launcher/domain/disk"
	"kubevirt.io/kubevirt/launcher/domain/firmware"
	"kubevirt.io/kubevirt/launcher/domain/network"
)

// Host is what the domain needs to know besides the instance: what the node can
// do, what the cluster configures, and what has been prepared in the pod.
type Host struct {
	// Emulation tells that the guest runs under QEMU's TCG, without KVM.
	Emulation bool
	// TranslationCacheMiB bounds the emulator's cache of translated code in MiB; 0
	// leaves QEMU's default, which may grow to 1 GiB.
	TranslationCacheMiB uint
	// SMBIOS is what the guest reads as its system's make.
	SMBIOS SMBIOS
	// BalloonStatsPeriod is the time between two memory statistics in seconds; 0 is off.
	BalloonStatsPeriod uint
	// FreePageReporting lets guests give free memory back to the node.
	FreePageReporting bool
	// Disks holds the prepared volumes by name, one for each volume that a disk uses.
	Disks map[string]Disk
	// Filesystems holds the sockets at which volumes are served as directories, by name.
	Filesystems map[string]string
	// KernelBoot holds the files that the firmware boots instead of a disk.
	KernelBoot KernelBoot
	// UEFI is the firmware of guests that boot with it; empty for that of the launcher image.
	UEFI UEFI
	// ACPITables holds the tables that the firmware hands to the guest.
	ACPITables ACPITables
	// Interfaces holds the prepared network interfaces by the name of their network.
	Interfaces map[string]Interface
	// Passt is what passt is told, where an interface is connected by it.
	Passt Passt
	// SerialSocket is where QEMU offers the serial console.
	SerialSocket string
	// SerialLog is the file that receives the serial console's output; empty for none.
	SerialLog string
	// VNCSocket is where QEMU offers the screen.
	VNCSocket string
	// MetricsSocket is where QEMU offers the channel on which guests ask for metrics.
	MetricsSocket string
	// USBRedirSockets is where QEMU waits for a client's USB devices, one each.
	USBRedirSockets []string
}

// SMBIOS holds the system strings of a guest; empty ones are left out.
type SMBIOS struct {
	Manufacturer, Product, Version, SKU, Family string
}

// AliasPrefix stands before the name that the instance has for a device, and makes its
// alias in the domain: libvirt keeps what begins so.
const AliasPrefix = "ua-"

// Disk is a prepared volume.
type Disk = disk.Source

// DiskBacking is the read-only layer below a prepared volume.
type DiskBacking = disk.Backing

// DiskBlockSizes are the block sizes of what a prepared volume lies on.
type DiskBlockSizes = disk.BlockSizes

// KernelBoot is a kernel and an initrd; either may be missing.
type KernelBoot struct {
	Kernel, Initrd string
}

// UEFI is a build of UEFI by its files.
type UEFI = firmware.Build

// ACPITables are files with tables; empty for none.
type ACPITables = firmware.ACPI

// Interface is a prepared network interface.
type Interface = network.Tap

// Passt is how passt is started.
type Passt = network.Passt
