package validate

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
)

var (
	tolerationOperators = []corev1.TolerationOperator{
		"", corev1.TolerationOpExists, corev1.TolerationOpEqual, corev1.TolerationOpGt, corev1.TolerationOpLt,
	}
	taintEffects  = []corev1.TaintEffect{"", corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute}
	unsatisfiable = []corev1.UnsatisfiableConstraintAction{corev1.DoNotSchedule, corev1.ScheduleAnyway}
	nodePolicies  = []corev1.NodeInclusionPolicy{corev1.NodeInclusionPolicyHonor, corev1.NodeInclusionPolicyIgnore}
)

// scheduling applies the rules of pods: what the launcher's would be refused for is
// better said here than when the guest is started.
func scheduling(path *field.Path, spec *v1.VirtualMachineInstanceSpec) field.ErrorList {
	errs := metav1validation.ValidateLabels(spec.NodeSelector, path.Child("nodeSelector"))
	for i := range spec.Tolerations {
		errs = append(errs, toleration(path.Child("tolerations").Index(i), &spec.Tolerations[i])...)
	}
	for i := range spec.TopologySpreadConstraints {
		errs = append(errs, spreadConstraint(path.Child("topologySpreadConstraints").Index(i), &spec.TopologySpreadConstraints[i])...)
	}
	return append(errs, affinity(path.Child("affinity"), spec.Affinity)...)
}

func toleration(path *field.Path, t *corev1.Toleration) field.ErrorList {
	errs := append(oneOf(path.Child("operator"), t.Operator, tolerationOperators), oneOf(path.Child("effect"), t.Effect, taintEffects)...)
	if t.Key != "" {
		errs = append(errs, metav1validation.ValidateLabelName(t.Key, path.Child("key"))...)
	} else if t.Operator != corev1.TolerationOpExists {
		errs = append(errs, field.Invalid(path.Child("operator"), t.Operator, "must be Exists where there is no key, which tolerates everything"))
	}
	if t.Operator == corev1.TolerationOpExists && t.Value != "" {
		errs = append(errs, field.Invalid(path.Child("value"), t.Value, "must be empty with the operator Exists"))
	}
	if t.TolerationSeconds != nil && t.Effect != corev1.TaintEffectNoExecute {
		errs = append(errs, field.Invalid(path.Child("effect"), t.Effect, "must be NoExecute with tolerationSeconds"))
	}
	return errs
}

func spreadConstraint(path *field.Path, c *corev1.TopologySpreadConstraint) field.ErrorList {
	errs := append(topologyKey(path, c.TopologyKey), oneOf(path.Child("whenUnsatisfiable"), c.WhenUnsatisfiable, unsatisfiable)...)
	if c.MaxSkew <= 0 {
		errs = append(errs, field.Invalid(path.Child("maxSkew"), c.MaxSkew, "must be at least 1"))
	}
	if c.MinDomains != nil && (*c.MinDomains <= 0 || c.WhenUnsatisfiable != corev1.DoNotSchedule) {
		errs = append(errs, field.Invalid(path.Child("minDomains"), *c.MinDomains, "must be at least 1, with whenUnsatisfiable DoNotSchedule"))
	}
	if c.NodeAffinityPolicy != nil {
		errs = append(errs, oneOf(path.Child("nodeAffinityPolicy"), *c.NodeAffinityPolicy, nodePolicies)...)
	}
	if c.NodeTaintsPolicy != nil {
		errs = append(errs, oneOf(path.Child("nodeTaintsPolicy"), *c.NodeTaintsPolicy, nodePolicies)...)
	}
	return append(errs, labelSelector(path.Child("labelSelector"), c.LabelSelector)...)
}

func affinity(path *field.Path, a *corev1.Affinity) field.ErrorList {
	if a == nil {
		return nil
	}
	errs := nodeAffinity(path.Child("nodeAffinity"), a.NodeAffinity)
	if p := a.PodAffinity; p != nil {
		errs = append(errs, podAffinity(path.Child("podAffinity"),
			p.RequiredDuringSchedulingIgnoredDuringExecution, p.PreferredDuringSchedulingIgnoredDuringExecution)...)
	}
	if p := a.PodAntiAffinity; p != nil {
		errs = append(errs, podAffinity(path.Child("podAntiAffinity"),
			p.RequiredDuringSchedulingIgnoredDuringExecution, p.PreferredDuringSchedulingIgnoredDuringExecution)...)
	}
	return errs
}

