package migratability

import (
	"fmt"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// interfaces are bonds by an address that stays behind. What is on a secondary network
// has its address there, whatever the node.
func interfaces(vmi *v1.VirtualMachineInstance, facts Facts) []Bond {
	primary, claimed := map[string]bool{}, map[string]bool{}
	for i := range vmi.Spec.Networks {
		network := &vmi.Spec.Networks[i]
		primary[network.Name], claimed[network.Name] = network.IsPrimary(), network.ResourceClaim != nil
	}
	var list []Bond
	for i := range vmi.Spec.Domain.Devices.Interfaces {
		nic := &vmi.Spec.Domain.Devices.Interfaces[i]
		if nic.State == v1.InterfaceStateAbsent {
			continue
		}
		add := func(reason, binding, message string) {
			list = append(list, Bond{reason, "spec.domain.devices.interfaces[" + nic.Name + "]." + binding, fmt.Sprintf(message, nic.Name)})
		}
		switch {
		case nic.SRIOV != nil:
			add(v1.ReasonHostDeviceNotLiveMigratable, "sriov", "Interface %s is a device of the node.")
		case claimed[nic.Name]:
			add(v1.ReasonHostDeviceNotLiveMigratable, "binding", "Interface %s has a device of the node, which a resource claim names.")
		case !primary[nic.Name]:
		case nic.Bridge != nil && vmi.Annotations[v1.AnnotationPodBridgeMigration] != "true":
			add(v1.ReasonInterfaceNotLiveMigratable, "bridge", "Interface %s is bridged with the pod network, whose address stays on the node.")
		case nic.PasstBinding != nil:
			add(v1.ReasonInterfaceNotLiveMigratable, "passtBinding", "Interface %s has the address of its pod (passt), which stays on the node.")
		case nic.Binding != nil && facts.Plugin != nil:
			if plugin, _ := facts.Plugin(nic); plugin.Migration == nil {
				add(v1.ReasonInterfaceNotLiveMigratable, "binding", "Interface %s is bound by a plugin that is not registered for migration.")
			}
		}
	}
	return list
}

func devices(vmi *v1.VirtualMachineInstance) []Bond {
	var list []Bond
	devices := &vmi.Spec.Domain.Devices
	if len(devices.HostDevices) > 0 {
		list = append(list, Bond{v1.ReasonHostDeviceNotLiveMigratable, "spec.domain.devices.hostDevices", "The guest has a device of its node."})
	}
	if len(devices.GPUs) > 0 {
		list = append(list, Bond{v1.ReasonHostDeviceNotLiveMigratable, "spec.domain.devices.gpus",
			"The guest has a graphics processor of its node."})
	}
	return list
}

// Words of the API.
const (
	hostPassthrough = "host-passthrough"
	s390x           = "s390x"
	invariantTSC    = "invtsc"
	policyRequire   = "require"
	policyForce     = "force"
)

// processor are bonds by what the guest has been told of its node's processor.
func processor(vmi *v1.VirtualMachineInstance) []Bond {
	var list []Bond
	add := func(reason, field, message string) { list = append(list, Bond{reason, field, message}) }
	d := &vmi.Spec.Domain
	if d.CPU != nil && d.CPU.Model == hostPassthrough {
		add(v1.ReasonCPUModeNotLiveMigratable, "spec.domain.cpu.model", "The guest has the very CPU of its node (host-passthrough).")
	}
	if f := d.Features; f != nil && f.HypervPassthrough != nil && isOn(f.HypervPassthrough.Enabled) {
		add(v1.ReasonHypervPassthroughNotLiveMigratable, "spec.domain.features.hypervPassthrough",
			"The guest has all Hyper-V features of its node.")
	}
	if field := needsTSC(d); field != "" && (vmi.Status.TopologyHints == nil || vmi.Status.TopologyHints.TSCFrequency == nil) {
		add(v1.ReasonNoTSCFrequencyNotLiveMigratable, field,
			"The guest counts time by the frequency of its node's time stamp counter, and no frequency is known that other nodes have.")
	}
	switch security := d.LaunchSecurity; {
	case security == nil:
	case vmi.Spec.Architecture == s390x:
		add(v1.ReasonSecureExecutionNotLiveMigratable, "spec.domain.launchSecurity",
			"The guest's memory is encrypted by its node (Secure Execution).")
	case security.SEV != nil, security.SNP != nil:
		add(v1.ReasonSEVNotLiveMigratable, "spec.domain.launchSecurity", "The guest's memory is encrypted by its node (SEV).")
	case security.TDX != nil:
		add(v1.ReasonTDXNotLiveMigratable, "spec.domain.launchSecurity", "The guest's memory is encrypted by its node (TDX).")
	}
	return list
}

// needsTSC returns the field by which the guest relies on the frequency of its time
// stamp counter; empty if it does not.
func needsTSC(d *v1.DomainSpec) string {
	if f := d.Features; f != nil && f.Hyperv != nil && f.Hyperv.Reenlightenment != nil && isOn(f.Hyperv.Reenlightenment.Enabled) {
		return "spec.domain.features.hyperv.reenlightenment"
	}
	if d.CPU == nil {
		return ""
	}
	for _, feature := range d.CPU.Features {
		switch feature.Policy {
		case "", policyRequire, policyForce:
			if feature.Name == invariantTSC {
				return "spec.domain.cpu.features[" + invariantTSC + "]"
			}
		}
	}
	return ""
}

// isOn reads a switch that is on unless it says otherwise.
func isOn(enabled *bool) bool { return enabled == nil || *enabled }
