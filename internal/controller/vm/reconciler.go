// Package vm keeps the instance that each VirtualMachine's run strategy asks for.
package vm

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/internal/patch"
	"kubevirt.io/kubevirt/internal/steps"
)

// Reconciler reconciles VirtualMachines. The fields are its dependencies, all
// required.
type Reconciler struct {
	// Client reads from the cache, which has the index of Setup, and writes.
	client.Client
	// Live reads past the cache.
	Live client.Reader
	// Events takes events about machines.
	Events event.Recorder
	// Config returns the configuration in effect.
	Config func() *clusterconfig.Config
	// Clock tells the time.
	Clock clock.PassiveClock
	// Random returns a number in [0, 1).
	Random func() float64

	writes patch.Writes
}

// Reconcile does what one machine needs next and reports what it found, in at
// most one patch of the status.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	vm := &v1.VirtualMachine{}
	if err := r.Get(ctx, req.NamespacedName, vm); err != nil {
		if apierrors.IsNotFound(err) {
			r.writes.Forget(req.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if r.writes.Behind(req.NamespacedName, vm) {
		return ctrl.Result{}, nil
	}
	s, err := r.read(ctx, vm)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("VirtualMachine %s: %w", req, err)
	}
	known := vm.Condition(v1.ConditionFailure).DeepCopy()
	result, err := steps.Run(ctx, s, r.holdOn, r.adopt, r.provide, r.act, r.place, r.compare, r.provided)
	if s.stale {
		return steps.Soon, err
	}
	if wait := holdBack(s); wait > 0 && err == nil {
		result.RequeueAfter = wait
	} else {
		setStatus(s, r.Random())
	}
	if s.failure != nil && (known == nil || known.Message != s.failure.message) {
		for _, e := range s.failure.events {
			r.Events.Emit(s.vm, e)
		}
	}
	writeErr := s.patch.Finish(ctx, s.vm)
	r.writes.Note(req.NamespacedName, s.vm)
	if apierrors.IsConflict(writeErr) {
		writeErr = nil
		result = steps.Soon
	}
	if err = errors.Join(err, client.IgnoreNotFound(writeErr)); err != nil {
		return ctrl.Result{}, err
	}
	return result, nil
}
