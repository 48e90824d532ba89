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
	if request, ok := spec.Resources.Requests[corev1.ResourceMemory]; ok && request.Sign() > 0 && request.Cmp(minMemory) < 0 {
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
	return append(errs, hugepages(domain.Child("memory", "hugepages", "pageSize"), spec.Memory)...)
}

// hugepages wants the guest's memory in whole pages.
func hugepages(path *field.Path, memory *v1.Memory) field.ErrorList {
	if memory.Hugepages == nil {
		return nil
	}
	size, err := resource.ParseQuantity(memory.Hugepages.PageSize)
	if err != nil || size.Sign() <= 0 {
		return field.ErrorList{field.Invalid(path, memory.Hugepages.PageSize, "must be the size of a page, such as 2Mi or 1Gi")}
	}
	if memory.Guest.Value()%size.Value() != 0 {
		return field.ErrorList{field.Invalid(path, memory.Hugepages.PageSize, "the guest's memory "+memory.Guest.String()+" must be a multiple of it")}
	}
	return nil
}
