package agent

import (
	"fmt"
	"slices"
	"strings"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// lostFilesystems says what the loss of filesystems means to a running guest; empty when
// there is none. The launcher speaks for the volumes of its own instance only.
func lostFilesystems(vmi *v1.VirtualMachineInstance, state *protocol.DomainState) string {
	var lost []string
	for _, filesystem := range vmi.Spec.Domain.Devices.Filesystems {
		if slices.Contains(state.GetLostFilesystems(), filesystem.Name) {
			lost = append(lost, filesystem.Name)
		}
	}
	if lost == nil {
		return ""
	}
	return fmt.Sprintf("the process that serves the guest's filesystems %s has ended: what the guest does there waits for ever, "+
		"all else goes on; restart the virtual machine to have them served again", strings.Join(lost, ", "))
}
