package validate

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// ReplicaSet checks a replica set. The template is checked as the instances that
// are made from it; asInstance fills in an instance's defaults.
func ReplicaSet(
	set *v1.VirtualMachineInstanceReplicaSet, cfg *clusterconfig.Config, asInstance func(*v1.VirtualMachineInstance),
) field.ErrorList {
	spec := field.NewPath("spec")
	errs := Unsupported("VirtualMachineInstanceReplicaSet", set)
	template := spec.Child("template")
	if set.Spec.Template == nil {
		return errs // the schema says so
	}
	labelsOf := template.Child("metadata", "labels")
	errs = append(errs, selector(spec.Child("selector"), set.Spec.Selector, labelsOf, set.Spec.Template.Metadata.Labels)...)
	return append(errs, instanceTemplate(template, set.Spec.Template, cfg, asInstance)...)
}

// selector checks that a set finds what it makes, and does not take all there is.
func selector(path *field.Path, s *metav1.LabelSelector, labelsPath *field.Path, template map[string]string) field.ErrorList {
	if s == nil || len(s.MatchLabels)+len(s.MatchExpressions) == 0 {
		return field.ErrorList{field.Required(path,
			"say by which labels the set knows its instances; they must be among those of the template")}
	}
	if errs := metav1validation.ValidateLabelSelector(s, metav1validation.LabelSelectorValidationOptions{}, path); len(errs) > 0 {
		return errs
	}
	matcher, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return field.ErrorList{field.Invalid(path, s, err.Error())}
	}
	if !matcher.Matches(labels.Set(template)) {
		return field.ErrorList{field.Invalid(labelsPath, template, "must be matched by "+path.String())}
	}
	return nil
}
