package kubevirt

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubevirt.io/kubevirt/internal/component"
)

// profile finds out whether the cluster is on its way from one profile to the other.
// That is no update: it is the same version, and everything serves all the time. The
// new programs come before the old ones go, and the leader's Lease decides which of
// them reconcile.
func (r *Reconciler) profile(ctx context.Context, s *scope) error {
	for _, object := range s.installation.API {
		if _, isDeployment := object.(*appsv1.Deployment); !isDeployment {
			continue
		}
		cached, err := r.look(ctx, object)
		if err != nil {
			return err
		}
		newest, _ := r.applied.newest(identify(object), cached)
		if live, ok := newest.(*appsv1.Deployment); ok && component.IsControlPlane(&live.Spec.Template.Spec) {
			s.merged = live
		}
	}
	// The last that goes of the other profile.
	other, name := &corev1.ServiceAccount{}, component.ControlPlaneAccount
	if s.config.Edge {
		name = component.ControllerAccount
	}
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: s.config.Namespace, Name: name}, other)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("reading ServiceAccount %s: %w", name, err)
	}
	s.switching = err == nil
	return nil
}

// leavingEdge: virt-api's pods are virt-controller as well until they are replaced.
func (s *scope) leavingEdge() bool { return s.merged != nil && !s.config.Edge }
