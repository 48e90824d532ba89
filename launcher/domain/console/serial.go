// Package console turns an instance's serial console, screen and guest agent
// channel into their part of the domain.
package console

import (
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/domain/toggle"
)

// Serial gives the domain its first serial port.
type Serial struct {
	// Socket on which QEMU offers the port's byte stream.
	Socket string
	// Log receives all output, also while nobody is connected; empty for none.
	Log string
}

// Apply adds the serial port and makes it the guest's console.
func (s Serial) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	devices := &vmi.Spec.Domain.Devices
	if !toggle.Default(devices.AutoattachSerialConsole, true) {
		return nil
	}
	if domain.Devices == nil {
		domain.Devices = &libvirtxml.DomainDeviceList{}
	}
	var port uint
	serial := libvirtxml.DomainSerial{
		Source: unixSocket(s.Socket),
		Target: &libvirtxml.DomainSerialTarget{Port: &port},
	}
	if s.Log != "" && toggle.Default(devices.LogSerialConsole, true) {
		serial.Log = &libvirtxml.DomainChardevLog{File: s.Log, Append: toggle.OnOff(true)}
	}
	domain.Devices.Serials = append(domain.Devices.Serials, serial)
	domain.Devices.Consoles = append(domain.Devices.Consoles, libvirtxml.DomainConsole{
		Source: unixSocket(s.Socket),
		Target: &libvirtxml.DomainConsoleTarget{Type: "serial", Port: &port},
	})
	return nil
}

func unixSocket(path string) *libvirtxml.DomainChardevSource {
	return &libvirtxml.DomainChardevSource{UNIX: &libvirtxml.DomainChardevSourceUNIX{Mode: "bind", Path: path}}
}
