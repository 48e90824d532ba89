// Package filesystem turns the directories that an instance shares with its guest
// into their part of the domain.
package filesystem

import (
	"fmt"

	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// queueSize is the number of requests that a guest can have under way.
const queueSize = 1024

// Virtiofs gives the domain its shared directories.
type Virtiofs struct {
	// Sockets are where the directories are served, by the volume's name.
	Sockets map[string]string
}

// Apply adds the filesystems in their order. The guest's memory has to be shared
// with who serves them, which is the memory's matter.
func (v Virtiofs) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	for _, shared := range vmi.Spec.Domain.Devices.Filesystems {
		if shared.Virtiofs == nil {
			return fmt.Errorf("filesystem %s: virtiofs is the one way to share it", shared.Name)
		}
		socket, served := v.Sockets[shared.Name]
		if !served {
			return fmt.Errorf("filesystem %s is not served", shared.Name)
		}
		if domain.Devices == nil {
			domain.Devices = &libvirtxml.DomainDeviceList{}
		}
		domain.Devices.Filesystems = append(domain.Devices.Filesystems, libvirtxml.DomainFilesystem{
			AccessMode: "passthrough",
			Driver:     &libvirtxml.DomainFilesystemDriver{Type: "virtiofs", Queue: queueSize},
			Source:     &libvirtxml.DomainFilesystemSource{Mount: &libvirtxml.DomainFilesystemSourceMount{Socket: socket}},
			Target:     &libvirtxml.DomainFilesystemTarget{Dir: shared.Name},
			Alias:      &libvirtxml.DomainAlias{Name: "ua-" + shared.Name},
		})
	}
	return nil
}
