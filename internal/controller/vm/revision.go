package vm

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/revision"
)

// content is what a revision stores.
type content struct {
	Spec v1.VirtualMachineSpec `json:"spec"`
}

func revisionPrefix(vm *v1.VirtualMachine) string { return v1.StartRevisionName(vm.UID, "") }

func revisionName(vm *v1.VirtualMachine, generation string) string {
	return v1.StartRevisionName(vm.UID, generation)
}

// ensureRevision stores the spec from which an instance is about to be made, and
// removes what was stored for earlier instances.
func (r *Reconciler) ensureRevision(ctx context.Context, vm *v1.VirtualMachine) error {
	name := revisionName(vm, fmt.Sprint(vm.Generation))
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: vm.Namespace, Name: name}, &appsv1.ControllerRevision{})
	if !apierrors.IsNotFound(err) {
		return err
	}
	data, err := revision.Encode(content{vm.Spec})
	if err != nil {
		return err
	}
	err = r.Create(ctx, &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: vm.Namespace, Name: name,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(vm, v1.VirtualMachineGroupVersionKind)},
		},
		Data:     data,
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
		s.outdated = []string{}
		return ctrl.Result{}, nil
	}
	if generation == "" {
		s.outdated = []string{"spec.template"} // adopted
		return ctrl.Result{}, nil
	}
	if s.vm.Status.DesiredGeneration == s.vm.Generation && !s.placed {
		return ctrl.Result{}, nil
	}
	from := &appsv1.ControllerRevision{}
	key := client.ObjectKey{Namespace: s.vm.Namespace, Name: revisionName(s.vm, generation)}
	if err := r.Live.Get(ctx, key, from); err != nil {
		if apierrors.IsNotFound(err) {
			s.outdated = []string{"spec.template"} // nobody can say in what
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, fmt.Errorf("reading ControllerRevision %s: %w", key.Name, err)
	}
	var stored content
	if err := json.Unmarshal(from.Data.Raw, &stored); err != nil {
		return ctrl.Result{}, fmt.Errorf("reading ControllerRevision %s: %w", key.Name, err)
	}
	if stored.Spec.Template == nil || s.vm.Spec.Template == nil {
		s.outdated = []string{"spec.template"}
		return ctrl.Result{}, nil
	}
	// Where the instance may run can have been changed since it was made.
	placementOf(&s.vmi.Spec).into(&stored.Spec.Template.Spec)
	var err error
	s.outdated, err = changedFields("spec.template.spec", stored.Spec.Template.Spec, s.vm.Spec.Template.Spec)
	return ctrl.Result{}, err
}

// changedFields names the fields in which two objects differ, lists as a whole; it
// is never nil without an error.
func changedFields(path string, before, after any) ([]string, error) {
	changed := []string{}
	if equality.Semantic.DeepEqual(before, after) {
		return changed, nil
	}
	var trees [2]any
	for i, object := range []any{before, after} {
		data, err := json.Marshal(object)
		if err != nil {
			return nil, fmt.Errorf("comparing %s: %w", path, err)
		}
		if err := json.Unmarshal(data, &trees[i]); err != nil {
			return nil, fmt.Errorf("comparing %s: %w", path, err)
		}
	}
	walkChanged(path, trees[0], trees[1], &changed)
	return changed, nil
}

func walkChanged(path string, before, after any, changed *[]string) {
	old, wasObject := before.(map[string]any)
	now, isObject := after.(map[string]any)
	if !wasObject || !isObject {
		if !equality.Semantic.DeepEqual(before, after) {
			*changed = append(*changed, path)
		}
		return
	}
	keys := maps.Clone(old)
	maps.Copy(keys, now)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		walkChanged(path+"."+key, old[key], now[key], changed)
	}
}
