package vm

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/steps"
)

// holdOn puts the finalizer on a machine that stays, before anything is made for it.
func (r *Reconciler) holdOn(ctx context.Context, s *scope) (ctrl.Result, error) {
	if s.deletion != staying || !controllerutil.AddFinalizer(s.vm, v1.FinalizerVM) {
		return ctrl.Result{}, nil
	}
	return ctrl.Result{}, s.patch.Finish(ctx, s.vm)
}

// act carries out what the table of run strategies says.
func (r *Reconciler) act(ctx context.Context, s *scope) (ctrl.Result, error) {
	next, err := decide(s.situation)
	if err != nil {
		s.failCreate(err)
		return ctrl.Result{}, reconcile.TerminalError(err)
	}
	if next != stay {
		log.FromContext(ctx).V(1).Info("Acting on the machine", "uid", s.vm.UID, "strategy", s.strategy, "action", next.String())
	}
	switch next {
	case create, receive:
		return r.create(ctx, s)
	case remove:
		return r.remove(ctx, s)
	case rerun:
		// Before the instance goes, and with it the reason to start again.
		s.vm.Status.StateChangeRequests = append(s.vm.Status.StateChangeRequests,
			v1.VirtualMachineStateChangeRequest{Action: v1.StateChangeRequestActionStart})
		s.request = startRequest
	case turnOn:
		turnSpecOn(&s.vm.Spec)
	case release:
		s.vm.Finalizers = slices.DeleteFunc(s.vm.Finalizers, func(f string) bool { return f == v1.FinalizerVM })
	}
	return ctrl.Result{}, nil
}

// turnSpecOn asks for an instance in the words that the spec uses.
func turnSpecOn(spec *v1.VirtualMachineSpec) {
	if spec.RunStrategy != nil {
		always := v1.RunStrategyAlways
		spec.RunStrategy = &always
		return
	}
	on := true
	spec.Running = &on
}

func (r *Reconciler) create(ctx context.Context, s *scope) (ctrl.Result, error) {
	if wait := backoffLeft(s); wait > 0 {
		return ctrl.Result{RequeueAfter: wait}, nil
	}
	if len(s.storage.filling)+len(s.storage.broken) > 0 || s.storage.err != nil {
		return ctrl.Result{}, nil // what becomes of them brings the machine back
	}
	if s.stranger != nil {
		s.failForeign()
		return ctrl.Result{}, nil
	}
	if s.vm.Spec.Template == nil {
		return ctrl.Result{}, reconcile.TerminalError(errors.New("the machine has no template"))
	}
	if err := r.ensureRevision(ctx, s.vm); err != nil {
		s.failCreate(err)
		return ctrl.Result{}, err
	}
	vmi := newInstance(s.vm)
	err := r.Create(ctx, vmi)
	switch {
	case apierrors.IsAlreadyExists(err):
		return ctrl.Result{}, r.takeExisting(ctx, s)
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return ctrl.Result{}, nil // the machine is about to go as well
	case err != nil:
		s.failCreate(err)
		return ctrl.Result{}, fmt.Errorf("creating the instance: %w", err)
	}
	r.Events.Emit(s.vm, instanceCreated(vmi.Name))
	s.setInstance(vmi)
	return ctrl.Result{}, nil
}

// takeExisting goes on with an instance that the cache did not show: ours, made a
// moment ago, or somebody else's.
func (r *Reconciler) takeExisting(ctx context.Context, s *scope) error {
	live := &v1.VirtualMachineInstance{}
	if err := r.Live.Get(ctx, s.key(), live); err != nil {
		return fmt.Errorf("reading the instance: %w", err)
	}
	s.setInstance(live)
	if s.stranger != nil {
		s.failForeign()
	}
	return nil
}

// failForeign reports that somebody else's instance is in the way. One that is
// going, or that an earlier machine of the same name has left to the garbage
// collector, makes room by itself.
func (s *scope) failForeign() {
	owner := metav1.GetControllerOf(s.stranger)
	predecessor := owner != nil && owner.Kind == v1.KindVirtualMachine && owner.Name == s.vm.Name
	if s.stranger.DeletionTimestamp.IsZero() && !predecessor {
		s.failCreate(errForeign)
	}
}

// current looks at the API server whether the machine is what the cache showed: on
// an old view no guest is ended and nothing is taken over.
func (r *Reconciler) current(ctx context.Context, s *scope) (bool, error) {
	now := &v1.VirtualMachine{}
	if err := r.Live.Get(ctx, s.key(), now); err != nil {
		return false, fmt.Errorf("reading the machine once more: %w", client.IgnoreNotFound(err))
	}
	s.stale = now.UID != s.vm.UID || now.Generation != s.vm.Generation || deletionOf(now) != s.deletion
	return !s.stale, nil
}

func (r *Reconciler) remove(ctx context.Context, s *scope) (ctrl.Result, error) {
	if unrecorded(s) || r.writes.Behind(s.key(), s.vmi) {
		return ctrl.Result{}, nil
	}
	if s.instance == live {
		if current, err := r.current(ctx, s); err != nil || !current {
			return ctrl.Result{}, err
		}
	}
	// An instance that has changed may not be the machine's any more.
	err := r.Delete(ctx, s.vmi, client.Preconditions{UID: &s.vmi.UID, ResourceVersion: &s.vmi.ResourceVersion})
	if apierrors.IsConflict(err) {
		return steps.Soon, nil
	}
	if client.IgnoreNotFound(err) != nil {
		s.fail(v1.ReasonFailedDelete, err, instanceNotDeleted(err))
		return ctrl.Result{}, fmt.Errorf("deleting the instance: %w", err)
	}
	r.writes.Await(s.key(), s.vmi)
	r.Events.Emit(s.vm, instanceDeleted(s.vmi.Name))
	s.removed = true
	return ctrl.Result{}, nil
}

func (s *scope) failCreate(err error) { s.fail(v1.ReasonFailedCreate, err, instanceNotCreated(err)) }
