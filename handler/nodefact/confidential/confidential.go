// Package confidential turns the kinds of confidential guests that a node can run
// into labels.
package confidential

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// Labels names the kinds; they need KVM.
func Labels(accelerated *protocol.Virtualization) map[string]string {
	labels := map[string]string{}
	if accelerated == nil {
		return labels
	}
	for label, supported := range map[string]bool{
		v1.LabelSEV: accelerated.SEV, v1.LabelSEVES: accelerated.SEVES, v1.LabelSEVSNP: accelerated.SEVSNP, v1.LabelTDX: accelerated.TDX,
	} {
		if supported {
			labels[label] = "true"
		}
	}
	return labels
}
