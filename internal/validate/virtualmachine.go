package validate

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

var runStrategies = []v1.VirtualMachineRunStrategy{
	v1.RunStrategyAlways, v1.RunStrategyHalted, v1.RunStrategyManual, v1.RunStrategyRerunOnFailure, v1.RunStrategyOnce,
	v1.RunStrategyWaitAsReceiver,
}

func runStrategy(path *field.Path, spec *v1.VirtualMachineSpec, cfg *clusterconfig.Config) field.ErrorList {
	strategy := path.Child("runStrategy")
	switch {
	case spec.Running != nil && spec.RunStrategy != nil:
		return field.ErrorList{field.Forbidden(path.Child("running"), "running and runStrategy exclude each other; use runStrategy")}
	case spec.Running != nil:
		return nil
	case spec.RunStrategy == nil:
		return field.ErrorList{field.Required(strategy, "say when the machine runs: Always, RerunOnFailure, Manual, Once or Halted")}
	case *spec.RunStrategy == v1.RunStrategyWaitAsReceiver && !cfg.Enabled(clusterconfig.GateDecentralizedLiveMigration):
		return field.ErrorList{field.Forbidden(strategy, "WaitAsReceiver needs the feature gate DecentralizedLiveMigration")}
	case !slices.Contains(runStrategies, *spec.RunStrategy):
		return field.ErrorList{field.NotSupported(strategy, *spec.RunStrategy, runStrategies)}
	}
	return nil
}
