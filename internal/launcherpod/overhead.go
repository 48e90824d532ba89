package launcherpod

import (
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

const mebi = 1 << 20

// What running a guest takes, in bytes, measured as proportional set size in a pod
// with Debian 13's libvirt and QEMU and a guest that has booted.
const (
	overheadLauncher = 13 * mebi
	overheadLibvirt  = 25 * mebi
	// overheadQEMU is QEMU without its guest's memory and without translated code.
	overheadQEMU = 46 * mebi
	// overheadVCPU is a virtual CPU's thread and lookup tables.
	overheadVCPU = 2 * mebi
	// overheadIOThread is an I/O thread and its buffers.
	overheadIOThread = 1 * mebi
	// overheadGraphics is a screen in text mode and the VNC server without a client.
	overheadGraphics = 3 * mebi
	// overheadFilesystem is the process that serves a shared directory, and what it
	// keeps of some thousand files that the guest has looked at.
	overheadFilesystem = 8 * mebi
	// pagesPerTableEntry: one byte of page tables maps this many bytes of the guest.
	pagesPerTableEntry = 512

	// overheadPeak comes on top of a limit, for what does not last: a screen being
	// watched, memory being copied to another node, a burst of disk requests.
	overheadPeak = 128 * mebi
)

// MemoryOverhead is the memory that running an instance takes beyond its guest's
// own, multiplied by the ratio that the cluster configures, and what passt and binding
// plugins take.
func MemoryOverhead(vmi *v1.VirtualMachineInstance, cfg *clusterconfig.Config) resource.Quantity {
	spec := &vmi.Spec.Domain
	guest := spec.GuestMemory()
	total := int64(overheadLauncher + overheadLibvirt + overheadQEMU)
	total += guest.Value() / pagesPerTableEntry
	total += int64(spec.CPUTopology().VCPUs()) * overheadVCPU
	total += int64(spec.IOThreadCounts().Total()) * overheadIOThread
	total += int64(len(spec.Devices.Filesystems)) * overheadFilesystem
	if graphics := spec.Devices.AutoattachGraphicsDevice; graphics == nil || *graphics {
		total += overheadGraphics
	}
	if cfg.UseEmulation {
		total += int64(clusterconfig.TranslationCacheMiB(guest.Value())) * mebi
	}
	total = int64(float64(total)*cfg.AdditionalGuestMemoryOverheadRatio) + passtOverhead(vmi) + pluginOverhead(vmi, cfg)
	return *resource.NewQuantity(total, resource.BinarySI)
}
