package validate

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// startStrategy checks in which state the guest begins.
func startStrategy(path *field.Path, spec *v1.VirtualMachineInstanceSpec) field.ErrorList {
	strategy := path.Child("startStrategy")
	switch {
	case spec.StartStrategy == nil:
		return nil
	case *spec.StartStrategy != v1.StartStrategyPaused:
		return field.ErrorList{field.NotSupported(strategy, *spec.StartStrategy, []v1.StartStrategy{v1.StartStrategyPaused})}
	case spec.LivenessProbe != nil:
		return field.ErrorList{field.Forbidden(strategy, "startStrategy Paused and livenessProbe exclude each other: "+
			"the probe would find the paused guest dead and end it")}
	}
	return nil
}
