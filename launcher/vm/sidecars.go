package vm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// final returns the domain as it is to be started: built as the instance says, and
// then changed by the pod's hook sidecars. What is started is what was understood
// here, not their text.
func (p *Local) final(ctx context.Context, vmi *v1.VirtualMachineInstance, built *libvirtxml.Domain) (*libvirtxml.Domain, error) {
	if p.Sidecars.Count == 0 {
		return built, nil
	}
	xml, err := built.Marshal()
	if err != nil {
		return nil, fmt.Errorf("%w: encoding it: %w", ErrDomain, err)
	}
	encoded, err := json.Marshal(vmi)
	if err != nil {
		return nil, fmt.Errorf("encoding the instance for hook sidecars: %w", err)
	}
	changed, err := p.Sidecars.Define(ctx, encoded, xml)
	if err != nil {
		return nil, err
	}
	return sameDomain(built, changed)
}

// sameDomain reads what hook sidecars have made of a domain. It refuses one that this
// launcher would not find again as its own, and one that runs anything else.
func sameDomain(built *libvirtxml.Domain, changed string) (*libvirtxml.Domain, error) {
	domain := &libvirtxml.Domain{}
	if err := domain.Unmarshal(changed); err != nil {
		return nil, fmt.Errorf("%w: reading what the hook sidecars return: %w", ErrDomain, err)
	}
	if domain.Name != built.Name || domain.UUID != built.UUID {
		return nil, fmt.Errorf("%w: hook sidecars must leave its name and uuid %s and %s, and not make them %s and %s",
			ErrDomain, built.Name, built.UUID, domain.Name, domain.UUID)
	}
	if found := programs(domain); !slices.Equal(found, programs(built)) {
		return nil, fmt.Errorf("%w: hook sidecars must not change what is run for it (emulator, qemu:commandline, "+
			"scripts of interfaces, binaries of filesystems): %q", ErrDomain, found)
	}
	return domain, nil
}

// programs are what libvirt runs for a domain in the launcher's container by name,
// with the arguments given.
func programs(domain *libvirtxml.Domain) []string {
	var found []string
	if line := domain.QEMUCommandline; line != nil {
		for _, one := range line.Args {
			found = append(found, one.Value)
		}
		for _, one := range line.Envs {
			found = append(found, one.Name+"="+one.Value)
		}
	}
	devices := domain.Devices
	if devices == nil {
		return found
	}
	if devices.Emulator != "" {
		found = append(found, devices.Emulator)
	}
	for i := range devices.Interfaces {
		for _, script := range []*libvirtxml.DomainInterfaceScript{devices.Interfaces[i].Script, devices.Interfaces[i].DownScript} {
			if script != nil {
				found = append(found, script.Path)
			}
		}
	}
	for i := range devices.Filesystems {
		if binary := devices.Filesystems[i].Binary; binary != nil && binary.Path != "" {
			found = append(found, binary.Path)
		}
	}
	return found
}
