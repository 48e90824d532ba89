package validate

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// ioThreads wants the size of a pool that is asked for.
func ioThreads(domain *field.Path, spec *v1.DomainSpec) field.ErrorList {
	if spec.IOThreadsPolicy == nil || *spec.IOThreadsPolicy != v1.IOThreadsPolicySupplementalPool {
		return nil
	}
	count := domain.Child("ioThreads", "supplementalPoolThreadCount")
	if spec.IOThreads == nil || spec.IOThreads.SupplementalPoolThreadCount == nil {
		return field.ErrorList{field.Required(count, "ioThreadsPolicy supplementalPool needs at least 1 thread")}
	}
	if *spec.IOThreads.SupplementalPoolThreadCount == 0 {
		return field.ErrorList{field.Invalid(count, 0, "ioThreadsPolicy supplementalPool needs at least 1 thread")}
	}
	return nil
}
