package validate

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// features checks the Hyper-V features against what they depend on.
func features(domain *field.Path, spec *v1.DomainSpec) field.ErrorList {
	if spec.Features == nil || spec.Features.Hyperv == nil {
		return nil
	}
	var errs field.ErrorList
	path, hyperv := domain.Child("features", "hyperv"), spec.Features.Hyperv
	if through := spec.Features.HypervPassthrough; through != nil && (through.Enabled == nil || *through.Enabled) {
		errs = append(errs, field.Forbidden(path, "hyperv and hypervPassthrough exclude each other"))
	}
	for _, rule := range []struct {
		name, needs string
		used        bool
		dependency  *v1.FeatureState
	}{
		{"synic", "vpindex", hyperv.SyNIC != nil && on(hyperv.SyNIC.Enabled), hyperv.VPIndex},
		{"synictimer", "synic", hyperv.SyNICTimer != nil && on(hyperv.SyNICTimer.Enabled), hyperv.SyNIC},
		{"tlbflush", "vpindex", hyperv.TLBFlush != nil && on(hyperv.TLBFlush.Enabled), hyperv.VPIndex},
		{"ipi", "vpindex", hyperv.IPI != nil && on(hyperv.IPI.Enabled), hyperv.VPIndex},
		{"evmcs", "vapic", hyperv.EVMCS != nil && on(hyperv.EVMCS.Enabled), hyperv.VAPIC},
	} {
		if rule.used && rule.dependency != nil && !on(rule.dependency.Enabled) {
			errs = append(errs, field.Invalid(path.Child(rule.needs, "enabled"), false, "is needed by "+rule.name))
		}
	}
	if hyperv.EVMCS != nil && on(hyperv.EVMCS.Enabled) && !requires(spec.CPU, "vmx") {
		errs = append(errs, field.Invalid(domain.Child("cpu", "features"), "vmx", "hyperv.evmcs needs the CPU feature vmx with the policy require"))
	}
	if hyperv.VendorID != nil && on(hyperv.VendorID.Enabled) && hyperv.VendorID.VendorID == "" {
		errs = append(errs, field.Required(path.Child("vendorid", "vendorid"), "the feature sets a vendor, at most 12 characters"))
	}
	return errs
}

func requires(cpu *v1.CPU, name string) bool {
	return cpu != nil && slices.ContainsFunc(cpu.Features, func(f v1.CPUFeature) bool {
		return f.Name == name && (f.Policy == "" || f.Policy == "require")
	})
}

func on(enabled *bool) bool { return enabled == nil || *enabled }
