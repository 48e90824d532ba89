package apiserver

import (
	"fmt"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

func (s *server) start(w http.ResponseWriter, r *http.Request, at target) {
	var options subresourcesv1.StartOptions
	s.verb(w, r, at, &options, func() error { return checkDryRun(options.DryRun) }, func(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) error {
		change, err := startChange(vm, vmi, options)
		if err != nil {
			return err
		}
		return s.change(r.Context(), vm, vmi, change, options.DryRun)
	})
}

// startChange decides what starting means for a machine; vmi is nil when there is
// no instance.
func startChange(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance, options subresourcesv1.StartOptions) (machineChange, error) {
	if vmi != nil && !vmi.IsFinal() && vmi.Status.Phase != v1.VMIPhaseUnknown && vmi.Status.Phase != v1.VMIPhaseUnset {
		return machineChange{}, conflict(vm, "it is already running")
	}
	if c := vm.Condition(v1.ConditionManualRecoveryRequired); c != nil && c.Status == corev1.ConditionTrue {
		return machineChange{}, conflict(vm, "it needs to be recovered by hand first: "+c.Message)
	}
	strategy, err := vm.RunStrategy()
	if err != nil {
		return machineChange{}, conflict(vm, err.Error())
	}
	start := v1.VirtualMachineStateChangeRequest{Action: v1.StateChangeRequestActionStart}
	if options.Paused {
		start.Data = map[string]string{v1.StateChangeRequestDataPaused: "true"}
	}
	switch {
	case strategy == v1.RunStrategyHalted && !options.Paused:
		return machineChange{spec: flip(vm, v1.RunStrategyHalted, v1.RunStrategyAlways)}, nil
	case strategy == v1.RunStrategyRerunOnFailure && vmi != nil && vmi.Status.Phase == v1.VMIPhaseFailed:
		return machineChange{}, conflict(vm, "its guest has failed, and run strategy RerunOnFailure starts it again without being asked")
	case strategy == v1.RunStrategyHalted, strategy == v1.RunStrategyManual, strategy == v1.RunStrategyRerunOnFailure:
		return queue(vm, vmi, start)
	}
	return machineChange{}, conflict(vm, fmt.Sprintf("run strategy %s does not start machines on request", strategy))
}

// queue asks for a start once the present instance, if there is one, is gone. A start
// that only waits for the delay after a failure is not kept waiting.
func queue(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance, start v1.VirtualMachineStateChangeRequest) (machineChange, error) {
	delayed := vmi == nil && vm.Status.StartFailure != nil && len(vm.Status.StateChangeRequests) == 1 &&
		vm.Status.StateChangeRequests[0].Action == v1.StateChangeRequestActionStart
	if len(vm.Status.StateChangeRequests) > 0 && !delayed {
		return machineChange{}, apierrors.NewInternalError(
			fmt.Errorf("virtual machine %s still has a request to start or stop to carry out; try again in a moment", vm.Name))
	}
	if vmi == nil {
		return machineChange{requests: []v1.VirtualMachineStateChangeRequest{start}}, nil
	}
	return machineChange{requests: []v1.VirtualMachineStateChangeRequest{stopOf(vmi), start}}, nil
}

func stopOf(vmi *v1.VirtualMachineInstance) v1.VirtualMachineStateChangeRequest {
	return v1.VirtualMachineStateChangeRequest{Action: v1.StateChangeRequestActionStop, UID: &vmi.UID}
}
