// Package replicaset keeps as many equal instances as each
// VirtualMachineInstanceReplicaSet asks for.
package replicaset

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/internal/patch"
	"kubevirt.io/kubevirt/internal/replicas"
	"kubevirt.io/kubevirt/internal/steps"
)

// Reconciler reconciles VirtualMachineInstanceReplicaSets. The fields are its
// dependencies, all required.
type Reconciler struct {
	// Client reads from the cache, which has the index of Setup, and writes.
	client.Client
	// Live reads past the cache.
	Live client.Reader
	// Events takes events about replica sets.
	Events event.Recorder
	// Clock tells the time.
	Clock clock.PassiveClock

	writes   patch.Writes
	expected replicas.Expectations[*v1.VirtualMachineInstance]
}

// Reconcile does what one replica set needs next and reports what it found, in at
// most one patch of the status. The instances of a set that is being deleted are
// the garbage collector's: it removes them or lets them go, as the deletion says.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	set := &v1.VirtualMachineInstanceReplicaSet{}
	if err := r.Get(ctx, req.NamespacedName, set); err != nil {
		if apierrors.IsNotFound(err) {
			r.writes.Forget(req.NamespacedName)
			r.expected.Forget(req.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !set.DeletionTimestamp.IsZero() || r.writes.Behind(req.NamespacedName, set) {
		return ctrl.Result{}, nil
	}
	s, err := r.read(ctx, set)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("VirtualMachineInstanceReplicaSet %s: %w", req, err)
	}
	if r.behind(s) {
		// The watch brings it back; the second look is for what the cache may never show.
		return ctrl.Result{RequeueAfter: replicas.Patience + time.Second}, nil
	}
	wasPaused := paused(set)
	result, err := steps.Run(ctx, s, r.claim, r.scale)
	setStatus(s)
	writeErr := s.patch.Finish(ctx, set)
	r.writes.Note(req.NamespacedName, set)
	if writeErr == nil && paused(set) != wasPaused {
		r.Events.Emit(set, pauseChanged(!wasPaused))
	}
	if err = errors.Join(err, client.IgnoreNotFound(writeErr)); apierrors.IsConflict(err) {
		// Somebody changed the set or an instance meanwhile, which brings the set back by itself; but the cache
		// may have shown that change already.
		return steps.Soon, nil
	}
	return result, err
}

// behind reports whether the cache does not show yet what was done for the set
// before: whoever counts then makes too many or removes too many.
func (r *Reconciler) behind(s *scope) bool {
	if !r.expected.Met(s.key(), s.candidates, s.now) {
		return true
	}
	for _, vmi := range s.candidates {
		if r.writes.Behind(s.key(), vmi) {
			return true
		}
	}
	return false
}
