package pool

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	"kubevirt.io/kubevirt/internal/datavolume"
	"kubevirt.io/kubevirt/internal/patch"
)

// A machine that is removed while its state is preserved is held by a finalizer
// until its volumes are no longer its own. Only once it is being deleted are they
// taken from it: before, its controller would take them back; and after, the
// garbage collector would have them.

// preserves reports whether the volumes of the machines that a pool removes are kept.
func preserves(pool *poolv1beta1.VirtualMachinePool) bool {
	var preservation *poolv1beta1.StatePreservation
	switch strategy := pool.Spec.ScaleInStrategy; {
	case strategy == nil:
	case strategy.Proactive != nil:
		preservation = strategy.Proactive.StatePreservation
	case strategy.Opportunistic != nil:
		preservation = strategy.Opportunistic.StatePreservation
	}
	return preservation != nil && *preservation == poolv1beta1.StatePreservationOffline
}

func (r *Reconciler) hold(ctx context.Context, s *scope, vm *v1.VirtualMachine) error {
	p := patch.New(r.Client, vm)
	if !controllerutil.AddFinalizer(vm, v1.FinalizerPool) {
		return nil
	}
	if err := p.Finish(ctx, vm); err != nil {
		return err
	}
	r.writes.Note(s.key(), vm)
	return nil
}

// unhold takes the mark from machines that stay after all: they could not be deleted
// then, or come from an earlier pool.
func (r *Reconciler) unhold(ctx context.Context, s *scope) (ctrl.Result, error) {
	if s.still() {
		return ctrl.Result{}, nil
	}
	for _, m := range s.machines {
		if !controllerutil.ContainsFinalizer(m.vm, v1.FinalizerPool) {
			continue
		}
		if err := r.unmark(ctx, s.key(), m.vm); client.IgnoreNotFound(err) != nil {
			r.fail(s, v1.ReasonFailedScaleIn, err)
			return ctrl.Result{}, fmt.Errorf("keeping a machine: %w", err)
		}
	}
	return ctrl.Result{}, nil
}

func (r *Reconciler) unmark(ctx context.Context, pool client.ObjectKey, vm *v1.VirtualMachine) error {
	p := patch.New(r.Client, vm)
	controllerutil.RemoveFinalizer(vm, v1.FinalizerPool)
	if err := p.Finish(ctx, vm); err != nil {
		return err
	}
	r.writes.Note(pool, vm)
	return nil
}

// heldBack reports whether a machine is on its way out and held. Whose it is does not
// matter then: nobody else would let it go.
func heldBack(vm client.Object) bool {
	return !vm.GetDeletionTimestamp().IsZero() && controllerutil.ContainsFinalizer(vm, v1.FinalizerPool)
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
	return r.release(ctx, pool, slices.DeleteFunc(machines, func(vm *v1.VirtualMachine) bool { return !heldBack(vm) }))
}

func (r *Reconciler) release(ctx context.Context, pool client.ObjectKey, held []*v1.VirtualMachine) error {
	if len(held) == 0 {
		return nil
	}
	volumes, err := r.volumesByOwner(ctx, pool.Namespace)
	if err != nil {
		return err
	}
	var errs []error
	for _, vm := range held {
		err := r.keep(ctx, vm, volumes[vm.UID])
		if err == nil {
			err = r.unmark(ctx, pool, vm)
		}
		errs = append(errs, client.IgnoreNotFound(err))
	}
	return errors.Join(errs...)
}

// volumesByOwner returns the data volumes and claims of a namespace. They are looked
// for at the API server: what a cache does not show yet would be lost.
func (r *Reconciler) volumesByOwner(ctx context.Context, namespace string) (map[types.UID][]*metav1.PartialObjectMetadata, error) {
	kinds := []schema.GroupVersionKind{corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim")}
	available, err := datavolume.Available(ctx, r.Live)
	if err != nil {
		return nil, err
	}
	if available {
		kinds = append(kinds, datavolume.GVK)
	}
	of := map[types.UID][]*metav1.PartialObjectMetadata{}
	for _, kind := range kinds {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(kind)
		if err := r.Live.List(ctx, list, client.InNamespace(namespace)); err != nil {
			return nil, fmt.Errorf("listing the volumes to keep: %w", err)
		}
		for i := range list.Items {
			volume := &list.Items[i]
			volume.SetGroupVersionKind(kind)
			for _, owner := range volume.OwnerReferences {
				of[owner.UID] = append(of[owner.UID], volume)
			}
		}
	}
	return of, nil
}

// keep takes the volumes that a machine owns from it.
func (r *Reconciler) keep(ctx context.Context, vm *v1.VirtualMachine, volumes []*metav1.PartialObjectMetadata) error {
	for _, volume := range volumes {
		p := patch.New(r.Client, volume)
		volume.OwnerReferences = slices.DeleteFunc(slices.Clone(volume.OwnerReferences),
			func(o metav1.OwnerReference) bool { return o.UID == vm.UID })
		if err := p.Finish(ctx, volume); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("keeping %s %s of %s: %w", volume.Kind, volume.Name, vm.Name, err)
		}
	}
	return nil
}
