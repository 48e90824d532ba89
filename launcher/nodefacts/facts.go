// Package nodefacts reads out of libvirt's capabilities what a node's handler
// has to know.
package nodefacts

import (
	"fmt"
	"slices"

	"libvirt.org/go/libvirtxml"

	"kubevirt.io/kubevirt/launcher/protocol"
)

// Kinds of domains, in libvirt's words.
const (
	KindKVM  = "kvm"
	KindQEMU = "qemu"
)

// Source answers questions about one host.
type Source interface {
	DomainCapabilities(arch, machine, kind string) (string, error)
	ExpandCPU(arch, machine, kind, cpu string) (string, error)
}

// defaultMachines are the machine types that guests get unless they say otherwise.
var defaultMachines = map[string]string{"x86_64": "q35", "aarch64": "virt", "s390x": "s390-ccw-virtio"}

// Collect builds the facts from the host's capabilities XML and source. KVM is
// asked about only where kvm says that it is usable.
func Collect(capabilities string, source Source, kvm protocol.KVM) (*protocol.NodeFacts, error) {
	var caps libvirtxml.Caps
	if err := caps.Unmarshal(capabilities); err != nil {
		return nil, fmt.Errorf("parsing the host's capabilities: %w", err)
	}
	if caps.Host.CPU == nil {
		return nil, fmt.Errorf("the host's capabilities name no CPU")
	}
	facts := &protocol.NodeFacts{Arch: caps.Host.CPU.Arch, KVM: kvm, HostCPU: hostCPU(caps.Host.CPU)}
	guest := guestOf(&caps, facts.Arch)
	if guest == nil {
		return nil, fmt.Errorf("QEMU runs no %s guests on this host", facts.Arch)
	}
	var err error
	if kvm.Usable {
		if facts.Accelerated, err = virtualization(guest, source, facts.Arch, KindKVM); err != nil {
			return nil, err
		}
	}
	facts.Emulated, err = virtualization(guest, source, facts.Arch, KindQEMU)
	return facts, err
}

func guestOf(caps *libvirtxml.Caps, arch string) *libvirtxml.CapsGuest {
	for i := range caps.Guests {
		if guest := &caps.Guests[i]; guest.Arch.Name == arch && guest.OSType == "hvm" {
			return guest
		}
	}
	return nil
}

func hostCPU(cpu *libvirtxml.CapsHostCPU) protocol.HostCPU {
	host := protocol.HostCPU{Model: cpu.Model, Vendor: cpu.Vendor}
	for _, feature := range cpu.FeatureFlags {
		host.Features = append(host.Features, feature.Name)
	}
	if counter := cpu.Counter; counter != nil && counter.Name == "tsc" {
		host.TSCFrequency = uint64(counter.Frequency)
		host.TSCScaling = counter.Scaling == "yes"
	}
	return host
}

// virtualization asks about one kind of domain on the architecture's usual machine.
func virtualization(guest *libvirtxml.CapsGuest, source Source, arch, kind string) (*protocol.Virtualization, error) {
	machine := defaultMachines[arch]
	raw, err := source.DomainCapabilities(arch, machine, kind)
	if err != nil {
		return nil, err
	}
	var caps libvirtxml.DomainCaps
	if err := caps.Unmarshal(raw); err != nil {
		return nil, fmt.Errorf("parsing what %s domains can have: %w", kind, err)
	}
	found := &protocol.Virtualization{Machines: machines(guest, kind)}
	if caps.VCPU != nil {
		found.MaxCPUs = caps.VCPU.Max
	}
	firmware(found, caps.OS)
	if caps.CPU != nil {
		models(found, caps.CPU)
	}
	security(found, caps.Features)
	if found.HostModel.Name == "" {
		return found, nil
	}
	expanded, err := source.ExpandCPU(arch, machine, kind, cpuXML(found.HostModel))
	if err != nil {
		return nil, err
	}
	found.Features, err = featuresOf(expanded)
	return found, err
}

func machines(guest *libvirtxml.CapsGuest, kind string) []protocol.Machine {
	listed := guest.Arch.Machines
	for _, domain := range guest.Arch.Domains {
		if domain.Type == kind && len(domain.Machines) > 0 {
			listed = domain.Machines
		}
	}
	var found []protocol.Machine
	for _, machine := range listed {
		found = append(found, protocol.Machine{
			Name: machine.Name, Canonical: machine.Canonical,
			Deprecated: machine.Deprecated == "yes", MaxCPUs: uint(machine.MaxCPUs),
		})
	}
	return found
}

func firmware(found *protocol.Virtualization, os *libvirtxml.DomainCapsOS) {
	if os == nil {
		return
	}
	found.EFI = slices.Contains(values(os.Enums, "firmware"), "efi")
	if os.Loader != nil {
		found.SecureBoot = slices.Contains(values(os.Loader.Enums, "secure"), "yes")
	}
}

func models(found *protocol.Virtualization, cpu *libvirtxml.DomainCapsCPU) {
	for _, mode := range cpu.Modes {
		if mode.Supported != "yes" {
			continue
		}
		switch mode.Name {
		case "host-model":
			if len(mode.Models) == 0 {
				continue
			}
			found.HostModel = protocol.CPUModel{Name: mode.Models[0].Name, Vendor: mode.Vendor}
			for _, feature := range mode.Features {
				switch feature.Policy {
				case "require":
					found.HostModel.Required = append(found.HostModel.Required, feature.Name)
				case "disable":
					found.HostModel.Disabled = append(found.HostModel.Disabled, feature.Name)
				}
			}
		case "custom":
			for _, model := range mode.Models {
				if model.Usable == "yes" {
					found.Models = append(found.Models, model.Name)
				}
			}
		}
	}
}

func security(found *protocol.Virtualization, features *libvirtxml.DomainCapsFeatures) {
	if features == nil {
		return
	}
	if hyperv := features.HyperV; hyperv != nil && hyperv.Supported == "yes" {
		found.HyperV = values(hyperv.Enums, "features")
	}
	if sev := features.SEV; sev != nil && sev.Supported == "yes" {
		found.SEV = true
		found.SEVES = sev.MaxESGuests > 0
	}
	if tdx := features.TDX; tdx != nil {
		found.TDX = tdx.Supported == "yes"
	}
	if launch := features.LaunchSecurity; launch != nil && launch.Supported == "yes" {
		found.SEVSNP = slices.Contains(values(launch.Enums, "sectype"), "sev-snp")
	}
}

func values(enums []libvirtxml.DomainCapsEnum, name string) []string {
	for _, enum := range enums {
		if enum.Name == name {
			return enum.Values
		}
	}
	return nil
}
