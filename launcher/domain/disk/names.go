package disk

import (
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// names hands out the names that disks have in the domain: vda, vdb ... on virtio
// and sda, sdb ... elsewhere. A disk keeps the name its status already tells.
type names struct {
	kept  map[string]string
	taken map[string]bool
	units uint
}

func newNames(status []v1.VolumeStatus) *names {
	n := &names{kept: map[string]string{}, taken: map[string]bool{}}
	for i := range status {
		if target := status[i].Target; target != "" {
			n.kept[status[i].Name] = target
			n.taken[target] = true
		}
	}
	return n
}

func (n *names) next(disk string, bus v1.DiskBus) string {
	if name, kept := n.kept[disk]; kept {
		return name
	}
	prefix := "sd"
	if bus == v1.DiskBusVirtio {
		prefix = "vd"
	}
	for index := 0; ; index++ {
		if name := prefix + letters(index); !n.taken[name] {
			n.taken[name] = true
			return name
		}
	}
}

// unit is the next place on the SCSI controller.
func (n *names) unit() uint {
	unit := n.units
	n.units++
	return unit
}

// letters counts a, b ... z, aa, ab ...
func letters(index int) string {
	last := string(rune('a' + index%26))
	if index < 26 {
		return last
	}
	return letters(index/26-1) + last
}

func driveAddress(unit uint) *libvirtxml.DomainAddress {
	var controller, bus uint
	return &libvirtxml.DomainAddress{Drive: &libvirtxml.DomainAddressDrive{Controller: &controller, Bus: &bus, Unit: &unit}}
}
