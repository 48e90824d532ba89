package libvirt

import (
	"context"
	"fmt"

	golibvirt "libvirt.org/go/libvirt"
)

// Inspection is what libvirt tells about its host, in its own XML.
type Inspection struct {
	// LibvirtVersion and QEMUVersion as libvirt counts them: major*1000000 +
	// minor*1000 + micro.
	LibvirtVersion uint32
	QEMUVersion    uint32
	Capabilities   string
	conn           *golibvirt.Connect
}

// DomainCapabilities returns what a kind of domain ("kvm", "qemu") with a
// machine type can have.
func (i *Inspection) DomainCapabilities(arch, machine, kind string) (string, error) {
	xml, err := i.conn.GetDomainCapabilities("", arch, machine, kind, 0)
	if err != nil {
		return "", fmt.Errorf("asking libvirt what %s domains can have: %w", kind, err)
	}
	return xml, nil
}

// ExpandCPU returns cpu, a libvirt CPU element, with every feature its model implies.
func (i *Inspection) ExpandCPU(arch, machine, kind, cpu string) (string, error) {
	xml, err := i.conn.BaselineHypervisorCPU("", arch, machine, kind, []string{cpu}, golibvirt.CONNECT_BASELINE_CPU_EXPAND_FEATURES)
	if err != nil {
		return "", fmt.Errorf("asking libvirt for a CPU model's features: %w", err)
	}
	return xml, nil
}

// Inspect passes what libvirt knows about the host to look.
func (h *Hypervisor) Inspect(ctx context.Context, look func(*Inspection) error) error {
	return h.with(ctx, func(conn *golibvirt.Connect) error {
		inspection := &Inspection{conn: conn}
		var err error
		if inspection.Capabilities, err = conn.GetCapabilities(); err != nil {
			return fmt.Errorf("asking libvirt for the host's capabilities: %w", err)
		}
		if inspection.LibvirtVersion, err = conn.GetLibVersion(); err != nil {
			return fmt.Errorf("asking libvirt for its version: %w", err)
		}
		if inspection.QEMUVersion, err = conn.GetVersion(); err != nil {
			return fmt.Errorf("asking libvirt for QEMU's version: %w", err)
		}
		return look(inspection)
	})
}
