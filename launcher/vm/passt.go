package vm

import (
	"context"
	"path/filepath"
	"slices"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/domain"
	"kubevirt.io/kubevirt/launcher/passt"
)

// passt says how passt is to be started, if an interface is connected by it.
func (p *Local) passt(ctx context.Context, vmi *v1.VirtualMachineInstance) (domain.Passt, error) {
	interfaces := vmi.Spec.Domain.Devices.Interfaces
	bound := slices.IndexFunc(interfaces, func(nic v1.Interface) bool { return nic.PasstBinding != nil })
	if bound < 0 {
		return domain.Passt{}, nil
	}
	ports, err := passt.Forwardable()
	if err != nil {
		return domain.Passt{}, err
	}
	if len(interfaces[bound].Ports) == 0 && ports != (passt.Ports{}) {
		p.Log.Warn("the container may not open enough files for all ports: name those that the guest serves in the interface's ports",
			"interface", interfaces[bound].Name, "forwardedTCP", ports.TCP, "forwardedUDP", ports.UDP)
	}
	told := domain.Passt{Log: filepath.Join(p.RunDir, "passt.log"), TCP: ports.TCP, UDP: ports.UDP}
	// As long as the launcher lives, like the guest.
	p.passtLog.Do(func() {
		go func() {
			if err := passt.Follow(context.WithoutCancel(ctx), told.Log, p.Log); err != nil {
				p.Log.Warn("passt's log stays in its file", "err", err.Error())
			}
		}()
	})
	return told, nil
}
