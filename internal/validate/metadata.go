package validate

import (
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// reservedLabels steer our own controllers.
var reservedLabels = []string{
	v1.LabelCreatedBy, v1.LabelMigrationJobUID, v1.LabelNodeName, v1.LabelMigrationTargetNodeName, v1.LabelSchedulable,
	v1.LabelInstallStrategy,
}

// unsupportedAnnotations ask for what this version does not do.
var unsupportedAnnotations = []string{v1.AnnotationIgnition}

// networkAnnotations ask multus for what spec.networks says.
var networkAnnotations = []string{v1.AnnotationMultusNetworks, v1.AnnotationMultusDefaultNetwork}

// ReservedLabels reports reserved labels of an instance that somebody added, changed
// or removed; old is nil for a new one.
func ReservedLabels(path *field.Path, old, labels map[string]string) field.ErrorList {
	var errs field.ErrorList
	for _, label := range reservedLabels {
		before, had := old[label]
		now, has := labels[label]
		if had != has || before != now {
			errs = append(errs, field.Forbidden(path.Key(label), "is set by the system only"))
		}
	}
	return errs
}

// templateMetadata checks what our controllers put on instances in a user's stead.
func templateMetadata(path *field.Path, metadata *metav1.ObjectMeta) field.ErrorList {
	errs := metav1validation.ValidateLabels(metadata.Labels, path.Child("labels"))
	errs = append(errs, ReservedLabels(path.Child("labels"), nil, metadata.Labels)...)
	errs = append(errs, apivalidation.ValidateAnnotations(metadata.Annotations, path.Child("annotations"))...)
	return append(errs, annotations(path.Child("annotations"), metadata.Annotations)...)
}

func annotations(path *field.Path, annotations map[string]string) field.ErrorList {
	var errs field.ErrorList
	for _, annotation := range unsupportedAnnotations {
		if _, set := annotations[annotation]; set {
			errs = append(errs, notSupported(path.Key(annotation), ""))
		}
	}
	for _, annotation := range networkAnnotations {
		if _, set := annotations[annotation]; set {
			errs = append(errs, field.Forbidden(path.Key(annotation), "is set by the system only; name the network in spec.networks, with multus.networkName"))
		}
	}
	return errs
}
