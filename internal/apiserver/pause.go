package apiserver

import (
	"context"
	"errors"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/handler/protocol"
)

func (s *server) pause(w http.ResponseWriter, r *http.Request, at target) {
	var options subresourcesv1.PauseOptions
	s.guestVerb(w, r, at, &options, func() error { return checkDryRun(options.DryRun) }, func(vmi *v1.VirtualMachineInstance) error {
		if err := mayPause(vmi); err != nil || len(options.DryRun) > 0 {
			return err
		}
		return s.signal(r.Context(), vmi, &protocol.SignalRequest{Action: protocol.Action_ACTION_PAUSE})
	})
}

func mayPause(vmi *v1.VirtualMachineInstance) error {
	if err := notRunning(vmi); err != nil {
		return err
	}
	if probe := vmi.Spec.LivenessProbe; probe != nil && probe.GuestAgentPing == nil {
		return apierrors.NewForbidden(resource("virtualmachineinstances"), vmi.Name, errors.New(
			"spec.livenessProbe would find the paused guest dead and end it; only guestAgentPing takes a pause into account"))
	}
	if vmi.IsPaused() {
		return guestConflict(vmi, "its guest is already paused")
	}
	return nil
}

func (s *server) unpause(w http.ResponseWriter, r *http.Request, at target) {
	var options subresourcesv1.UnpauseOptions
	s.guestVerb(w, r, at, &options, func() error { return checkDryRun(options.DryRun) }, func(vmi *v1.VirtualMachineInstance) error {
		vm, err := s.machineOf(r.Context(), vmi)
		if err != nil {
			return err
		}
		if err := mayUnpause(vm, vmi); err != nil || len(options.DryRun) > 0 {
			return err
		}
		return s.signal(r.Context(), vmi, &protocol.SignalRequest{Action: protocol.Action_ACTION_RESUME})
	})
}

// machineOf returns the machine of the instance's name, or nil.
func (s *server) machineOf(ctx context.Context, vmi *v1.VirtualMachineInstance) (*v1.VirtualMachine, error) {
	vm := &v1.VirtualMachine{}
	err := s.client.Get(ctx, client.ObjectKeyFromObject(vmi), vm)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, s.readFailure("reading the virtual machine", err)
	}
	return vm, nil
}

// mayUnpause looks at the machine as well; it is nil for an instance of its own.
func mayUnpause(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) error {
	if vm != nil && vm.Status.SnapshotInProgress != nil {
		return guestConflict(vmi, "a snapshot is being taken of it, "+*vm.Status.SnapshotInProgress+"; wait for the end of that")
	}
	if err := notRunning(vmi); err != nil {
		return err
	}
	if !vmi.IsPaused() {
		return guestConflict(vmi, "its guest is not paused")
	}
	return nil
}
