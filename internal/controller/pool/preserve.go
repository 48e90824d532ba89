package pool

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/datavolume"
	"kubevirt.io/kubevirt/internal/patch"
)

// A machine that is removed while its state is preserved is held by a finalizer
// until its volumes are no longer its own. Only once it is being deleted are they
// taken from it: before, its controller would take them back; and after, the
// garbage collector would have them.

// heldBack returns the machines on their way out whose volumes are to be kept.
func heldBack(machines []*v1.VirtualMachine) []*v1.VirtualMachine {
	var held []*v1.VirtualMachine
	for _, vm := range machines {
		if !vm.DeletionTimestamp.IsZero() && controllerutil.ContainsFinalizer(vm, v1.FinalizerPool) {
			held = append(held, vm)
		}
	}
	return held
}

// letGo keeps the volumes of the machines that are held, and lets these go.
func (r *Reconciler) letGo(ctx context.Context, s *scope) (ctrl.Result, error) {
	if err := r.release(ctx, s.key(), s.held); err != nil {
		r.fail(s, v1.ReasonFailedScaleIn, err)
		return ctrl.Result{}, err
	}
	return ctrl.Result{}, nil
}

// finishFor does the same for a pool that is gone or going.
func (r *Reconciler) finishFor(ctx context.Context, pool client.ObjectKey) error {
	machines, err := r.machinesOf(ctx, pool)
	if err != nil {
		return err
	}
	return r.release(ctx, pool, heldBack(machines))
}

func (r *Reconciler) release(ctx context.Context, pool client.ObjectKey, held []*v1.VirtualMachine) error {
	var errs []error
	for _, vm := range held {
		err := r.keepVolumes(ctx, vm)
		if err == nil {
			p := patch.New(r.Client, vm)
			controllerutil.RemoveFinalizer(vm, v1.FinalizerPool)
			err = p.Finish(ctx, vm)
			r.writes.Note(pool, vm)
		}
		errs = append(errs, client.IgnoreNotFound(err))
	}
	return errors.Join(errs...)
}

// keepVolumes takes the data volumes and claims that a machine owns from it. They
// are looked for at the API server: what a cache does not show yet would be lost.
func (r *Reconciler) keepVolumes(ctx context.Context, vm *v1.VirtualMachine) error {
	kinds := []schema.GroupVersionKind{corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim")}
	available, err := datavolume.Available(ctx, r.Live)
	if err != nil {
		return err
	}
	if available {
		kinds = append(kinds, datavolume.GVK)
	}
	for _, kind := range kinds {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(kind)
		if err := r.Live.List(ctx, list, client.InNamespace(vm.Namespace)); err != nil {
			return fmt.Errorf("listing the volumes of %s: %w", vm.Name, err)
		}
		for i := range list.Items {
			volume := &list.Items[i]
			volume.SetGroupVersionKind(kind)
			p := patch.New(r.Client, volume)
			owners := len(volume.OwnerReferences)
			volume.OwnerReferences = slices.DeleteFunc(volume.OwnerReferences, func(o metav1.OwnerReference) bool { return o.UID == vm.UID })
			if len(volume.OwnerReferences) == owners {
				continue
			}
			if err := p.Finish(ctx, volume); client.IgnoreNotFound(err) != nil {
				return fmt.Errorf("keeping %s %s: %w", kind.Kind, volume.Name, err)
			}
		}
	}
	return nil
}