const (
	required  = "requiredDuringSchedulingIgnoredDuringExecution"
	preferred = "preferredDuringSchedulingIgnoredDuringExecution"
)

func nodeAffinity(path *field.Path, a *corev1.NodeAffinity) field.ErrorList {
	if a == nil {
		return nil
	}
	var errs field.ErrorList
	if selector := a.RequiredDuringSchedulingIgnoredDuringExecution; selector != nil {
		terms := path.Child(required, "nodeSelectorTerms")
		if len(selector.NodeSelectorTerms) == 0 {
			errs = append(errs, field.Required(terms, "at least one term says which nodes"))
		}
		for i := range selector.NodeSelectorTerms {
			errs = append(errs, nodeTerm(terms.Index(i), &selector.NodeSelectorTerms[i])...)
		}
	}
	for i, term := range a.PreferredDuringSchedulingIgnoredDuringExecution {
		at := path.Child(preferred).Index(i)
		errs = append(errs, weight(at, term.Weight)...)
		errs = append(errs, nodeTerm(at.Child("preference"), &term.Preference)...)
	}
	return errs
}

func nodeTerm(path *field.Path, term *corev1.NodeSelectorTerm) field.ErrorList {
	var errs field.ErrorList
	for i := range term.MatchExpressions {
		errs = append(errs, nodeRequirement(path.Child("matchExpressions").Index(i), &term.MatchExpressions[i])...)
	}
	for i, match := range term.MatchFields {
		at := path.Child("matchFields").Index(i)
		errs = append(errs, oneOf(at.Child("key"), match.Key, []string{metav1.ObjectNameField})...)
		errs = append(errs, oneOf(at.Child("operator"), match.Operator,
			[]corev1.NodeSelectorOperator{corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn})...)
		if len(match.Values) != 1 {
			errs = append(errs, field.Required(at.Child("values"), "exactly one name of a node"))
		}
	}
	return errs
}

func podAffinity(path *field.Path, must []corev1.PodAffinityTerm, should []corev1.WeightedPodAffinityTerm) field.ErrorList {
	var errs field.ErrorList
	for i := range must {
		errs = append(errs, podTerm(path.Child(required).Index(i), &must[i])...)
	}
	for i := range should {
		at := path.Child(preferred).Index(i)
		errs = append(errs, weight(at, should[i].Weight)...)
		errs = append(errs, podTerm(at.Child("podAffinityTerm"), &should[i].PodAffinityTerm)...)
	}
	return errs
}

func podTerm(path *field.Path, term *corev1.PodAffinityTerm) field.ErrorList {
	errs := append(topologyKey(path, term.TopologyKey), labelSelector(path.Child("labelSelector"), term.LabelSelector)...)
	return append(errs, labelSelector(path.Child("namespaceSelector"), term.NamespaceSelector)...)
}

func weight(path *field.Path, weight int32) field.ErrorList {
	if weight < 1 || weight > 100 {
		return field.ErrorList{field.Invalid(path.Child("weight"), weight, "must be from 1 to 100")}
	}
	return nil
}

func topologyKey(path *field.Path, key string) field.ErrorList {
	if key == "" {
		return field.ErrorList{field.Required(path.Child("topologyKey"), "the label of nodes that tells places apart, such as kubernetes.io/hostname")}
	}
	return metav1validation.ValidateLabelName(key, path.Child("topologyKey"))
}

func labelSelector(path *field.Path, selector *metav1.LabelSelector) field.ErrorList {
	return metav1validation.ValidateLabelSelector(selector, metav1validation.LabelSelectorValidationOptions{}, path)
}

// nodeRequirement checks one condition that a node's labels are to meet.
func nodeRequirement(path *field.Path, requirement *corev1.NodeSelectorRequirement) field.ErrorList {
	operator, known := poolv1beta1.NodeOperators[requirement.Operator]
	if !known {
		operators := slices.Sorted(maps.Keys(poolv1beta1.NodeOperators))
		return field.ErrorList{field.NotSupported(path.Child("operator"), requirement.Operator, operators)}
	}
	if _, err := labels.NewRequirement(requirement.Key, operator, requirement.Values); err != nil {
		return field.ErrorList{field.Invalid(path, requirement.Key, err.Error())}
	}
	return nil
}
