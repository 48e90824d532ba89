package validate

import (
	"fmt"
	"maps"
	"path"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// maxVCPUs is what QEMU's q35 machine takes without an IOMMU's help.
const maxVCPUs = 255

func machine(domain *field.Path, spec *v1.DomainSpec, architecture string, cfg *clusterconfig.Config) field.ErrorList {
	if spec.Machine == nil || spec.Machine.Type == "" {
		return nil
	}
	allowed := cfg.EmulatedMachines(architecture)
	for _, pattern := range allowed {
		if ok, err := path.Match(pattern, spec.Machine.Type); ok && err == nil {
			return nil
		}
	}
	return field.ErrorList{field.NotSupported(domain.Child("machine", "type"), spec.Machine.Type, allowed)}
}

func cpu(domain *field.Path, spec *v1.DomainSpec) field.ErrorList {
	errs := requestAndLimit(domain.Child("resources"), spec.Resources, corev1.ResourceCPU)
	if spec.CPU == nil {
		return errs
	}
	cpu := domain.Child("cpu")
	if most := spec.CPU.MaxSockets; most != 0 && spec.CPU.Sockets > most {
		errs = append(errs, field.Invalid(cpu.Child("sockets"), spec.CPU.Sockets, fmt.Sprintf("must not exceed maxSockets %d", most)))
	}
	vcpus := uint64(1)
	for _, factor := range []uint32{max(spec.CPU.Sockets, spec.CPU.MaxSockets), spec.CPU.Cores, spec.CPU.Threads} {
		// Cut short, so that the product fits.
		vcpus *= uint64(min(max(factor, 1), maxVCPUs+1))
	}
	if vcpus > maxVCPUs {
		errs = append(errs, field.Invalid(cpu, vcpus, "sockets (or maxSockets) * cores * threads must not exceed 255"))
	}
	return errs
}

// resourceNames refuses what would not reach the guest or its pod: devices above all.
func resourceNames(resources *field.Path, spec v1.ResourceRequirements) field.ErrorList {
	var errs field.ErrorList
	check := func(path *field.Path, list corev1.ResourceList) {
		for _, resource := range slices.Sorted(maps.Keys(list)) {
			if resource != corev1.ResourceCPU && resource != corev1.ResourceMemory {
				errs = append(errs, field.NotSupported(path, resource, []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory}))
			}
		}
	}
	check(resources.Child("requests"), spec.Requests)
	check(resources.Child("limits"), spec.Limits)
	return errs
}

// requestAndLimit applies the rule of pods to one resource.
func requestAndLimit(resources *field.Path, spec v1.ResourceRequirements, name corev1.ResourceName) field.ErrorList {
	var errs field.ErrorList
	request, requested := spec.Requests[name]
	limit, limited := spec.Limits[name]
	if requested && request.Sign() < 0 {
		errs = append(errs, field.Invalid(resources.Child("requests").Key(string(name)), request.String(), "must not be negative"))
	}
	if limited && limit.Sign() < 0 {
		errs = append(errs, field.Invalid(resources.Child("limits").Key(string(name)), limit.String(), "must not be negative"))
	}
	if requested && limited && request.Cmp(limit) > 0 {
		errs = append(errs, field.Invalid(resources.Child("requests").Key(string(name)), request.String(), "must not exceed the limit "+limit.String()))
	}
	return errs
}
