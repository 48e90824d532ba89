package memory

import (
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/domain/toggle"
	"kubevirt.io/kubevirt/launcher/domain/virtio"
)

// freePageReportingDisabled is the annotation with which an instance opts out.
const freePageReportingDisabled = "kubevirt.io/free-page-reporting-disabled"

// Balloon gives the domain its memory balloon.
type Balloon struct {
	// StatsPeriod is the time between two statistics in seconds; 0 is off.
	StatsPeriod uint
	// FreePageReporting is what the cluster wants where nothing speaks against it.
	FreePageReporting bool
}

// Apply adds the balloon, or says that there is none: without a word libvirt
// would add one.
func (b Balloon) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	if domain.Devices == nil {
		domain.Devices = &libvirtxml.DomainDeviceList{}
	}
	if !toggle.Default(vmi.Spec.Domain.Devices.AutoattachMemBalloon, true) {
		domain.Devices.MemBalloon = &libvirtxml.DomainMemBalloon{Model: "none"}
		return nil
	}
	balloon := &libvirtxml.DomainMemBalloon{
		Model:             virtio.Model(vmi),
		FreePageReporting: toggle.OnOff(b.FreePageReporting && !keepsItsPages(vmi)),
	}
	if b.StatsPeriod > 0 {
		balloon.Stats = &libvirtxml.DomainMemBalloonStats{Period: b.StatsPeriod}
	}
	domain.Devices.MemBalloon = balloon
	return nil
}

// keepsItsPages tells that giving pages back would cost the guest more than the
// node gains, or is not wanted.
func keepsItsPages(vmi *v1.VirtualMachineInstance) bool {
	if vmi.Annotations[freePageReportingDisabled] == "true" {
		return true
	}
	spec := &vmi.Spec.Domain
	return spec.Memory != nil && spec.Memory.Hugepages != nil ||
		spec.CPU != nil && (spec.CPU.DedicatedCPUPlacement || spec.CPU.Realtime != nil)
}
