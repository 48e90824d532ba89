// Package pool keeps as many like machines as each VirtualMachinePool asks for,
// numbered, and brings changes of the template to them.
package pool

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/internal/patch"
	"kubevirt.io/kubevirt/internal/replicas"
	"kubevirt.io/kubevirt/internal/steps"
)

// Reconciler reconciles VirtualMachinePools. The fields are its dependencies, all
// required.
type Reconciler struct {
	// Client reads from the cache, which has the index of Setup, and writes.
	client.Client
	// Live reads past the cache.
	Live client.Reader
	// Events takes events about pools.
	Events event.Recorder
	// Clock tells the time.
	Clock clock.PassiveClock
	// Shuffle puts n things in a random order by swapping them, as rand.Shuffle does.
	Shuffle func(n int, swap func(i, j int))

	writes   patch.Writes
	expected replicas.Expectations[*v1.VirtualMachine]
}

// Reconcile does what one pool needs next and reports what it found, in at most one
// patch of the status. The machines of a pool that is being deleted are the garbage
// collector's: it removes them or lets them go, as the deletion says. Only those
// that had been removed before are seen to their end.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	pool := &poolv1beta1.VirtualMachinePool{}
	err := r.Get(ctx, req.NamespacedName, pool)
	switch {
	case apierrors.IsNotFound(err):
		err = r.finishFor(ctx, req.NamespacedName)
		r.writes.Forget(req.NamespacedName)
		r.expected.Forget(req.NamespacedName)
	case err == nil && !pool.DeletionTimestamp.IsZero():
		err = r.finishFor(ctx, req.NamespacedName)
	case err == nil && !r.writes.Behind(req.NamespacedName, pool):
		return r.bringAlong(ctx, req, pool)
	}
	if apierrors.IsConflict(err) {
		return steps.Soon, nil
	}
	return ctrl.Result{}, err
}

func (r *Reconciler) bringAlong(ctx context.Context, req ctrl.Request, pool *poolv1beta1.VirtualMachinePool) (ctrl.Result, error) {
	s, err := r.read(ctx, pool)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("VirtualMachinePool %s: %w", req, err)
	}
	if r.behind(s) {
		// The watch brings it back; the second look is for what the cache may never show.
		return ctrl.Result{RequeueAfter: replicas.Patience + time.Second}, nil
	}
	wasPaused := paused(pool)
	result, err := steps.Run(ctx, s, r.claim, r.letGo, r.revise, r.heal, r.scaleIn, r.unhold, r.scaleOut, r.update, r.restart, r.prune)
	setStatus(s)
	writeErr := s.patch.Finish(ctx, pool)
	r.writes.Note(req.NamespacedName, pool)
	if writeErr == nil && paused(pool) != wasPaused {
		r.Events.Emit(pool, pauseChanged(!wasPaused))
	}
	if err = errors.Join(err, client.IgnoreNotFound(writeErr)); apierrors.IsConflict(err) {
		// Somebody changed the pool or a machine meanwhile, which brings the pool back by itself; but the cache
		// may have shown that change already.
		return steps.Soon, nil
	}
	return result, err
}

// behind reports whether the cache does not show yet what was done for the pool
// before: whoever counts then makes too many or removes too many.
func (r *Reconciler) behind(s *scope) bool {
	if !r.expected.Met(s.key(), s.candidates, s.now) {
		return true
	}
	for _, vm := range s.candidates {
		if r.writes.Behind(s.key(), vm) {
			return true
		}
		if vmi := s.instances[vm.Name]; vmi != nil && r.writes.Behind(s.key(), vmi) {
			return true
		}
	}
	return false
}

// claim finds out which machines are the pool's, and makes them so.
func (r *Reconciler) claim(ctx context.Context, s *scope) (ctrl.Result, error) {
	var err error
	if s.selector, err = selectorOf(&s.pool.Spec); err != nil {
		r.fail(s, v1.ReasonFailedScaleOut, err)
		return ctrl.Result{}, reconcile.TerminalError(err)
	}
	var candidates []*v1.VirtualMachine
	for _, vm := range s.candidates {
		// What is on its way out is not let go before its volumes are dealt with.
		if vm.DeletionTimestamp.IsZero() {
			candidates = append(candidates, vm)
		}
	}
	claimed, err := replicas.Claim(ctx, &replicas.Claimer{
		Client: r.Client, Live: r.Live, Writes: &r.writes,
		Owner: s.pool, Kind: poolv1beta1.VirtualMachinePoolGroupVersionKind, Selector: s.selector, Finalizer: v1.FinalizerPool,
	}, candidates)
	for _, vm := range claimed {
		index, _ := indexOf(s.pool.Name, vm.Name)
		s.machines = append(s.machines, &machine{index: index, vm: vm, vmi: s.instances[vm.Name]})
	}
	s.claimed = err == nil
	return ctrl.Result{}, err
}
