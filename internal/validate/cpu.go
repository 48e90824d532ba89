package validate

import (
	"path"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// maxVCPUs is what QEMU's q35 machine takes without an IOMMU's help.
const maxVCPUs = 255

var featurePolicies = []string{"", "force", "require", "optional", "disable", "forbid"}

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
	for i, feature := range spec.CPU.Features {
		if !slices.Contains(featurePolicies, feature.Policy) {
			errs = append(errs, field.NotSupported(cpu.Child("features").Index(i).Child("policy"), feature.Policy, featurePolicies[1:]))
		}
		if feature.Name == "" {
			errs = append(errs, field.Required(cpu.Child("features").Index(i).Child("name"), "a CPU feature has a name"))
		}
	}
	vcpus := uint64(max(spec.CPU.Sockets, 1)) * uint64(max(spec.CPU.Cores, 1)) * uint64(max(spec.CPU.Threads, 1))
	if vcpus > maxVCPUs {
		errs = append(errs, field.Invalid(cpu, vcpus, "sockets * cores * threads must not exceed 255"))
	}
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
