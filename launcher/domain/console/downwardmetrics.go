package console

import (
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// metricsChannel is the name under which guests look for vhostmd's channel.
const metricsChannel = "org.github.vhostmd.1"

// DownwardMetrics gives the domain the channel on which a guest asks for metrics of its
// node.
type DownwardMetrics struct {
	// Socket is where QEMU offers the channel's other end.
	Socket string
}

// Apply adds the channel, on the controller that the guest agent's channel has.
func (d DownwardMetrics) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	if vmi.Spec.Domain.Devices.DownwardMetrics == nil {
		return nil
	}
	if domain.Devices == nil {
		domain.Devices = &libvirtxml.DomainDeviceList{}
	}
	domain.Devices.Channels = append(domain.Devices.Channels, libvirtxml.DomainChannel{
		Source: &libvirtxml.DomainChardevSource{UNIX: &libvirtxml.DomainChardevSourceUNIX{Mode: "bind", Path: d.Socket}},
		Target: &libvirtxml.DomainChannelTarget{VirtIO: &libvirtxml.DomainChannelTargetVirtIO{Name: metricsChannel}},
	})
	return nil
}
