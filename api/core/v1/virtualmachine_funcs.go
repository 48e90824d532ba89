package v1

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
)

// ErrRunningAndRunStrategy is returned for a machine that sets both spec.running and spec.runStrategy.
var ErrRunningAndRunStrategy = errors.New("spec.running and spec.runStrategy are mutually exclusive")

// RunStrategy returns the strategy that spec.runStrategy or the older spec.running asks for: running true
// means Always, false means Halted, and neither means Halted too. It fails with ErrRunningAndRunStrategy when
// both are set and with another error when the strategy is unknown.
func (vm *VirtualMachine) RunStrategy() (VirtualMachineRunStrategy, error) {
	switch running, strategy := vm.Spec.Running, vm.Spec.RunStrategy; {
	case running != nil && strategy != nil:
		return RunStrategyUnset, ErrRunningAndRunStrategy
	case running != nil && *running:
		return RunStrategyAlways, nil
	case strategy == nil:
		return RunStrategyHalted, nil
	default:
		return *strategy, checkRunStrategy(*strategy)
	}
}

func checkRunStrategy(s VirtualMachineRunStrategy) error {
	switch s {
	case RunStrategyAlways, RunStrategyHalted, RunStrategyManual, RunStrategyRerunOnFailure,
		RunStrategyOnce, RunStrategyWaitAsReceiver:
		return nil
	}
	return fmt.Errorf("unknown run strategy %q", s)
}

// StartRevisionName is the name of the ControllerRevision with the spec that a machine's instance was made from,
// which was of the given generation.
func StartRevisionName(machine types.UID, generation string) string {
	return "revision-start-vm-" + string(machine) + "-" + generation
}

// Condition returns the machine's condition of a type, or nil.
func (vm *VirtualMachine) Condition(t ConditionType) *Condition {
	return FindCondition(vm.Status.Conditions, t)
}

// IsConditionTrue reports whether the machine has the condition with status True.
func (vm *VirtualMachine) IsConditionTrue(t ConditionType) bool {
	return IsConditionTrue(vm.Status.Conditions, t)
}
