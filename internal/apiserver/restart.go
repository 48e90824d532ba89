package apiserver

import (
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

// forcedGrace is the grace period in seconds of a guest that is restarted by force.
const forcedGrace int64 = 1

func (s *server) restart(w http.ResponseWriter, r *http.Request, at target) {
	var options subresourcesv1.RestartOptions
	s.verb(w, r, at, &options, func() error { return checkRestart(options) }, func(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) error {
		change, err := restartChange(vm, vmi, options)
		if err != nil {
			return err
		}
		return s.change(r.Context(), vm, vmi, change, options.DryRun)
	})
}

func checkRestart(options subresourcesv1.RestartOptions) error {
	if grace := options.GracePeriodSeconds; grace != nil && *grace != 0 {
		return apierrors.NewBadRequest(fmt.Sprintf("gracePeriodSeconds: %d is not allowed: only 0 is, which forces the restart", *grace))
	}
	return checkDryRun(options.DryRun)
}

// restartChange decides what restarting means for a machine.
func restartChange(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance, options subresourcesv1.RestartOptions) (machineChange, error) {
	strategy, err := vm.RunStrategy()
	switch {
	case err != nil:
		return machineChange{}, conflict(vm, err.Error())
	case strategy == v1.RunStrategyHalted, strategy == v1.RunStrategyOnce, strategy == v1.RunStrategyWaitAsReceiver:
		return machineChange{}, conflict(vm, fmt.Sprintf("run strategy %s does not allow a restart", strategy))
	case vmi == nil:
		return machineChange{}, conflict(vm, "it is not running; start it instead")
	case vm.IsConditionTrue(v1.ConditionVolumesChange), vmi.IsConditionTrue(v1.ConditionVolumesChange):
		return machineChange{}, conflict(vm, "its volumes are being moved; wait for the end of that")
	}
	change, err := queue(vm, vmi, v1.VirtualMachineStateChangeRequest{Action: v1.StateChangeRequestActionStart})
	if err == nil && options.GracePeriodSeconds != nil && !vmi.IsFinal() {
		grace := forcedGrace
		change.grace = &grace
	}
	return change, err
}
