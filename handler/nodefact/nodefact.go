// Package nodefact describes what a node can offer to guests as the node's labels.
// What libvirt and QEMU can do was found out before this process began; the rest
// is read from the kernel. Each kind of fact has a package of its own below.
package nodefact

import (
	"maps"
	"slices"
	"strings"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/nodefact/confidential"
	"kubevirt.io/kubevirt/handler/nodefact/cpu"
	"kubevirt.io/kubevirt/handler/nodefact/hyperv"
	"kubevirt.io/kubevirt/handler/nodefact/kernel"
	"kubevirt.io/kubevirt/handler/nodefact/machine"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// ownedPrefixes and ownedNames are the labels that only this package sets.
var (
	ownedPrefixes = []string{
		v1.LabelCPUModelPrefix, v1.LabelCPUModelMigrationPrefix, v1.LabelCPUFeaturePrefix, v1.LabelCPUVendorPrefix,
		v1.LabelHypervPrefix, v1.LabelHostModelCPUPrefix, v1.LabelHostModelFeaturePrefix, v1.LabelMachineTypePrefix,
		v1.LabelVMArchPrefix,
	}
	ownedNames = []string{
		v1.LabelTSCFrequency, v1.LabelTSCScalable, v1.LabelObsoleteHostModel, v1.LabelRealtime, v1.LabelKSMEnabled,
		v1.LabelCPUManager, v1.LabelCPUManagerLegacy, v1.LabelSEV, v1.LabelSEVES, v1.LabelSEVSNP, v1.LabelTDX,
	}
)

// Labels returns the wanted labels of the node: those of guests under KVM where
// that is usable, else of emulated guests.
func Labels(facts *protocol.NodeFacts, paths kernel.Paths, obsoleteModels map[string]bool) map[string]string {
	offered := facts.Accelerated
	if offered == nil {
		offered = facts.Emulated
	}
	labels := kernel.Labels(paths)
	maps.Copy(labels, cpu.Labels(facts.HostCPU, offered, obsoleteModels))
	maps.Copy(labels, machine.Labels(facts.Arch, offered))
	maps.Copy(labels, hyperv.Labels(facts.Accelerated))
	maps.Copy(labels, confidential.Labels(facts.Accelerated))
	maps.DeleteFunc(labels, func(name, _ string) bool { return !valid(name) })
	return labels
}

// Changes returns what has to be done to a node's labels: a value to set, or nil
// to remove one that was true once.
func Changes(present, wanted map[string]string) map[string]*string {
	changes := map[string]*string{}
	for name, value := range wanted {
		if have, found := present[name]; !found || have != value {
			changes[name] = &value
		}
	}
	for name := range present {
		if _, found := wanted[name]; !found && isOwned(name) {
			changes[name] = nil
		}
	}
	return changes
}

func isOwned(name string) bool {
	return slices.Contains(ownedNames, name) ||
		slices.ContainsFunc(ownedPrefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// valid tells whether Kubernetes accepts the name of a label; libvirt's names are
// not bound to it.
func valid(name string) bool {
	const longest = 63
	_, own, found := strings.Cut(name, "/")
	if !found {
		own = name
	}
	if own == "" || len(own) > longest || !alphanumeric(own[0]) || !alphanumeric(own[len(own)-1]) {
		return false
	}
	for i := range len(own) {
		if c := own[i]; !alphanumeric(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
