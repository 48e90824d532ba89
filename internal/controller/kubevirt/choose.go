package kubevirt

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/patch"
)

// choose finds the KubeVirt object that counts: the oldest in the operator's
// namespace. Any other is only told so, and may be deleted at will.
func (r *Reconciler) choose(ctx context.Context, s *scope) error {
	all := &v1.KubeVirtList{}
	if err := r.Client.List(ctx, all); err != nil {
		return fmt.Errorf("listing KubeVirt objects: %w", err)
	}
	primary := oldest(all.Items, r.Environment.Namespace)
	if primary != nil && primary.UID == s.kv.UID {
		return nil
	}
	s.primary = primary
	if primary == nil {
		s.invalid = "the operator installs into its own namespace only: " + r.Environment.Namespace
	}
	controllerutil.RemoveFinalizer(s.kv, v1.FinalizerKubeVirt)
	return errDone
}

func oldest(all []v1.KubeVirt, namespace string) *v1.KubeVirt {
	var found *v1.KubeVirt
	for i := range all {
		kv := &all[i]
		if kv.Namespace != namespace {
			continue
		}
		older := found == nil || kv.CreationTimestamp.Before(&found.CreationTimestamp) ||
			kv.CreationTimestamp.Equal(&found.CreationTimestamp) && kv.UID < found.UID
		if older {
			found = kv
		}
	}
	return found
}

// announce makes sure that the object cannot vanish before what it installs, and
// says that work has begun, before anything is created.
func (r *Reconciler) announce(p *patch.Patch) step {
	return func(ctx context.Context, s *scope) error {
		if !s.kv.DeletionTimestamp.IsZero() || !controllerutil.AddFinalizer(s.kv, v1.FinalizerKubeVirt) {
			return nil
		}
		s.waiting = "beginning"
		r.report(s, nil)
		return r.finish(ctx, p, s)
	}
}

// check refuses what admission would have refused. What runs goes on as it is, and
// so do its certificates: rules may come with an update.
func (r *Reconciler) check(ctx context.Context, s *scope) error {
	errs := r.Validate(s.kv)
	if len(errs) == 0 {
		return nil
	}
	s.invalid = errs.ToAggregate().Error()
	if s.kv.Status.ObservedDeploymentID != "" {
		if err := r.renew(ctx, s); err != nil {
			return err
		}
	}
	return errDone
}
