// Package steps is the frame of a reconcile: steps that are taken one after the
// other, each of which may ask to be called again.
package steps

import (
	"context"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
)

// Soon is when to try again after a conflict: somebody has changed the object, and
// the cache may have shown that change already.
var Soon = ctrl.Result{RequeueAfter: 50 * time.Millisecond}

// Run takes the steps in order, up to the first error, and returns the earliest
// time at which one of them wants to be called again.
func Run[S any](ctx context.Context, scope S, steps ...func(context.Context, S) (ctrl.Result, error)) (ctrl.Result, error) {
	var all ctrl.Result
	for _, step := range steps {
		result, err := step(ctx, scope)
		if err != nil {
			return ctrl.Result{}, err
		}
		if result.RequeueAfter > 0 && (all.RequeueAfter == 0 || result.RequeueAfter < all.RequeueAfter) {
			all.RequeueAfter = result.RequeueAfter
		}
	}
	return all, nil
}
