package protocol

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// NodeFactsFile is the file that `virt-launcher probe --out DIR` writes into DIR.
const NodeFactsFile = "facts.json"

// NodeFacts is what libvirt and QEMU of the launcher image can do on one node.
// `virt-launcher probe` writes it, virt-handler reads it.
type NodeFacts struct {
	// Arch of the node in libvirt's words: x86_64, aarch64, s390x.
	Arch string `json:"arch"`
	// LibvirtVersion and QEMUVersion as major.minor.micro.
	LibvirtVersion string `json:"libvirtVersion"`
	QEMUVersion    string `json:"qemuVersion"`
	KVM            KVM    `json:"kvm"`
	// HostCPU is the processor as libvirt sees it without any hypervisor.
	HostCPU HostCPU `json:"hostCPU"`
	// Accelerated is what guests can have under KVM; nil when KVM is not usable.
	Accelerated *Virtualization `json:"accelerated,omitempty"`
	// Emulated is what guests can have under TCG.
	Emulated *Virtualization `json:"emulated,omitempty"`
}

// KVM says whether guests can be accelerated.
type KVM struct {
	// Present: /dev/kvm exists.
	Present bool `json:"present"`
	// Usable: a virtual CPU was seen executing instructions.
	Usable bool `json:"usable"`
	// Reason says why a present KVM is not usable, for people.
	Reason string `json:"reason,omitempty"`
}

// HostCPU describes the node's processor.
type HostCPU struct {
	Model  string `json:"model"`
	Vendor string `json:"vendor"`
	// Features that the processor has beyond Model.
	Features []string `json:"features,omitempty"`
	// TSCFrequency in Hz; 0 when unknown.
	TSCFrequency uint64 `json:"tscFrequency,omitempty"`
	// TSCScaling: guests can be given another frequency than the host's.
	TSCScaling bool `json:"tscScaling,omitempty"`
}

// Virtualization is what one kind of virtualization (KVM or TCG) offers.
type Virtualization struct {
	// HostModel is the CPU that mode host-model stands for.
	HostModel CPUModel `json:"hostModel"`
	// Models are the named CPU models that can run here.
	Models []string `json:"models,omitempty"`
	// Features are all CPU features that a host-model guest gets, Model's own included.
	Features []string `json:"features,omitempty"`
	// Machines are the machine types, aliases included.
	Machines []Machine `json:"machines,omitempty"`
	// HyperV are the enlightenments QEMU can offer, in libvirt's names.
	HyperV []string `json:"hyperV,omitempty"`
	// EFI and SecureBoot: a firmware for it is in the image.
	EFI        bool `json:"efi,omitempty"`
	SecureBoot bool `json:"secureBoot,omitempty"`
	// SEV, SEVES, SEVSNP and TDX: kinds of confidential guests.
	SEV    bool `json:"sev,omitempty"`
	SEVES  bool `json:"sevES,omitempty"`
	SEVSNP bool `json:"sevSNP,omitempty"`
	TDX    bool `json:"tdx,omitempty"`
	// MaxCPUs of the default machine type.
	MaxCPUs uint `json:"maxCPUs,omitempty"`
}

// CPUModel is a named CPU model with the features a guest gets on top of it
// and those taken away.
type CPUModel struct {
	Name     string   `json:"name"`
	Vendor   string   `json:"vendor,omitempty"`
	Required []string `json:"required,omitempty"`
	Disabled []string `json:"disabled,omitempty"`
}

// Machine is a machine type.
type Machine struct {
	Name string `json:"name"`
	// Canonical is what an alias such as q35 stands for; "" for no alias.
	Canonical  string `json:"canonical,omitempty"`
	Deprecated bool   `json:"deprecated,omitempty"`
	MaxCPUs    uint   `json:"maxCPUs,omitempty"`
}

// ReadNodeFacts reads what the probe wrote into dir.
func ReadNodeFacts(dir string) (*NodeFacts, error) {
	raw, err := os.ReadFile(filepath.Join(dir, NodeFactsFile))
	if err != nil {
		return nil, fmt.Errorf("reading the node's virtualization facts: %w", err)
	}
	facts := &NodeFacts{}
	if err := json.Unmarshal(raw, facts); err != nil {
		return nil, fmt.Errorf("parsing the node's virtualization facts: %w", err)
	}
	return facts, nil
}

// WriteNodeFacts replaces the facts in dir; a reader sees the old ones or the
// new ones, never half of either.
func WriteNodeFacts(dir string, facts *NodeFacts) error {
	raw, err := json.MarshalIndent(facts, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the node's virtualization facts: %w", err)
	}
	final := filepath.Join(dir, NodeFactsFile)
	if err := os.WriteFile(final+".tmp", append(raw, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the node's virtualization facts: %w", err)
	}
	if err := os.Rename(final+".tmp", final); err != nil {
		return fmt.Errorf("publishing the node's virtualization facts: %w", err)
	}
	return nil
}
