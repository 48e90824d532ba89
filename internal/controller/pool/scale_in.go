package pool

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/internal/replicas"
)

// scaleIn removes the machines that are too many, as the strategy says.
func (r *Reconciler) scaleIn(ctx context.Context, s *scope) (ctrl.Result, error) {
	surplus := len(s.machines) - s.want()
	if s.still() || surplus <= 0 {
		return ctrl.Result{}, nil
	}
	strategy := s.pool.Spec.ScaleInStrategy
	if strategy == nil {
		strategy = &poolv1beta1.VirtualMachinePoolScaleInStrategy{}
	}
	var candidates []*machine
	switch {
	case strategy.Unmanaged != nil:
		return ctrl.Result{}, nil
	case strategy.Opportunistic != nil:
		candidates = idle(s.machines)
	default:
		var policy *poolv1beta1.VirtualMachinePoolSelectionPolicy
		if strategy.Proactive != nil {
			policy = strategy.Proactive.SelectionPolicy
		}
		var err error
		if candidates, err = r.ordered(ctx, s, s.machines, policy); err != nil {
			r.fail(s, v1.ReasonFailedScaleIn, err)
			return ctrl.Result{}, err
		}
	}
	candidates = candidates[:min(len(candidates), surplus)]
	if len(candidates) > 0 {
		log.FromContext(ctx).V(1).Info("Removing machines from the pool", "uid", s.pool.UID, "want", s.want(), "remove", len(candidates))
	}
	return ctrl.Result{}, r.remove(ctx, s, candidates, preserves(s.pool), machineDeleted)
}

// idle returns the machines that nobody would miss now, the highest numbers first.
func idle(machines []*machine) []*machine {
	var idle []*machine
	for _, m := range machines {
		if m.idle() {
			idle = append(idle, m)
		}
	}
	slices.SortFunc(idle, func(a, b *machine) int { return byIndex(b, a) })
	return idle
}

// remove deletes machines. Those whose volumes are to be kept are marked before, so
// that they do not go without that. One that has changed since it was read is left for
// another look: somebody may have taken it from the pool, or started it.
func (r *Reconciler) remove(ctx context.Context, s *scope, surplus []*machine, keep bool, tell func(name string) event.Event) error {
	surplus = surplus[:min(len(surplus), burst)]
	removed := make([]bool, len(surplus))
	_, err := replicas.SlowStart(len(surplus), func(i int) error {
		vm := surplus[i].vm
		var err error
		if keep {
			err = r.hold(ctx, s, vm)
		}
		if err == nil {
			err = r.Delete(ctx, vm, client.Preconditions{UID: &vm.UID, ResourceVersion: &vm.ResourceVersion})
		}
		if err == nil {
			r.Events.Emit(s.pool, tell(vm.Name))
		} else if !apierrors.IsNotFound(err) {
			return err
		}
		removed[i] = true
		r.expected.Deleted(s.key(), vm, s.now)
		return nil
	})
	for i, m := range surplus {
		if removed[i] {
			s.drop(m)
		}
	}
	if err != nil {
		r.fail(s, v1.ReasonFailedScaleIn, err)
		return fmt.Errorf("deleting machines: %w", err)
	}
	return nil
}
