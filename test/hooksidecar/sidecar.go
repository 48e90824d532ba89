// Package hooksidecar is a hook sidecar for tests. It connects the guest's interfaces
// of its own binding plugin to QEMU's user-mode network, and sets the maker of the
// mainboard that an annotation names.
package hooksidecar

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"

	"google.golang.org/grpc"
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/hook"
)

// AnnotationBoardMaker is the maker of the mainboard that the guest is to read.
const AnnotationBoardMaker = "smbios.vm.kubevirt.io/baseBoardManufacturer"

// Sidecar is one sidecar.
type Sidecar struct {
	// Name it introduces itself with, Priority and Versions.
	Name     string
	Priority int32
	Versions []string
	// HookPoints are what it asks to be called for.
	HookPoints []string
	// Plugin is the binding plugin whose interfaces it connects; empty for none.
	Plugin string
}

// Serve answers on a socket in dir until ctx ends.
func (s Sidecar) Serve(ctx context.Context, dir string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", filepath.Join(dir, "test.sock"))
	if err != nil {
		return fmt.Errorf("listening for the launcher: %w", err)
	}
	server := grpc.NewServer(grpc.UnknownServiceHandler(s.handle))
	defer context.AfterFunc(ctx, server.Stop)()
	if err := server.Serve(listener); err != nil {
		return fmt.Errorf("serving the launcher: %w", err)
	}
	return nil
}

// handle answers every method; which it was stands in the stream.
func (s Sidecar) handle(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	if method == hook.InfoMethod {
		if err := stream.RecvMsg(&hook.InfoParams{}); err != nil {
			return fmt.Errorf("reading %s: %w", method, err)
		}
		info := &hook.InfoResult{Name: s.Name, Versions: s.Versions}
		for _, name := range s.HookPoints {
			info.HookPoints = append(info.HookPoints, &hook.HookPoint{Name: name, Priority: s.Priority})
		}
		return stream.SendMsg(info)
	}
	for _, version := range s.Versions {
		if method == hook.DefineMethod(version) {
			return s.define(stream)
		}
	}
	return fmt.Errorf("unknown method %s", method)
}

func (s Sidecar) define(stream grpc.ServerStream) error {
	params := &hook.OnDefineDomainParams{}
	if err := stream.RecvMsg(params); err != nil {
		return fmt.Errorf("reading the domain: %w", err)
	}
	vmi, domain := &v1.VirtualMachineInstance{}, &libvirtxml.Domain{}
	if err := json.Unmarshal(params.GetVmi(), vmi); err != nil {
		return fmt.Errorf("reading the instance: %w", err)
	}
	if err := domain.Unmarshal(string(params.GetDomainXml())); err != nil {
		return fmt.Errorf("reading the domain: %w", err)
	}
	s.change(vmi, domain)
	xml, err := domain.Marshal()
	if err != nil {
		return fmt.Errorf("writing the domain: %w", err)
	}
	return stream.SendMsg(&hook.OnDefineDomainResult{DomainXml: []byte(xml)})
}

func (s Sidecar) change(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) {
	if maker := vmi.Annotations[AnnotationBoardMaker]; maker != "" {
		for i := range domain.SysInfo {
			if smbios := domain.SysInfo[i].SMBIOS; smbios != nil {
				smbios.BaseBoard = []libvirtxml.DomainSysInfoBaseBoard{{
					Entry: []libvirtxml.DomainSysInfoEntry{{Name: "manufacturer", Value: maker}},
				}}
			}
		}
	}
	for i := range vmi.Spec.Domain.Devices.Interfaces {
		nic := &vmi.Spec.Domain.Devices.Interfaces[i]
		if nic.Binding == nil || nic.Binding.Name != s.Plugin {
			continue
		}
		connected := libvirtxml.DomainInterface{
			Source: &libvirtxml.DomainInterfaceSource{User: &libvirtxml.DomainInterfaceSourceUser{}},
			Model:  &libvirtxml.DomainInterfaceModel{Type: "virtio-non-transitional"},
			Alias:  &libvirtxml.DomainAlias{Name: "ua-" + nic.Name},
		}
		if nic.MacAddress != "" {
			connected.MAC = &libvirtxml.DomainInterfaceMAC{Address: nic.MacAddress}
		}
		domain.Devices.Interfaces = append(domain.Devices.Interfaces, connected)
	}
}
