package kubevirt

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
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
		if crd.DeletionTimestamp != nil {
			return fmt.Sprintf("waiting for CRD %s to be gone, to make it again", crd.Name)
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

// deploymentsReady: no pod of a former version is left, and at least one serves. A
// second replica that finds no node must not keep an installation from being used.
func deploymentsReady(objects []component.Object) func(*scope) string {
	return func(s *scope) string {
		for _, object := range objects {
			if _, ok := object.(*appsv1.Deployment); !ok {
				continue
			}
			d, ok := s.live[identify(object)].(*appsv1.Deployment)
			if !ok {
				return "waiting for " + object.GetName()
			}
			if !rolledOut(d) {
				return fmt.Sprintf("waiting for %s: %d of %d pods updated, %d ready",
					d.Name, d.Status.UpdatedReplicas, *d.Spec.Replicas, d.Status.ReadyReplicas)
			}
		}
		return ""
	}
}

func rolledOut(d *appsv1.Deployment) bool {
	status := d.Status
	return status.ObservedGeneration >= d.Generation && status.UpdatedReplicas == status.Replicas &&
		status.Replicas >= *d.Spec.Replicas && status.ReadyReplicas > 0
}

// handlerReady: virt-handler serves on every node that can be reached, but for as
// many as an update may have away at a time. An update that has brought it to every
// node where it worked before does not wait for the others.
func handlerReady(s *scope) string {
	if s.wave != nil {
		if s.updating() && !s.rolling {
			return ""
		}
		return s.wave.waiting
	}
	for _, object := range s.live {
		set, ok := object.(*appsv1.DaemonSet)
		if !ok {
			continue
		}
		if everywhere(set) {
			return ""
		}
		return fmt.Sprintf("waiting for %s: %d of %d pods updated, %d ready", set.Name,
			set.Status.UpdatedNumberScheduled, set.Status.DesiredNumberScheduled, set.Status.NumberReady)
	}
	return "waiting for " + component.Handler
}

// everywhere: a DaemonSet's own numbers leave nothing to be asked for.
func everywhere(set *appsv1.DaemonSet) bool {
	status := set.Status
	return status.ObservedGeneration >= set.Generation && status.UpdatedNumberScheduled >= status.DesiredNumberScheduled &&
		int(status.NumberReady) >= int(status.DesiredNumberScheduled)-mayBeAway(set, false)
}

// nodes is on how many nodes guests may run, as far as virt-handler's DaemonSet
// told last; 0 if it never did.
func (r *Reconciler) nodes(ctx context.Context, s *scope) int32 {
	d := &appsv1.DaemonSet{}
	key := client.ObjectKey{Namespace: s.kv.Namespace, Name: component.Handler}
	if err := r.Client.Get(ctx, key, d); err == nil && d.Status.ObservedGeneration != 0 {
		r.lastNodes = d.Status.DesiredNumberScheduled
	}
	return r.lastNodes
}
