package validate

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// startStrategy checks in which state the guest begins.
func startStrategy(path *field.Path, spec *v1.VirtualMachineInstanceSpec) field.ErrorList {
	strategy := path.Child("startStrategy")
	if spec.StartStrategy != nil && *spec.StartStrategy == v1.StartStrategyPaused && spec.LivenessProbe != nil {
		return field.ErrorList{field.Forbidden(strategy, "startStrategy Paused and livenessProbe exclude each other: "+
			"the probe would find the paused guest dead and end it")}
	}
	return nil
}

// rebootPolicy needs its gate for anything but what guests do anyway.
func rebootPolicy(domain *field.Path, spec *v1.DomainSpec, cfg *clusterconfig.Config) field.ErrorList {
	if spec.RebootPolicy == nil || cfg.Enabled(clusterconfig.GateRebootPolicy) {
		return nil
	}
	return field.ErrorList{field.Forbidden(domain.Child("rebootPolicy"), "needs the feature gate RebootPolicy")}
}
