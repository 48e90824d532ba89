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

// modelVirtio is the interface model that is not emulated hardware.
const modelVirtio = "virtio"

// Tap is the prepared end of one interface in the pod.
type Tap struct {
	// Tap is the name of the tap device.
	Tap string
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
		if domain.Devices == nil {
			domain.Devices = &libvirtxml.DomainDeviceList{}
		}
		domain.Devices.Interfaces = append(domain.Devices.Interfaces, *built)
	}
	return nil
}

func (n Interfaces) build(vmi *v1.VirtualMachineInstance, spec *v1.Interface) (*libvirtxml.DomainInterface, error) {
	if spec.Masquerade == nil {
		return nil, errors.New("only the masquerade binding is supported")
	}
	tap, prepared := n.Taps[spec.Name]
	if !prepared {
		return nil, errors.New("it has not been prepared")
	}
	// The node agent made the tap device: libvirt, which may not, only opens it.
	built := &libvirtxml.DomainInterface{
		Source: &libvirtxml.DomainInterfaceSource{Ethernet: &libvirtxml.DomainInterfaceSourceEthernet{}},
		Target: &libvirtxml.DomainInterfaceTarget{Dev: tap.Tap, Managed: toggle.YesNo(false)},
		Model:  &libvirtxml.DomainInterfaceModel{Type: spec.Model},
		Alias:  &libvirtxml.DomainAlias{Name: "ua-" + spec.Name},
	}
	if spec.Model == "" || spec.Model == modelVirtio {
		built.Model.Type = virtio.Model(vmi)
		if !n.Emulation {
			built.Driver = &libvirtxml.DomainInterfaceDriver{Name: "vhost"}
		}
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
	var err error
	built.Address, err = pci.Parse(spec.PciAddress)
	return built, err
}
