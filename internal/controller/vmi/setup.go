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
	"kubevirt.io/kubevirt/internal/datavolume"
	"kubevirt.io/kubevirt/internal/logging"
)

// Indexes of the cache: of pods by UID of the instance and by claim, of instances by node and by claim.
const (
	IndexPodVMI   = "metadata.labels.created-by"
	IndexPodClaim = "spec.volumes.persistentVolumeClaim"
	IndexVMINode  = "status.nodeName"
	IndexVMIClaim = "spec.volumes.claimName"
)

// PodVMI returns the value of IndexPodVMI for a pod.
func PodVMI(obj client.Object) []string {
	if uid := obj.GetLabels()[v1.LabelCreatedBy]; uid != "" {
		return []string{uid}
	}
	return nil
}

// podClaims returns the values of IndexPodClaim for a pod.
func podClaims(obj client.Object) []string {
	pod, ok := obj.(*corev1.Pod)
	if !ok {
		return nil
	}
	var names []string
	for i := range pod.Spec.Volumes {
		if claim := pod.Spec.Volumes[i].PersistentVolumeClaim; claim != nil {
			names = append(names, claim.ClaimName)
		}
	}
	return names
}

// Setup adds the indexes and the controller to a manager.
func (r *Reconciler) Setup(ctx context.Context, mgr ctrl.Manager, options controller.Options) error {
	indexer := mgr.GetFieldIndexer()
	if err := indexer.IndexField(ctx, &corev1.Pod{}, IndexPodVMI, PodVMI); err != nil {
		return fmt.Errorf("indexing pods by instance: %w", err)
	}
	if err := indexer.IndexField(ctx, &corev1.Pod{}, IndexPodClaim, podClaims); err != nil {
		return fmt.Errorf("indexing pods by claim: %w", err)
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
	if err := indexer.IndexField(ctx, &v1.VirtualMachineInstance{}, IndexVMIClaim, claimNames); err != nil {
		return fmt.Errorf("indexing instances by claim: %w", err)
	}
	options.LogConstructor = logging.ForKind(mgr.GetLogger(), v1.KindVirtualMachineInstance)
	err := ctrl.NewControllerManagedBy(mgr).
		For(&v1.VirtualMachineInstance{}).
		Owns(&corev1.Pod{}).
		Watches(&corev1.Node{}, handler.EnqueueRequestsFromMapFunc(r.onNode), builder.WithPredicates(schedulableChanged())).
		Watches(&corev1.PersistentVolumeClaim{}, handler.EnqueueRequestsFromMapFunc(r.onClaim), builder.WithPredicates(comesOrGoes())).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(r.onPodEnd), builder.WithPredicates(podEnds())).
		WatchesRawSource(datavolume.Source(mgr.GetCache(), handler.EnqueueRequestsFromMapFunc(r.onClaim))).
		WithOptions(options).
		Complete(r)
	if err != nil {
		return fmt.Errorf("adding the VirtualMachineInstance controller: %w", err)
	}
	return nil
}

// claimNames returns the values of IndexVMIClaim for an instance.
func claimNames(obj client.Object) []string {
	vmi, ok := obj.(*v1.VirtualMachineInstance)
	if !ok {
		return nil
	}
	var names []string
	for i := range vmi.Spec.Volumes {
		if name := vmi.Spec.Volumes[i].ClaimName(); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// comesOrGoes passes an object when it is new, and when it is gone: a claim on its
// way out is waited for.
func comesOrGoes() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc:  func(event.UpdateEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}

// podEnds passes a pod when it lets go of its claims, and when it is about to.
func podEnds() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, isPod := e.ObjectOld.(*corev1.Pod)
			after, stillPod := e.ObjectNew.(*corev1.Pod)
			return isPod && stillPod &&
				(!ended(before) && ended(after) || before.DeletionTimestamp.IsZero() && !after.DeletionTimestamp.IsZero())
		},
	}
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

// onClaim returns the instances that wait for a claim, or for the data volume of its
// name.
func (r *Reconciler) onClaim(ctx context.Context, claim client.Object) []reconcile.Request {
	return r.waitersFor(ctx, claim.GetNamespace(), claim.GetName())
}

// onPodEnd returns the instances that may wait for the claims of a pod that ends.
func (r *Reconciler) onPodEnd(ctx context.Context, pod client.Object) []reconcile.Request {
	return r.waitersFor(ctx, pod.GetNamespace(), podClaims(pod)...)
}

func (r *Reconciler) waitersFor(ctx context.Context, namespace string, claims ...string) []reconcile.Request {
	var requests []reconcile.Request
	for _, claim := range claims {
		list := &v1.VirtualMachineInstanceList{}
		err := r.List(ctx, list, client.InNamespace(namespace), client.MatchingFields{IndexVMIClaim: claim})
		if err != nil {
			log.FromContext(ctx).Error(err, "Listing the instances that use a claim", "claim", claim)
			continue
		}
		for i := range list.Items {
			if watchesClaims(&list.Items[i]) {
				requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
			}
		}
	}
	return requests
}
