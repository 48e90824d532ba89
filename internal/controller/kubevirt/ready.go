package kubevirt

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubevirt.io/kubevirt/internal/component"
)

// The functions of this file look at the live objects of a scope and return what
// is still awaited, as a sentence, or nothing.

// established: every kind is served.
func established(s *scope) string {
	for _, object := range s.live {
		crd, ok := object.(*apiextensionsv1.CustomResourceDefinition)
		if !ok {
			continue
		}
		served := false
		for _, condition := range crd.Status.Conditions {
			if condition.Type == apiextensionsv1.Established {
				served = condition.Status == apiextensionsv1.ConditionTrue
			}
			if condition.Type == apiextensionsv1.NamesAccepted && condition.Status == apiextensionsv1.ConditionFalse {
				return fmt.Sprintf("the names of CRD %s are not accepted: %s", crd.Name, condition.Message)
			}
		}
		if !served {
			return fmt.Sprintf("waiting for CRD %s to be served", crd.Name)
		}
	}
	return ""
}

// aggregated: the API server reaches virt-api.
func aggregated(s *scope) string {
	for _, object := range s.live {
		service, ok := object.(*apiregistrationv1.APIService)
		if !ok {
			continue
		}
		available := false
		for _, condition := range service.Status.Conditions {
			if condition.Type == apiregistrationv1.Available {
				available = condition.Status == apiregistrationv1.ConditionTrue
			}
		}
		if !available {
			return fmt.Sprintf("waiting for the API server to reach %s", service.Name)
		}
	}
	return ""
}

func apiReady(s *scope) string        { return deploymentReady(s, component.API) }
func controllerReady(s *scope) string { return deploymentReady(s, component.Controller) }

// deploymentReady: no pod of a former version is left, and at least one serves. A
// second replica that finds no node must not keep an installation from being used.
func deploymentReady(s *scope, name string) string {
	for _, object := range s.live {
		d, ok := object.(*appsv1.Deployment)
		if !ok || d.Name != name {
			continue
		}
		status := d.Status
		if status.ObservedGeneration >= d.Generation && status.UpdatedReplicas == status.Replicas &&
			status.Replicas >= *d.Spec.Replicas && status.ReadyReplicas > 0 {
			return ""
		}
		return fmt.Sprintf("waiting for %s: %d of %d pods updated, %d ready", name, status.UpdatedReplicas, *d.Spec.Replicas, status.ReadyReplicas)
	}
	return "waiting for " + name
}

// deploymentServes: at least one pod answers, of whatever version.
func deploymentServes(s *scope, name string) bool {
	for _, object := range s.live {
		if d, ok := object.(*appsv1.Deployment); ok && d.Name == name {
			return d.Status.ReadyReplicas > 0
		}
	}
	return false
}

// handlerReady: virt-handler serves on every node, but for as many as an update
// may have away at a time.
func handlerReady(s *scope) string {
	for _, object := range s.live {
		d, ok := object.(*appsv1.DaemonSet)
		if !ok {
			continue
		}
		status := d.Status
		wanted := int(status.DesiredNumberScheduled)
		away := 0
		if update := d.Spec.UpdateStrategy.RollingUpdate; update != nil && update.MaxUnavailable != nil {
			if n, err := intstr.GetScaledValueFromIntOrPercent(update.MaxUnavailable, wanted, false); err == nil {
				away = n
			}
		}
		if status.ObservedGeneration >= d.Generation && status.UpdatedNumberScheduled >= status.DesiredNumberScheduled &&
			int(status.NumberReady) >= wanted-away {
			return ""
		}
		return fmt.Sprintf("waiting for %s: %d of %d pods updated, %d ready", d.Name, status.UpdatedNumberScheduled, wanted, status.NumberReady)
	}
	return "waiting for " + component.Handler
}

// nodes is on how many nodes guests may run, as far as virt-handler's DaemonSet
// tells; 0 while it does not.
func (r *Reconciler) nodes(ctx context.Context, s *scope) int32 {
	d := &appsv1.DaemonSet{}
	key := client.ObjectKey{Namespace: s.kv.Namespace, Name: component.Handler}
	if err := r.Client.Get(ctx, key, d); err != nil || d.Status.ObservedGeneration == 0 {
		return 0
	}
	return d.Status.DesiredNumberScheduled
}
