// Package device turns an instance's smaller devices into their part of the domain.
package device

import (
	"errors"
	"fmt"

	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/domain/toggle"
	"kubevirt.io/kubevirt/launcher/domain/virtio"
)

// RNG gives the domain its source of random numbers.
type RNG struct{}

// Apply adds the device where the instance asks for it.
func (RNG) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	if vmi.Spec.Domain.Devices.Rng == nil {
		return nil
	}
	list(domain).RNGs = append(list(domain).RNGs, libvirtxml.DomainRNG{
		Model: virtio.Model(vmi),
		// It never blocks, unlike /dev/random of old kernels.
		Backend: &libvirtxml.DomainRNGBackend{Random: &libvirtxml.DomainRNGBackendRandom{Device: "/dev/urandom"}},
	})
	return nil
}

// Watchdog gives the domain its watchdog.
type Watchdog struct{}

// Apply adds the device where the instance asks for it.
func (Watchdog) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	watchdog := vmi.Spec.Domain.Devices.Watchdog
	if watchdog == nil {
		return nil
	}
	if watchdog.I6300ESB == nil {
		return fmt.Errorf("watchdog %s: only the device i6300esb is supported", watchdog.Name)
	}
	action := watchdog.I6300ESB.Action
	if action == "" {
		action = v1.WatchdogActionReset
	}
	list(domain).Watchdogs = append(list(domain).Watchdogs, libvirtxml.DomainWatchdog{
		Model: "i6300esb", Action: string(action), Alias: alias(watchdog.Name),
	})
	return nil
}

// Sound gives the domain its sound device.
type Sound struct{}

// Apply adds the device where the instance asks for it.
func (Sound) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	sound := vmi.Spec.Domain.Devices.Sound
	if sound == nil {
		return nil
	}
	model := sound.Model
	if model == "" {
		model = "ich9"
	}
	list(domain).Sounds = append(list(domain).Sounds, libvirtxml.DomainSound{Model: model, Alias: alias(sound.Name)})
	return nil
}

// TPM gives the domain its trusted platform module.
type TPM struct{}

// Apply adds an emulated module whose state lives as long as the instance.
func (TPM) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	tpm := vmi.Spec.Domain.Devices.TPM
	if tpm == nil || !toggle.Default(tpm.Enabled, true) {
		return nil
	}
	if toggle.Default(tpm.Persistent, false) {
		return errors.New("a persistent TPM is not supported")
	}
	list(domain).TPMs = append(list(domain).TPMs, libvirtxml.DomainTPM{
		Model:   "tpm-tis",
		Backend: &libvirtxml.DomainTPMBackend{Emulator: &libvirtxml.DomainTPMBackendEmulator{Version: "2.0"}},
	})
	return nil
}

// Panic gives the domain the devices on which a crashing guest tells so.
type Panic struct{}

// Apply adds the devices that the instance asks for.
func (Panic) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	for _, device := range vmi.Spec.Domain.Devices.PanicDevices {
		model := ""
		if device.Model != nil {
			model = string(*device.Model)
		}
		list(domain).Panics = append(list(domain).Panics, libvirtxml.DomainPanic{Model: model})
	}
	return nil
}

// Input gives the domain its input devices.
type Input struct{}

// Apply adds the tablets that the instance asks for, or one where it just wants to
// be pointed at. The board brings a keyboard
// and a mouse of its own.
func (Input) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	inputs := vmi.Spec.Domain.Devices.Inputs
	if len(inputs) == 0 && toggle.Default(vmi.Spec.Domain.Devices.AutoattachInputDevice, false) {
		inputs = []v1.Input{{Name: "default-0", Type: v1.InputTypeTablet}}
	}
	for _, input := range inputs {
		if input.Type != v1.InputTypeTablet {
			return fmt.Errorf("input %s: type %q is not supported, only tablet is", input.Name, input.Type)
		}
		device := libvirtxml.DomainInput{Type: string(input.Type), Bus: string(input.Bus), Alias: alias(input.Name)}
		switch input.Bus {
		case "", v1.InputBusUSB:
			device.Bus = string(v1.InputBusUSB)
		case v1.InputBusVirtio:
			device.Model = "virtio" // QEMU has no transitional flavour of these
		default:
			return fmt.Errorf("input %s: bus %q is not supported", input.Name, input.Bus)
		}
		list(domain).Inputs = append(list(domain).Inputs, device)
	}
	return nil
}

// USBRedir gives the domain its slots for USB devices of a client.
type USBRedir struct {
	// Sockets on which QEMU waits for the client's devices, one for each slot.
	Sockets []string
}

// Apply adds the slots where the instance asks for them.
func (r USBRedir) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	if vmi.Spec.Domain.Devices.ClientPassthrough == nil {
		return nil
	}
	for _, socket := range r.Sockets {
		list(domain).RedirDevs = append(list(domain).RedirDevs, libvirtxml.DomainRedirDev{
			Bus:    string(v1.InputBusUSB),
			Source: &libvirtxml.DomainChardevSource{UNIX: &libvirtxml.DomainChardevSourceUNIX{Mode: "bind", Path: socket}},
		})
	}
	return nil
}

// maxUSBPorts is how many ports the controller can have.
const maxUSBPorts = 15

// USB gives the domain a USB controller where a device needs one.
type USB struct{}

// Apply has to follow all features that add USB devices. A guest without any is
// told to have no controller, since libvirt would add one.
func (USB) Apply(_ *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	devices := list(domain)
	needed := false
	for i := range devices.Disks {
		needed = needed || devices.Disks[i].Target != nil && devices.Disks[i].Target.Bus == string(v1.DiskBusUSB)
	}
	for i := range devices.Inputs {
		needed = needed || devices.Inputs[i].Bus == string(v1.InputBusUSB)
	}
	var index uint
	controller := libvirtxml.DomainController{Type: "usb", Index: &index, Model: "none"}
	if needed || len(devices.RedirDevs) > 0 {
		controller.Model = "qemu-xhci"
	}
	if len(devices.RedirDevs) > 0 {
		// Beyond four ports libvirt adds a hub, which knows no fast devices.
		ports := uint(maxUSBPorts)
		controller.USB = &libvirtxml.DomainControllerUSB{Port: &ports}
	}
	devices.Controllers = append(devices.Controllers, controller)
	return nil
}

func list(domain *libvirtxml.Domain) *libvirtxml.DomainDeviceList {
	if domain.Devices == nil {
		domain.Devices = &libvirtxml.DomainDeviceList{}
	}
	return domain.Devices
}

func alias(name string) *libvirtxml.DomainAlias { return &libvirtxml.DomainAlias{Name: "ua-" + name} }
