// Package workload is virt-controller's part of the KubeVirt object: it marks and
// counts the guests whose launcher is older than the installation, and brings them
// to the current one in the way that the object asks for.
package workload

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/internal/patch"
	"kubevirt.io/kubevirt/internal/steps"
)

// Reconciler reconciles the KubeVirt object with the launchers of all guests. The
// fields are its dependencies, all required.
type Reconciler struct {
	// Client reads from the cache and writes.
	client.Client
	// Live reads past the cache.
	Live client.Reader
	// Events takes events about instances.
	Events event.Recorder
	// Clock tells the time.
	Clock clock.PassiveClock
	// LauncherImage is the image of the launchers that this process makes.
	LauncherImage string

	writes patch.Writes
	// last is when the last batch was evicted; zero until it is found out.
	last time.Time
	// evicted are the outdated instances whose eviction was granted, which the cache may not show yet; refused are
	// those whose eviction was refused, and when.
	evicted map[types.UID]bool
	refused map[types.UID]time.Time
}

// Reconcile does what the outdated guests need next. All of its memory may be lost
// at any time.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	kv := &v1.KubeVirt{}
	if err := r.Get(ctx, req.NamespacedName, kv); err != nil {
		if apierrors.IsNotFound(err) {
			r.writes.Forget(req.NamespacedName)
			outdatedGauge.Set(0)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	// A phase has only the object that is installed.
	if kv.Status.Phase == "" || !kv.DeletionTimestamp.IsZero() || r.writes.Behind(req.NamespacedName, kv) {
		return ctrl.Result{}, nil
	}
	s, err := r.read(ctx, kv)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("KubeVirt %s: %w", req, err)
	}
	result, err := steps.Run(ctx, s, r.mark, r.count, r.evict)
	if apierrors.IsConflict(err) {
		return steps.Soon, nil
	}
	return result, err
}
