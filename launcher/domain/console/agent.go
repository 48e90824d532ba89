package console

import (
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/domain/virtio"
)

// agentChannel is the name under which guest agents look for their channel.
const agentChannel = "org.qemu.guest_agent.0"

// Agent gives the domain the channel of the guest agent.
type Agent struct{}

// Apply adds the channel and the controller it hangs on. libvirt chooses the
// socket: it is the only one to talk on it.
func (Agent) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	if domain.Devices == nil {
		domain.Devices = &libvirtxml.DomainDeviceList{}
	}
	var index uint
	domain.Devices.Controllers = append(domain.Devices.Controllers, libvirtxml.DomainController{
		Type: "virtio-serial", Index: &index, Model: virtio.Model(vmi),
	})
	domain.Devices.Channels = append(domain.Devices.Channels, libvirtxml.DomainChannel{
		Source: &libvirtxml.DomainChardevSource{UNIX: &libvirtxml.DomainChardevSourceUNIX{}},
		Target: &libvirtxml.DomainChannelTarget{VirtIO: &libvirtxml.DomainChannelTargetVirtIO{Name: agentChannel}},
	})
	return nil
}
