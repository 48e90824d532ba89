package apiserver

import (
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

func (s *server) stop(w http.ResponseWriter, r *http.Request, at target) {
	var options subresourcesv1.StopOptions
	s.verb(w, r, at, &options, func() error { return checkStop(options) }, func(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) error {
		change, err := stopChange(vm, vmi, options)
		if err != nil {
			return err
		}
		return s.change(r.Context(), vm, vmi, change, options.DryRun)
	})
}

func checkStop(options subresourcesv1.StopOptions) error {
	if options.GracePeriod != nil && *options.GracePeriod < 0 {
		return apierrors.NewBadRequest(fmt.Sprintf("gracePeriod: %d seconds are not possible: 0 or more are", *options.GracePeriod))
	}
	return checkDryRun(options.DryRun)
}

// stopChange decides what stopping means for a machine.
func stopChange(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance, options subresourcesv1.StopOptions) (machineChange, error) {
	strategy, err := vm.RunStrategy()
	if err != nil {
		return machineChange{}, conflict(vm, err.Error())
	}
	running := vmi != nil && !vmi.IsFinal()
	var change machineChange
	if running {
		change.grace = options.GracePeriod
	}
	switch strategy {
	case v1.RunStrategyAlways, v1.RunStrategyOnce, v1.RunStrategyWaitAsReceiver:
		change.spec = flip(vm, strategy, v1.RunStrategyHalted)
		return change, nil
	case v1.RunStrategyHalted:
		if !running {
			return machineChange{}, conflict(vm, "it is not running")
		}
		if options.GracePeriod == nil || *options.GracePeriod >= vmi.GracePeriod() {
			return machineChange{}, conflict(vm, "it is being stopped already; a shorter grace period hurries it")
		}
		return change, nil
	}
	if !running {
		return machineChange{}, conflict(vm, "it is not running")
	}
	change.requests = []v1.VirtualMachineStateChangeRequest{stopOf(vmi)}
	return change, nil
}
