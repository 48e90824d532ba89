package disk

import (
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/domain/virtio"
)

// addControllers adds the SCSI controller where a disk needs it. The board brings
// the SATA controller, and package device decides about USB.
func addControllers(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) {
	for i := range domain.Devices.Disks {
		if domain.Devices.Disks[i].Target.Bus == string(v1.DiskBusSCSI) {
			var index uint
			domain.Devices.Controllers = append(domain.Devices.Controllers, libvirtxml.DomainController{
				Type: "scsi", Index: &index, Model: virtio.Model(vmi),
			})
			return
		}
	}
}
