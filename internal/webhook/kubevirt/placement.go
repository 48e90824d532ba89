package kubevirt

import (
	"context"
	"errors"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// placements checks where components are to run.
func (w Webhooks) placements(ctx context.Context, kv *v1.KubeVirt) field.ErrorList {
	var errs field.ErrorList
	for _, part := range []struct {
		name   string
		config *v1.ComponentConfig
	}{{"infra", kv.Spec.Infra}, {"workloads", kv.Spec.Workloads}} {
		if w.Trial != nil && part.config != nil && part.config.NodePlacement != nil {
			errs = append(errs, w.try(ctx, field.NewPath("spec", part.name, "nodePlacement"), part.config.NodePlacement)...)
		}
	}
	return errs
}

// try has the API server say what is wrong with a placement: its rules are many, and
// its version's own. It is asked for a Deployment, which the operator may make and a
// trial does not leave behind. Whatever else keeps one from being made is no fault of
// the placement.
func (w Webhooks) try(ctx context.Context, at *field.Path, placement *v1.NodePlacement) field.ErrorList {
	var status apierrors.APIStatus
	err := w.Trial.Create(ctx, trial(w.Namespace, placement), client.DryRunAll)
	if !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	var errs field.ErrorList
	for _, cause := range status.Status().Details.Causes {
		if part, ok := strings.CutPrefix(cause.Field, "spec.template.spec."); ok {
			errs = append(errs, field.Invalid(at.Child(part), field.OmitValueType{}, cause.Message))
		}
	}
	return errs
}

func trial(namespace string, placement *v1.NodePlacement) *appsv1.Deployment {
	const name = "placement-trial"
	labels := map[string]string{v1.LabelComponent: name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: name + "-"},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					NodeSelector: placement.NodeSelector, Affinity: placement.Affinity, Tolerations: placement.Tolerations,
					Containers: []corev1.Container{{Name: name, Image: name}},
				},
			},
		},
	}
}
