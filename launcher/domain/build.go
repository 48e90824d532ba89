package domain

import (
	"fmt"

	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/domain/clock"
	"kubevirt.io/kubevirt/launcher/domain/console"
	"kubevirt.io/kubevirt/launcher/domain/cpu"
	"kubevirt.io/kubevirt/launcher/domain/device"
	"kubevirt.io/kubevirt/launcher/domain/disk"
	"kubevirt.io/kubevirt/launcher/domain/filesystem"
	"kubevirt.io/kubevirt/launcher/domain/firmware"
	"kubevirt.io/kubevirt/launcher/domain/memory"
	"kubevirt.io/kubevirt/launcher/domain/network"
)

// feature contributes one part of the domain. What it needs besides the instance
// are its fields.
type feature interface {
	Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error
}

// namedFeature carries the name under which errors and golden cases know a feature.
type namedFeature struct {
	name string
	feature
}

// features lists all features in the order in which they are applied. Order
// matters where a comment says so, and for the devices' addresses: libvirt hands
// them out in the order of the devices.
func features(host *Host) []namedFeature {
	return []namedFeature{
		{"identity", identity{Emulation: host.Emulation}},
		{"machine", firmware.Machine{}},
		{"loader", firmware.Loader{UEFI: host.UEFI}},
		{"kernelboot", firmware.KernelBoot(host.KernelBoot)},
		{"acpi", host.ACPITables},
		{"sysinfo", firmware.SysInfo(host.SMBIOS)},
		{"topology", cpu.Topology{}},
		{"model", cpu.Model{Emulation: host.Emulation}},
		{"features", cpu.Features{}},
		{"hyperv", cpu.Hyperv{}},
		{"emulation", cpu.Emulation{Used: host.Emulation, TranslationCacheMiB: host.TranslationCacheMiB}},
		{"memory", memory.Guest{}},
		{"balloon", memory.Balloon{StatsPeriod: host.BalloonStatsPeriod, FreePageReporting: host.FreePageReporting}},
		{"clock", clock.Clock{}},
		{"agent", console.Agent{}},
		{"downwardmetrics", console.DownwardMetrics{Socket: host.MetricsSocket}},
		{"disk", disk.Disks{Sources: host.Disks}},
		{"filesystem", filesystem.Virtiofs{Sockets: host.Filesystems}},
		{"network", network.Interfaces{Emulation: host.Emulation, Taps: host.Interfaces, Passt: host.Passt}},
		{"serial", console.Serial{Socket: host.SerialSocket, Log: host.SerialLog}},
		{"graphics", console.Graphics{Socket: host.VNCSocket}},
		{"rng", device.RNG{}},
		{"watchdog", device.Watchdog{}},
		{"sound", device.Sound{}},
		{"tpm", device.TPM{}},
		{"panic", device.Panic{}},
		{"input", device.Input{}},
		{"usbredir", device.USBRedir{Sockets: host.USBRedirSockets}},
		{"usb", device.USB{}}, // after everything that may hang on USB
		{"placement", placement{}},
	}
}

// Build returns the domain of an instance. The error names the feature that the
// instance asks for in a way that cannot be fulfilled.
func Build(vmi *v1.VirtualMachineInstance, host Host) (*libvirtxml.Domain, error) {
	domain := &libvirtxml.Domain{}
	for _, feature := range features(&host) {
		if err := feature.Apply(vmi, domain); err != nil {
			return nil, fmt.Errorf("building the domain's %s: %w", feature.name, err)
		}
	}
	return domain, nil
}
