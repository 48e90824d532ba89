// Package hyperv turns the Hyper-V features that a node can offer into labels.
package hyperv

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// names are the labels that stand for one of libvirt's features. base and time
// are what any of them brings along.
var names = map[string][]string{
	"frequencies": {"frequencies"}, "ipi": {"ipi"}, "reenlightenment": {"reenlightenment"}, "reset": {"reset"},
	"runtime": {"runtime"}, "stimer": {"synictimer"}, "synic": {"synic", "synic2"}, "tlbflush": {"tlbflush"}, "vpindex": {"vpindex"},
}

// Labels names the features; they need KVM.
func Labels(accelerated *protocol.Virtualization) map[string]string {
	labels := map[string]string{}
	if accelerated == nil {
		return labels
	}
	for _, feature := range accelerated.HyperV {
		for _, name := range append([]string{"base", "time"}, names[feature]...) {
			labels[v1.LabelHypervPrefix+name] = "true"
		}
	}
	return labels
}
