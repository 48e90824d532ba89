package apiserver

import (
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/protocol"
)

func (s *server) reset(w http.ResponseWriter, r *http.Request, at target) {
	s.guestVerb(w, r, at, nil, nil, func(vmi *v1.VirtualMachineInstance) error {
		if err := mayReset(vmi); err != nil {
			return err
		}
		return s.signal(r.Context(), vmi, &protocol.SignalRequest{Action: protocol.Action_ACTION_RESET})
	})
}

func mayReset(vmi *v1.VirtualMachineInstance) error {
	if notRunning(vmi) != nil {
		return apierrors.NewBadRequest(vmi.Name + " cannot be reset: " + whyNotRunning(vmi))
	}
	return nil
}

func (s *server) softReboot(w http.ResponseWriter, r *http.Request, at target) {
	s.guestVerb(w, r, at, nil, nil, func(vmi *v1.VirtualMachineInstance) error {
		if err := maySoftReboot(vmi); err != nil {
			return err
		}
		return s.signal(r.Context(), vmi, &protocol.SignalRequest{Action: protocol.Action_ACTION_REBOOT})
	})
}

func maySoftReboot(vmi *v1.VirtualMachineInstance) error {
	if err := notRunning(vmi); err != nil {
		return err
	}
	if vmi.IsPaused() {
		return guestConflict(vmi, "its guest is paused; unpause it first, or reset it")
	}
	features := vmi.Spec.Domain.Features
	hasPowerButton := features == nil || features.ACPI.IsEnabled()
	if !hasPowerButton && !vmi.IsConditionTrue(v1.ConditionAgentConnected) {
		return guestConflict(vmi, "nobody in its guest can be asked: the guest agent is not connected and "+
			"spec.domain.features.acpi is off; start the agent in the guest, or reset it")
	}
	return nil
}
