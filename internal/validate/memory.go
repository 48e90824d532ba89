package validate

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var minMemory = resource.MustParse("1M")

func memory(domain *field.Path, spec *v1.DomainSpec) field.ErrorList {
	errs := requestAndLimit(domain.Child("resources"), spec.Resources, corev1.ResourceMemory)
	if request, ok := spec.Resources.Requests[corev1.ResourceMemory]; ok && request.Cmp(minMemory) < 0 {
		errs = append(errs, field.Invalid(domain.Child("resources", "requests").Key("memory"), request.String(), "must be at least 1M"))
	}
	guest := domain.Child("memory", "guest")
	if spec.Memory == nil || spec.Memory.Guest == nil {
		return append(errs, field.Required(guest, "say how much memory the guest has, here or as resources.requests.memory"))
	}
	if spec.Memory.Guest.Cmp(minMemory) < 0 {
		errs = append(errs, field.Invalid(guest, spec.Memory.Guest.String(), "must be at least 1M"))
	}
	if limit, ok := spec.Resources.Limits[corev1.ResourceMemory]; ok && spec.Memory.Guest.Cmp(limit) > 0 {
		errs = append(errs, field.Invalid(guest, spec.Memory.Guest.String(), "must not exceed resources.limits.memory "+limit.String()))
	}
	return errs
}
