package apiserver

import (
	"net/http"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/protocol"
)

// usbredir gives the caller one of the guest's USB redirection channels.
func (s *server) usbredir(w http.ResponseWriter, r *http.Request, at target) {
	s.stream(w, r, at, &protocol.StreamTarget{Device: protocol.Device_DEVICE_USBREDIR}, mayRedirectUSB)
}

func mayRedirectUSB(vmi *v1.VirtualMachineInstance) error {
	if vmi.Spec.Architecture == "s390x" {
		return guestConflict(vmi, "spec.architecture is s390x, which has no USB")
	}
	if vmi.Spec.Domain.Devices.ClientPassthrough == nil {
		return guestConflict(vmi, "spec.domain.devices.clientPassthrough is not set: the guest has no USB redirection")
	}
	return nil
}
