package kubevirt

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

// profile checks the annotation by which an object asks for a profile, and what the
// profile leaves no room for.
func profile(kv *v1.KubeVirt) field.ErrorList {
	var errs field.ErrorList
	if value, asked := kv.Annotations[v1.AnnotationProfile]; asked && value != v1.ProfileEdge {
		path := field.NewPath("metadata", "annotations").Key(v1.AnnotationProfile)
		errs = append(errs, field.NotSupported(path, value, []string{v1.ProfileEdge}))
	}
	if infra := kv.Spec.Infra; component.Edge(kv) && infra != nil && infra.Replicas != nil && *infra.Replicas > 1 {
		errs = append(errs, field.Invalid(field.NewPath("spec", "infra", "replicas"), *infra.Replicas,
			"must be 1 or absent with the annotation "+v1.AnnotationProfile+": "+v1.ProfileEdge))
	}
	return errs
}
