package console

import (
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/domain/toggle"
)

// vgaMemory is the memory of a screen adapter in KiB: enough for 2560x1600.
const vgaMemory = 16384

// Graphics gives the domain its screen.
type Graphics struct {
	// Socket on which QEMU offers the screen as VNC.
	Socket string
}

// Apply adds a screen adapter and the VNC server, unless the instance is to have none.
func (g Graphics) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	spec := &vmi.Spec.Domain
	if !toggle.Default(spec.Devices.AutoattachGraphicsDevice, true) {
		return nil
	}
	if domain.Devices == nil {
		domain.Devices = &libvirtxml.DomainDeviceList{}
	}
	domain.Devices.Graphics = append(domain.Devices.Graphics, libvirtxml.DomainGraphic{
		VNC: &libvirtxml.DomainGraphicVNC{Listeners: []libvirtxml.DomainGraphicListener{
			{Socket: &libvirtxml.DomainGraphicListenerSocket{Socket: g.Socket}},
		}},
	})
	video := libvirtxml.DomainVideoModel{Type: "vga", VRam: vgaMemory, Heads: 1}
	// UEFI draws on the plainer adapter, which has no legacy of VGA to emulate.
	if spec.Firmware != nil && spec.Firmware.Bootloader != nil && spec.Firmware.Bootloader.EFI != nil {
		video = libvirtxml.DomainVideoModel{Type: "bochs", VRam: vgaMemory, Heads: 1}
	}
	if spec.Devices.Video != nil && spec.Devices.Video.Type != "" {
		video.Type = spec.Devices.Video.Type
	}
	if video.Type == "ramfb" {
		video.VRam = 0 // it draws in the guest's own memory
	}
	domain.Devices.Videos = append(domain.Devices.Videos, libvirtxml.DomainVideo{Model: video})
	return nil
}
