package kubevirt

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// workloadUpdates checks how guests get to a new launcher.
func workloadUpdates(path *field.Path, strategy *v1.KubeVirtWorkloadUpdateStrategy) field.ErrorList {
	var errs field.ErrorList
	for i, method := range strategy.WorkloadUpdateMethods {
		if method == v1.WorkloadUpdateMethodLiveMigrate {
			errs = append(errs, field.Forbidden(path.Child("workloadUpdateMethods").Index(i), "this version cannot migrate guests yet: "+
				"name Evict to have them shut down and started again, or no method to leave them alone"))
		}
	}
	if interval := strategy.BatchEvictionInterval; interval != nil && interval.Duration <= 0 {
		errs = append(errs, field.Invalid(path.Child("batchEvictionInterval"), interval.Duration.String(), "must be more than 0s"))
	}
	return errs
}

// evictionWarning tells what becomes of guests that nobody starts again.
func evictionWarning(strategy *v1.KubeVirtWorkloadUpdateStrategy) []string {
	if !slices.Contains(strategy.WorkloadUpdateMethods, v1.WorkloadUpdateMethodEvict) {
		return nil
	}
	return []string{"spec.workloadUpdateStrategy: Evict shuts guests down after an update; " +
		"only those of machines with runStrategy Always and of replica sets start again by themselves"}
}
