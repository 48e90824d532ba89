package vm

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/datavolume"
	"kubevirt.io/kubevirt/internal/logging"
)

// indexClaims is the cache's index of machines by the claims that they need.
const indexClaims = "spec.claims"

// Setup adds the index and the controller to a manager. An instance has its
// machine's name, so that instances of other owners bring the machine back too when
// they make room.
func (r *Reconciler) Setup(ctx context.Context, mgr ctrl.Manager, options controller.Options) error {
	byClaim := func(obj client.Object) []string {
		if vm, ok := obj.(*v1.VirtualMachine); ok {
			return claimNames(vm)
		}
		return nil
	}
	if err := mgr.GetFieldIndexer().IndexField(ctx, &v1.VirtualMachine{}, indexClaims, byClaim); err != nil {
		return fmt.Errorf("indexing machines by claim: %w", err)
	}
	options.LogConstructor = logging.ForKind(mgr.GetLogger(), v1.KindVirtualMachine)
	onClaim := handler.EnqueueRequestsFromMapFunc(r.onClaim)
	err := ctrl.NewControllerManagedBy(mgr).
		For(&v1.VirtualMachine{}).
		Watches(&v1.VirtualMachineInstance{}, &handler.EnqueueRequestForObject{}).
		Watches(&corev1.PersistentVolumeClaim{}, onClaim).
		WatchesRawSource(datavolume.Source(mgr.GetCache(), onClaim)).
		Watches(&apiextensionsv1.CustomResourceDefinition{}, handler.EnqueueRequestsFromMapFunc(r.onDefinition)).
		WithOptions(options).
		Complete(r)
	if err != nil {
		return fmt.Errorf("adding the VirtualMachine controller: %w", err)
	}
	return nil
}

// onClaim returns the machines that need a claim or data volume.
func (r *Reconciler) onClaim(ctx context.Context, obj client.Object) []reconcile.Request {
	list := &v1.VirtualMachineList{}
	err := r.List(ctx, list, client.InNamespace(obj.GetNamespace()), client.MatchingFields{indexClaims: obj.GetName()})
	if err != nil {
		log.FromContext(ctx).Error(err, "Listing the machines of a claim", "claim", obj.GetName())
		return nil
	}
	requests := make([]reconcile.Request, 0, len(list.Items))
	for i := range list.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
	}
	return requests
}

// onDefinition returns the machines that wait for the cluster to have data volumes.
func (r *Reconciler) onDefinition(ctx context.Context, _ client.Object) []reconcile.Request {
	list := &v1.VirtualMachineList{}
	if err := r.List(ctx, list); err != nil {
		log.FromContext(ctx).Error(err, "Listing the machines with data volumes")
		return nil
	}
	var requests []reconcile.Request
	for i := range list.Items {
		if vm := &list.Items[i]; len(vm.Spec.DataVolumeTemplates) > 0 && vm.Condition(v1.ConditionFailure) != nil {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(vm)})
		}
	}
	return requests
}
