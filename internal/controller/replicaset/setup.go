package replicaset

import (
	"context"
	"fmt"
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
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
	"kubevirt.io/kubevirt/internal/logging"
)

// IndexController is the index of the cached instances by the UID of their
// controller, or nobody.
const IndexController = "metadata.ownerReferences.controller"

// nobody is the index's value for instances without a controller.
const nobody = "nobody"

// controllerOf returns the value of IndexController for an instance.
func controllerOf(obj client.Object) []string {
	if controller := metav1.GetControllerOfNoCopy(obj); controller != nil {
		return []string{string(controller.UID)}
	}
	return []string{nobody}
}

// Setup adds the index and the controller to a manager.
func (r *Reconciler) Setup(ctx context.Context, mgr ctrl.Manager, options controller.Options) error {
	if err := mgr.GetFieldIndexer().IndexField(ctx, &v1.VirtualMachineInstance{}, IndexController, controllerOf); err != nil {
		return fmt.Errorf("indexing instances by controller: %w", err)
	}
	options.LogConstructor = logging.ForKind(mgr.GetLogger(), v1.KindVirtualMachineInstanceReplicaSet)
	err := ctrl.NewControllerManagedBy(mgr).
		For(&v1.VirtualMachineInstanceReplicaSet{}).
		Watches(&v1.VirtualMachineInstance{}, handler.EnqueueRequestsFromMapFunc(r.setsOf), builder.WithPredicates(r.changes())).
		WithOptions(options).
		Complete(r)
	if err != nil {
		return fmt.Errorf("adding the VirtualMachineInstanceReplicaSet controller: %w", err)
	}
	return nil
}

// changes passes what a replica set has to know of its instances. Most changes of
// an instance are none of it.
func (r *Reconciler) changes() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok := e.ObjectOld.(*v1.VirtualMachineInstance)
			after, ok2 := e.ObjectNew.(*v1.VirtualMachineInstance)
			return ok && ok2 && matters(before, after)
		},
		DeleteFunc: func(e event.DeleteEvent) bool {
			if set := setOf(e.Object); set != nil {
				r.expected.Gone(*set, e.Object)
			}
			return true
		},
	}
}

func matters(before, after *v1.VirtualMachineInstance) bool {
	return before.Status.Phase != after.Status.Phase ||
		before.IsConditionTrue(v1.ConditionReady) != after.IsConditionTrue(v1.ConditionReady) ||
		before.DeletionTimestamp.IsZero() != after.DeletionTimestamp.IsZero() ||
		controllerOf(before)[0] != controllerOf(after)[0] ||
		!maps.Equal(before.Labels, after.Labels)
}

// setOf returns the replica set that controls an instance, nil without one.
func setOf(vmi client.Object) *types.NamespacedName {
	controller := metav1.GetControllerOfNoCopy(vmi)
	if controller == nil || controller.Kind != v1.KindVirtualMachineInstanceReplicaSet {
		return nil
	}
	return &types.NamespacedName{Namespace: vmi.GetNamespace(), Name: controller.Name}
}

// setsOf returns the set of an instance; of one that nobody controls, those that
// may adopt it.
func (r *Reconciler) setsOf(ctx context.Context, vmi client.Object) []reconcile.Request {
	if set := setOf(vmi); set != nil {
		return []reconcile.Request{{NamespacedName: *set}}
	}
	if metav1.GetControllerOfNoCopy(vmi) != nil || !vmi.GetDeletionTimestamp().IsZero() {
		return nil
	}
	list := &v1.VirtualMachineInstanceReplicaSetList{}
	if err := r.List(ctx, list, client.InNamespace(vmi.GetNamespace())); err != nil {
		log.FromContext(ctx).Error(err, "Listing the replica sets that may adopt an instance", "name", vmi.GetName())
		return nil
	}
	var requests []reconcile.Request
	for i := range list.Items {
		if selector, err := selectorOf(&list.Items[i].Spec); err == nil && selector.Matches(labels.Set(vmi.GetLabels())) {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
		}
	}
	return requests
}
