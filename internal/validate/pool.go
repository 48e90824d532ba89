package validate

import (
	"fmt"
	"strings"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// maxPoolName leaves room for a dash and the longest number of a machine.
const maxPoolName = validation.DNS1123SubdomainMaxLength - len("-2147483647")

// Pool checks a pool. The template is checked as the machines that are made from
// it; asInstance fills in an instance's defaults.
func Pool(pool *poolv1beta1.VirtualMachinePool, cfg *clusterconfig.Config, asInstance func(*v1.VirtualMachineInstance)) field.ErrorList {
	path, spec := field.NewPath("spec"), &pool.Spec
	errs := Unsupported("VirtualMachinePool", pool)
	if n := len(pool.Name); n > maxPoolName {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), pool.Name,
			fmt.Sprintf("must have no more than %d characters: the machines are named after the pool, with a number", maxPoolName)))
	}
	errs = append(errs, unavailability(path.Child("maxUnavailable"), spec.MaxUnavailable)...)
	errs = append(errs, scaleInStrategy(path.Child("scaleInStrategy"), spec.ScaleInStrategy)...)
	errs = append(errs, updateStrategy(path.Child("updateStrategy"), spec.UpdateStrategy)...)
	errs = append(errs, autohealing(path.Child("autohealing"), spec.Autohealing)...)
	template := path.Child("virtualMachineTemplate")
	if spec.VirtualMachineTemplate == nil {
		return errs // the schema says so
	}
	metadata := spec.VirtualMachineTemplate.Metadata
	labelsOf := template.Child("metadata", "labels")
	errs = append(errs, metav1validation.ValidateLabels(metadata.Labels, labelsOf)...)
	errs = append(errs, apivalidation.ValidateAnnotations(metadata.Annotations, template.Child("metadata", "annotations"))...)
	errs = append(errs, selector(path.Child("selector"), spec.Selector, labelsOf, metadata.Labels)...)
	machine := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Namespace: pool.Namespace}, Spec: spec.VirtualMachineTemplate.Spec}
	return append(errs, within(template, VirtualMachine(machine, cfg, asInstance))...)
}

// PoolUpdate checks what may not change about a pool.
func PoolUpdate(old, pool *poolv1beta1.VirtualMachinePool) field.ErrorList {
	if apiequality.Semantic.DeepEqual(old.Spec.Selector, pool.Spec.Selector) {
		return nil
	}
	return field.ErrorList{field.Forbidden(field.NewPath("spec", "selector"), "cannot be changed: the pool would lose its machines; make another pool")}
}

// within places the errors of an object inside another.
func within(path *field.Path, errs field.ErrorList) field.ErrorList {
	for _, err := range errs {
		// Some messages begin with the path.
		if rest, ok := strings.CutPrefix(err.Detail, err.Field+" "); ok {
			err.Detail = path.Child(err.Field).String() + " " + rest
		}
		err.Field = path.Child(err.Field).String()
	}
	return errs
}

func unavailability(path *field.Path, limit *intstr.IntOrString) field.ErrorList {
	switch {
	case limit == nil:
		return nil
	case limit.Type == intstr.Int && limit.IntVal <= 0:
		return field.ErrorList{field.Invalid(path, limit.IntVal, "must be 1 or more, or no update would ever be made")}
	case limit.Type == intstr.Int:
		return nil
	}
	percent, err := intstr.GetScaledValueFromIntOrPercent(limit, 100, false)
	if err != nil || percent < 1 || percent > 100 {
		return field.ErrorList{field.Invalid(path, limit.StrVal, "must be a number of machines or a percentage from 1% to 100%")}
	}
	return nil
}

func scaleInStrategy(path *field.Path, strategy *poolv1beta1.VirtualMachinePoolScaleInStrategy) field.ErrorList {
	if strategy == nil {
		return nil
	}
	errs := oneStrategy(path, strategy.Unmanaged != nil, strategy.Opportunistic != nil, strategy.Proactive != nil)
	if s := strategy.Opportunistic; s != nil {
		errs = append(errs, statePreservation(path.Child("opportunistic", "statePreservation"), s.StatePreservation)...)
	}
	if s := strategy.Proactive; s != nil {
		errs = append(errs, statePreservation(path.Child("proactive", "statePreservation"), s.StatePreservation)...)
		errs = append(errs, selectionPolicy(path.Child("proactive", "selectionPolicy"), s.SelectionPolicy)...)
	}
	return errs
}

func updateStrategy(path *field.Path, strategy *poolv1beta1.VirtualMachinePoolUpdateStrategy) field.ErrorList {
	if strategy == nil {
		return nil
	}
	errs := oneStrategy(path, strategy.Unmanaged != nil, strategy.Opportunistic != nil, strategy.Proactive != nil)
	if s := strategy.Proactive; s != nil {
		errs = append(errs, selectionPolicy(path.Child("proactive", "selectionPolicy"), s.SelectionPolicy)...)
	}
	return errs
}

func oneStrategy(path *field.Path, set ...bool) field.ErrorList {
	n := 0
	for _, s := range set {
		if s {
			n++
		}
	}
	if n > 1 {
		return field.ErrorList{field.Forbidden(path, "unmanaged, opportunistic and proactive exclude each other")}
	}
	return nil
}

func statePreservation(path *field.Path, preservation *poolv1beta1.StatePreservation) field.ErrorList {
	if preservation != nil && *preservation == poolv1beta1.StatePreservationOnline {
		return field.ErrorList{field.Forbidden(path, "Online is not supported: this version cannot keep a guest's memory; use Offline to keep its volumes")}
	}
	return nil
}

func selectionPolicy(path *field.Path, policy *poolv1beta1.VirtualMachinePoolSelectionPolicy) field.ErrorList {
	if policy == nil || policy.Selectors == nil {
		return nil
	}
	path = path.Child("selectors")
	errs := metav1validation.ValidateLabelSelector(policy.Selectors.LabelSelector,
		metav1validation.LabelSelectorValidationOptions{}, path.Child("labelSelector"))
	if policy.Selectors.NodeSelectorRequirementMatcher == nil {
		return errs
	}
	for i, requirement := range *policy.Selectors.NodeSelectorRequirementMatcher {
		errs = append(errs, nodeRequirement(path.Child("nodeSelectorRequirementMatcher").Index(i), &requirement)...)
	}
	return errs
}

func autohealing(path *field.Path, healing *poolv1beta1.VirtualMachinePoolAutohealingStrategy) field.ErrorList {
	if healing != nil && healing.MinFailingToStartDuration != nil && healing.MinFailingToStartDuration.Duration < 0 {
		return field.ErrorList{field.Invalid(path.Child("minFailingToStartDuration"), healing.MinFailingToStartDuration.Duration.String(), "must not be negative")}
	}
	return nil
}
