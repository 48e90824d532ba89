package kubevirt

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/api/ledger"
	"kubevirt.io/kubevirt/internal/certificate"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/validate"
)

// Validate returns every rule that an object breaks.
func Validate(kv *v1.KubeVirt) field.ErrorList {
	spec := field.NewPath("spec")
	errs := append(unsupported(kv), profile(kv)...)
	errs = append(errs, certificates(spec.Child("certificateRotateStrategy", "selfSigned"), kv.Spec.CertificateRotateStrategy)...)
	errs = append(errs, product(spec, &kv.Spec)...)
	errs = append(errs, workloadUpdates(spec.Child("workloadUpdateStrategy"), &kv.Spec.WorkloadUpdateStrategy)...)
	if infra := kv.Spec.Infra; infra != nil && infra.Replicas != nil && *infra.Replicas == 0 {
		errs = append(errs, field.Invalid(spec.Child("infra", "replicas"), 0, "must be at least 1"))
	}
	return append(errs, configuration(spec.Child("configuration"), &kv.Spec.Configuration)...)
}

// Warnings are what an administrator should know about an object that is accepted.
func Warnings(kv *v1.KubeVirt) []string {
	warnings := append(evictionWarning(&kv.Spec.WorkloadUpdateStrategy), withoutEffect(&kv.Spec.Configuration)...)
	warnings = append(warnings, unusableCiphers(kv.Spec.Configuration.TLSConfiguration)...)
	developer := kv.Spec.Configuration.DeveloperConfiguration
	if developer == nil {
		return warnings
	}
	for _, name := range slices.Concat(developer.FeatureGates, developer.DisabledFeatureGates) {
		switch state, known := clusterconfig.StateOf(clusterconfig.Gate(name)); {
		case !known:
			warnings = append(warnings, fmt.Sprintf("feature gate %s is not known", name))
		case state != clusterconfig.Alpha && state != clusterconfig.Beta:
			warnings = append(warnings, fmt.Sprintf("feature gate %s changes nothing: its state is %s", name, state))
		}
	}
	return warnings
}

// unsupported names the fields that this version does not act upon.
func unsupported(kv *v1.KubeVirt) field.ErrorList {
	text, err := json.Marshal(kv)
	if err != nil {
		return field.ErrorList{field.InternalError(nil, err)}
	}
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		return field.ErrorList{field.InternalError(nil, err)}
	}
	prune(tree, "")
	return validate.Unsupported(v1.KindKubeVirt, tree)
}

// prune takes out objects without fields: here, unlike in a guest's specification, none
// means anything unless the ledger has it as a leaf. Go writes some where nobody has set
// them.
func prune(object map[string]any, path string) {
	for key, value := range object {
		inner, ok := value.(map[string]any)
		at := strings.TrimPrefix(path+"."+key, ".")
		if !ok || leaves()[at] {
			continue
		}
		if prune(inner, at); len(inner) == 0 {
			delete(object, key)
		}
	}
}

// leaves are the paths that the ledger lists.
var leaves = sync.OnceValue(func() map[string]bool {
	paths := map[string]bool{}
	rows, err := ledger.Load(v1.KindKubeVirt)
	if err != nil {
		return paths // which is reported where the rows are asked for
	}
	for _, row := range rows {
		paths[row.Path] = true
	}
	return paths
})

func certificates(path *field.Path, strategy v1.KubeVirtCertificateRotateStrategy) field.ErrorList {
	s := strategy.SelfSigned
	if s == nil {
		return nil
	}
	deprecated := s.CARotateInterval != nil || s.CertRotateInterval != nil || s.CAOverlapInterval != nil
	if deprecated && (s.CA != nil || s.Server != nil) {
		return field.ErrorList{field.Forbidden(path, "caRotateInterval, certRotateInterval and caOverlapInterval cannot stand beside ca and server")}
	}
	policy := certificate.Configured(strategy)
	var errs field.ErrorList
	if policy.CADuration < policy.CARenewBefore {
		errs = append(errs, field.Invalid(path.Child("ca"), policy.CADuration.String(), "duration must not be shorter than renewBefore"))
	}
	if policy.Duration < policy.RenewBefore {
		errs = append(errs, field.Invalid(path.Child("server"), policy.Duration.String(), "duration must not be shorter than renewBefore"))
	}
	if policy.Duration > policy.CADuration {
		errs = append(errs, field.Invalid(path.Child("server", "duration"), policy.Duration.String(), "must not be longer than ca.duration"))
	}
	if policy.Duration <= 0 || policy.CADuration <= 0 || policy.RenewBefore <= 0 || policy.CARenewBefore <= 0 {
		errs = append(errs, field.Invalid(path, "", "durations must be positive"))
	}
	return errs
}

// product: these become labels of every object.
func product(path *field.Path, spec *v1.KubeVirtSpec) field.ErrorList {
	var errs field.ErrorList
	for name, value := range map[string]string{
		"productName": spec.ProductName, "productVersion": spec.ProductVersion, "productComponent": spec.ProductComponent,
	} {
		for _, problem := range validation.IsValidLabelValue(value) {
			errs = append(errs, field.Invalid(path.Child(name), value, problem))
		}
	}
	return errs
}

func configuration(path *field.Path, c *v1.KubeVirtConfiguration) field.ErrorList {
	var errs field.ErrorList
	if ratio := c.AdditionalGuestMemoryOverheadRatio; ratio != nil {
		if value, err := strconv.ParseFloat(*ratio, 64); err != nil || !(value >= 1) {
			errs = append(errs, field.Invalid(path.Child("additionalGuestMemoryOverheadRatio"), *ratio, "must be a number of at least 1.0"))
		}
	}
	if developer := c.DeveloperConfiguration; developer != nil {
		for i, gate := range developer.DisabledFeatureGates {
			if slices.Contains(developer.FeatureGates, gate) {
				errs = append(errs, field.Invalid(path.Child("developerConfiguration", "disabledFeatureGates").Index(i), gate,
					"the feature gate is also in featureGates"))
			}
		}
	}
	manual := c.RoleAggregationStrategy != nil && *c.RoleAggregationStrategy == v1.RoleAggregationStrategyManual
	if manual && !clusterconfig.New(&v1.KubeVirt{Spec: v1.KubeVirtSpec{Configuration: *c}}).Enabled(clusterconfig.GateOptOutRoleAggregation) {
		errs = append(errs, field.Forbidden(path.Child("roleAggregationStrategy"), "Manual needs the feature gate OptOutRoleAggregation"))
	}
	errs = append(errs, guests(path, c)...)
	errs = append(errs, bindingPlugins(path.Child("network", "binding"), c.Network)...)
	return append(append(errs, seccomp(path, c)...), tls(path.Child("tlsConfiguration"), c.TLSConfiguration)...)
}

func seccomp(path *field.Path, c *v1.KubeVirtConfiguration) field.ErrorList {
	if c.SeccompConfiguration == nil || c.SeccompConfiguration.VirtualMachineInstanceProfile == nil {
		return nil
	}
	path = path.Child("seccompConfiguration", "virtualMachineInstanceProfile", "customProfile")
	custom := c.SeccompConfiguration.VirtualMachineInstanceProfile.CustomProfile
	if custom == nil || (custom.LocalhostProfile != nil) == custom.RuntimeDefaultProfile {
		return field.ErrorList{field.Forbidden(path, "exactly one of localhostProfile and runtimeDefaultProfile must be set")}
	}
	return nil
}
