package vm

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// content is what a revision stores.
type content struct {
	Spec v1.VirtualMachineSpec `json:"spec"`
}

func revisionPrefix(vm *v1.VirtualMachine) string { return "revision-start-vm-" + string(vm.UID) + "-" }

func revisionName(vm *v1.VirtualMachine, generation string) string {
	return revisionPrefix(vm) + generation
}

// ensureRevision stores the spec from which an instance is about to be made, and
// removes what was stored for earlier instances.
func (r *Reconciler) ensureRevision(ctx context.Context, vm *v1.VirtualMachine) error {
	name := revisionName(vm, fmt.Sprint(vm.Generation))
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: vm.Namespace, Name: name}, &appsv1.ControllerRevision{})
	if !apierrors.IsNotFound(err) {
		return err
	}
	data, err := json.Marshal(content{vm.Spec})
	if err != nil {
		return fmt.Errorf("encoding the spec: %w", err)
	}
	err = r.Create(ctx, &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: vm.Namespace, Name: name,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(vm, v1.VirtualMachineGroupVersionKind)},
		},
		Data:     runtime.RawExtension{Raw: data},
		Revision: vm.Generation,
	})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("creating ControllerRevision %s: %w", name, err)
	}
	if vm.Status.ObservedGeneration == 0 {
		return nil
	}
	return r.pruneRevisions(ctx, vm, name)
}

func (r *Reconciler) pruneRevisions(ctx context.Context, vm *v1.VirtualMachine, keep string) error {
	list := &appsv1.ControllerRevisionList{}
	if err := r.Live.List(ctx, list, client.InNamespace(vm.Namespace)); err != nil {
		return fmt.Errorf("listing revisions: %w", err)
	}
	for i := range list.Items {
		old := &list.Items[i]
		if old.Name == keep || !strings.HasPrefix(old.Name, revisionPrefix(vm)) || !metav1.IsControlledBy(old, vm) {
			continue
		}
		if err := client.IgnoreNotFound(r.Delete(ctx, old)); err != nil {
			return fmt.Errorf("deleting ControllerRevision %s: %w", old.Name, err)
		}
	}
	return nil
}

// compare finds out whether the instance still runs what the template says. It
// asks for the stored revision only when the machine's generation has moved.
func (r *Reconciler) compare(ctx context.Context, s *scope) (ctrl.Result, error) {
	if s.vmi == nil {
		return ctrl.Result{}, nil
	}
	generation := s.vmi.Annotations[v1.AnnotationVMGeneration]
	if generation == fmt.Sprint(s.vm.Generation) {
		s.outdated = new(bool)
		return ctrl.Result{}, nil
	}
	if generation == "" || s.vm.Status.DesiredGeneration == s.vm.Generation {
		return ctrl.Result{}, nil
	}
	revision := &appsv1.ControllerRevision{}
	key := client.ObjectKey{Namespace: s.vm.Namespace, Name: revisionName(s.vm, generation)}
	if err := r.Live.Get(ctx, key, revision); err != nil {
		if apierrors.IsNotFound(err) {
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, fmt.Errorf("reading ControllerRevision %s: %w", key.Name, err)
	}
	var stored content
	if err := json.Unmarshal(revision.Data.Raw, &stored); err != nil {
		return ctrl.Result{}, fmt.Errorf("reading ControllerRevision %s: %w", key.Name, err)
	}
	differs := stored.Spec.Template == nil || s.vm.Spec.Template == nil ||
		!equality.Semantic.DeepEqual(stored.Spec.Template.Spec, s.vm.Spec.Template.Spec)
	s.outdated = &differs
	return ctrl.Result{}, nil
}
