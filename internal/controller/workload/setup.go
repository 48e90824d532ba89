package workload

import (
	"context"
	"fmt"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/logging"
)

// Setup adds the metric and the controller to a manager.
func (r *Reconciler) Setup(mgr ctrl.Manager, options controller.Options) error {
	if err := register(); err != nil {
		return err
	}
	options.LogConstructor = logging.ForKind(mgr.GetLogger(), "workload update")
	options.MaxConcurrentReconciles = 1 // one object counts, and its reconciler has a memory
	err := ctrl.NewControllerManagedBy(mgr).
		Named("workload").
		For(&v1.KubeVirt{}).
		Watches(&v1.VirtualMachineInstance{}, handler.EnqueueRequestsFromMapFunc(r.installations), builder.WithPredicates(r.matters())).
		WithOptions(options).
		Complete(r)
	if err != nil {
		return fmt.Errorf("adding the controller of workload updates: %w", err)
	}
	return nil
}

// installations returns the KubeVirt objects.
func (r *Reconciler) installations(ctx context.Context, _ client.Object) []reconcile.Request {
	list := &v1.KubeVirtList{}
	if err := r.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "Listing the KubeVirt objects")
		return nil
	}
	requests := make([]reconcile.Request, 0, len(list.Items))
	for i := range list.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
	}
	return requests
}

// matters passes an instance when it becomes outdated or ceases to be, when its mark
// is wrong, and when another answer is to be expected to its eviction. While nothing
// is outdated nothing passes.
func (r *Reconciler) matters() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool { return r.lookAt(context.Background(), e.Object) != (look{}) },
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, after := r.lookAt(context.Background(), e.ObjectOld), r.lookAt(context.Background(), e.ObjectNew)
			return after.wrong || before.outdated != after.outdated || before.beyond != after.beyond
		},
		DeleteFunc: func(e event.DeleteEvent) bool { return r.lookAt(context.Background(), e.Object).outdated },
	}
}

// look is what counts of an instance.
type look struct {
	outdated, beyond, wrong bool
}

// lookAt reads from the cache at most.
func (r *Reconciler) lookAt(ctx context.Context, obj client.Object) look {
	vmi, ok := obj.(*v1.VirtualMachineInstance)
	if !ok {
		return look{}
	}
	outdated := r.isOutdated(ctx, vmi)
	return look{outdated: outdated, beyond: outdated && beyondEviction(vmi), wrong: r.wrongMark(ctx, vmi)}
}
