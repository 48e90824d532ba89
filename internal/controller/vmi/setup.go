package vmi

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
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

// Indexes of the cache, by UID of the instance and by node.
const (
	IndexPodVMI  = "metadata.labels.created-by"
	IndexVMINode = "status.nodeName"
)

// PodVMI returns the value of IndexPodVMI for a pod.
func PodVMI(obj client.Object) []string {
	if uid := obj.GetLabels()[v1.LabelCreatedBy]; uid != "" {
		return []string{uid}
	}
	return nil
}

// Setup adds the indexes and the controller to a manager.
func (r *Reconciler) Setup(ctx context.Context, mgr ctrl.Manager, options controller.Options) error {
	indexer := mgr.GetFieldIndexer()
	if err := indexer.IndexField(ctx, &corev1.Pod{}, IndexPodVMI, PodVMI); err != nil {
		return fmt.Errorf("indexing pods by instance: %w", err)
	}
	byNode := func(obj client.Object) []string {
		if vmi, ok := obj.(*v1.VirtualMachineInstance); ok && vmi.Status.NodeName != "" {
			return []string{vmi.Status.NodeName}
		}
		return nil
	}
	if err := indexer.IndexField(ctx, &v1.VirtualMachineInstance{}, IndexVMINode, byNode); err != nil {
		return fmt.Errorf("indexing instances by node: %w", err)
	}
	options.LogConstructor = logging.ForKind(mgr.GetLogger(), v1.KindVirtualMachineInstance)
	err := ctrl.NewControllerManagedBy(mgr).
		For(&v1.VirtualMachineInstance{}).
		Owns(&corev1.Pod{}).
		Watches(&corev1.Node{}, handler.EnqueueRequestsFromMapFunc(r.onNode), builder.WithPredicates(schedulableChanged())).
		WithOptions(options).
		Complete(r)
	if err != nil {
		return fmt.Errorf("adding the VirtualMachineInstance controller: %w", err)
	}
	return nil
}

// schedulableChanged passes a node when its agent fell silent or came back.
func schedulableChanged() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		DeleteFunc:  func(event.DeleteEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return e.ObjectOld.GetLabels()[v1.LabelSchedulable] != e.ObjectNew.GetLabels()[v1.LabelSchedulable]
		},
	}
}

func (r *Reconciler) onNode(ctx context.Context, node client.Object) []reconcile.Request {
	list := &v1.VirtualMachineInstanceList{}
	if err := r.List(ctx, list, client.MatchingFields{IndexVMINode: node.GetName()}); err != nil {
		log.FromContext(ctx).Error(err, "Listing the instances of a node", "node", node.GetName())
		return nil
	}
	requests := make([]reconcile.Request, 0, len(list.Items))
	for i := range list.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
	}
	return requests
}
