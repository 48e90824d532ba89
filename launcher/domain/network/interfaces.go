// Package network turns an instance's network interfaces into their part of the
// domain.
package network

import (
	"errors"
	"fmt"

	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/domain/pci"
	"kubevirt.io/kubevirt/launcher/domain/toggle"
	"kubevirt.io/kubevirt/launcher/domain/virtio"
)

// Tap is the prepared end of one interface in the pod.
type Tap struct {
	// Tap is the name of the tap device; empty for a binding without.
	Tap string
	// PodInterface is the pod's interface on the network; empty if it has none.
	PodInterface string
	// MAC address the guest gets; empty leaves it to libvirt.
	MAC string
	// MTU of the device in bytes; 0 leaves it to the device.
	MTU uint
}

// Interfaces gives the domain its network interfaces.
type Interfaces struct {
	// Emulation tells that the kernel's vhost cannot be used.
	Emulation bool
	// Taps has an entry for each interface, by the name of its network.
	Taps map[string]Tap
	// Passt is for the interface that it connects.
	Passt Passt
}

// Apply adds the interfaces in their order.
func (n Interfaces) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	for i := range vmi.Spec.Domain.Devices.Interfaces {
		spec := &vmi.Spec.Domain.Devices.Interfaces[i]
		if spec.State == v1.InterfaceStateAbsent {
			continue
		}
		built, err := n.build(vmi, spec)
		if err != nil {
			return fmt.Errorf("interface %s: %w", spec.Name, err)
		}
		if built == nil {
			continue
		}
		if domain.Devices == nil {
			domain.Devices = &libvirtxml.DomainDeviceList{}
		}
		domain.Devices.Interfaces = append(domain.Devices.Interfaces, *built)
	}
	return nil
}

// build returns nil for an interface that a binding plugin adds to the domain.
func (n Interfaces) build(vmi *v1.VirtualMachineInstance, spec *v1.Interface) (*libvirtxml.DomainInterface, error) {
	tap, prepared := n.Taps[spec.Name]
	switch {
	case !prepared:
		return nil, errors.New("it has not been prepared")
	case tap.Tap == "" && spec.Binding != nil:
		return nil, nil
	case spec.Masquerade == nil && spec.Bridge == nil && spec.Binding == nil && spec.PasstBinding == nil:
		return nil, errors.New("its binding is not supported")
	case tap.Tap == "" && spec.PasstBinding == nil:
		return nil, errors.New("its tap device has not been prepared")
	}
	// The node agent made the tap device: libvirt, which may not, only opens it.
	built := &libvirtxml.DomainInterface{
		Source: &libvirtxml.DomainInterfaceSource{Ethernet: &libvirtxml.DomainInterfaceSourceEthernet{}},
		Target: &libvirtxml.DomainInterfaceTarget{Dev: tap.Tap, Managed: toggle.YesNo(false)},
		Model:  &libvirtxml.DomainInterfaceModel{Type: spec.Model},
		Alias:  &libvirtxml.DomainAlias{Name: "ua-" + spec.Name},
	}
	if spec.IsVirtio() {
		built.Model.Type = virtio.Model(vmi)
		built.Driver = n.driver(vmi, spec)
	}
	if mac := spec.MacAddress; mac != "" {
		built.MAC = &libvirtxml.DomainInterfaceMAC{Address: mac}
	} else if tap.MAC != "" {
		built.MAC = &libvirtxml.DomainInterfaceMAC{Address: tap.MAC}
	}
	if tap.MTU != 0 {
		built.MTU = &libvirtxml.DomainInterfaceMTU{Size: tap.MTU}
	}
	if spec.BootOrder != nil {
		built.Boot = &libvirtxml.DomainDeviceBoot{Order: *spec.BootOrder}
	} else {
		// The option ROM is for booting only; without it the firmware is faster.
		built.ROM = &libvirtxml.DomainROM{Enabled: toggle.YesNo(false)}
	}
	if spec.ACPIIndex > 0 {
		built.ACPI = &libvirtxml.DomainDeviceACPI{Index: uint(spec.ACPIIndex)}
	}
	if spec.State == v1.InterfaceStateDown {
		built.Link = &libvirtxml.DomainInterfaceLink{State: "down"}
	}
	if spec.PasstBinding != nil {
		n.Passt.connect(built, spec, tap.PodInterface)
	}
	var err error
	built.Address, err = pci.Parse(spec.PciAddress)
	return built, err
}

// driver says how virtio's queues are served; nil leaves it to QEMU, with one.
func (n Interfaces) driver(vmi *v1.VirtualMachineInstance, spec *v1.Interface) *libvirtxml.DomainInterfaceDriver {
	driver := &libvirtxml.DomainInterfaceDriver{}
	if !n.Emulation {
		driver.Name = "vhost"
	}
	if queues := vmi.Spec.Domain.InterfaceQueues(spec); queues > 1 {
		driver.Queues = uint(queues)
	}
	if *driver == (libvirtxml.DomainInterfaceDriver{}) {
		return nil
	}
	return driver
}
