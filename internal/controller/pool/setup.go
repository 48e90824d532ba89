package pool

import (
	"context"
	"fmt"
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
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
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	"kubevirt.io/kubevirt/internal/logging"
)

// IndexPool is the index of the cached machines by the name of the pool that they
// are named after, whoever they belong to.
const IndexPool = "pool"

func indexPool(vm client.Object) []string {
	if pool := poolNamed(vm.GetName()); pool != "" {
		return []string{pool}
	}
	return nil
}

// Setup adds the index and the controller to a manager.
func (r *Reconciler) Setup(ctx context.Context, mgr ctrl.Manager, options controller.Options) error {
	if err := mgr.GetFieldIndexer().IndexField(ctx, &v1.VirtualMachine{}, IndexPool, indexPool); err != nil {
		return fmt.Errorf("indexing machines by pool: %w", err)
	}
	options.LogConstructor = logging.ForKind(mgr.GetLogger(), poolv1beta1.KindVirtualMachinePool)
	err := ctrl.NewControllerManagedBy(mgr).
		For(&poolv1beta1.VirtualMachinePool{}).
		Watches(&v1.VirtualMachine{}, handler.EnqueueRequestsFromMapFunc(r.poolsOf), builder.WithPredicates(r.changes())).
		WithOptions(options).
		Complete(r)
	if err != nil {
		return fmt.Errorf("adding the VirtualMachinePool controller: %w", err)
	}
	return nil
}

// changes passes what a pool has to know of its machines. Most changes of a
// machine's status are none of it.
func (r *Reconciler) changes() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok := e.ObjectOld.(*v1.VirtualMachine)
			after, ok2 := e.ObjectNew.(*v1.VirtualMachine)
			return ok && ok2 && matters(before, after)
		},
		DeleteFunc: func(e event.DeleteEvent) bool {
			if pool := poolOf(e.Object); pool != nil {
				r.expected.Gone(*pool, e.Object)
			}
			return true
		},
	}
}

func matters(before, after *v1.VirtualMachine) bool {
	was, is := &before.Status, &after.Status
	return before.Generation != after.Generation ||
		before.DeletionTimestamp.IsZero() != after.DeletionTimestamp.IsZero() ||
		len(before.Finalizers) != len(after.Finalizers) ||
		controllerOf(before) != controllerOf(after) ||
		!maps.Equal(before.Labels, after.Labels) ||
		was.Ready != is.Ready || was.Created != is.Created || was.PrintableStatus != is.PrintableStatus ||
		was.DesiredGeneration != is.DesiredGeneration ||
		len(was.StateChangeRequests) != len(is.StateChangeRequests) ||
		failedStarts(was) != failedStarts(is)
}

func controllerOf(vm *v1.VirtualMachine) types.UID {
	if controller := metav1.GetControllerOfNoCopy(vm); controller != nil {
		return controller.UID
	}
	return ""
}

func failedStarts(status *v1.VirtualMachineStatus) int {
	if status.StartFailure == nil {
		return 0
	}
	return status.StartFailure.ConsecutiveFailCount
}

// poolOf returns the pool that controls a machine, nil without one.
func poolOf(vm client.Object) *types.NamespacedName {
	controller := metav1.GetControllerOfNoCopy(vm)
	if controller == nil || controller.Kind != poolv1beta1.KindVirtualMachinePool {
		return nil
	}
	return &types.NamespacedName{Namespace: vm.GetNamespace(), Name: controller.Name}
}

// poolsOf returns the pool whose machine's name a machine has: whether it is the
// pool's or not, that may adopt it, must pass it over, or waits for it to make room.
// A pool that is gone has still to see to its machines' end.
func (r *Reconciler) poolsOf(ctx context.Context, vm client.Object) []reconcile.Request {
	name := poolNamed(vm.GetName())
	if name == "" {
		return nil
	}
	key := client.ObjectKey{Namespace: vm.GetNamespace(), Name: name}
	if pool := poolOf(vm); heldBack(vm) || pool != nil && *pool == key {
		return []reconcile.Request{{NamespacedName: key}}
	}
	if err := r.Get(ctx, key, &poolv1beta1.VirtualMachinePool{}); client.IgnoreNotFound(err) != nil {
		log.FromContext(ctx).Error(err, "Looking for the pool that a machine is named after", "name", vm.GetName())
		return nil
	} else if err != nil {
		return nil
	}
	return []reconcile.Request{{NamespacedName: key}}
}
