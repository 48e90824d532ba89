// Package machine turns the machine types and guest architectures of a node into
// labels.
package machine

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// architectures are libvirt's names of what Kubernetes calls otherwise.
var architectures = map[string]string{"x86_64": "amd64", "aarch64": "arm64", "s390x": "s390x"}

// Labels names every machine type, aliases included, and the guest architecture.
func Labels(arch string, virtualization *protocol.Virtualization) map[string]string {
	labels := map[string]string{}
	if virtualization == nil {
		return labels
	}
	if name, known := architectures[arch]; known {
		labels[v1.LabelVMArchPrefix+name] = "true"
	}
	for _, machine := range virtualization.Machines {
		labels[v1.LabelMachineTypePrefix+machine.Name] = "true"
	}
	return labels
}
