package vm

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/event"
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
		s.failure = &failure{v1.ReasonFailedCreate, err.Error()}
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
		r.failForeign(s)
		return ctrl.Result{}, nil
	}
	if s.vm.Spec.Template == nil {
		return ctrl.Result{}, reconcile.TerminalError(errors.New("the machine has no template"))
	}
	if err := r.ensureRevision(ctx, s.vm); err != nil {
		r.failCreate(s, err)
		return ctrl.Result{}, err
	}
	vmi := newInstance(s.vm)
	err := r.Create(ctx, vmi)
	if apierrors.IsAlreadyExists(err) {
		return ctrl.Result{}, r.takeExisting(ctx, s)
	}
	if err != nil {
		r.failCreate(s, err)
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
		r.failForeign(s)
	}
	return nil
}

// failForeign reports that somebody else's instance is in the way. One that is
// going, or that an earlier machine of the same name has left to the garbage
// collector, makes room by itself.
func (r *Reconciler) failForeign(s *scope) {
	owner := metav1.GetControllerOf(s.stranger)
	predecessor := owner != nil && owner.Kind == v1.KindVirtualMachine && owner.Name == s.vm.Name
	if s.stranger.DeletionTimestamp.IsZero() && !predecessor {
		r.failCreate(s, errForeign)
	}
}

func (r *Reconciler) remove(ctx context.Context, s *scope) (ctrl.Result, error) {
	if unrecorded(s) || r.writes.Behind(s.key(), s.vmi) {
		return ctrl.Result{}, nil
	}
	err := r.Delete(ctx, s.vmi, client.Preconditions{UID: &s.vmi.UID})
	if client.IgnoreNotFound(err) != nil {
		s.failure = &failure{v1.ReasonFailedDelete, err.Error()}
		r.Events.Emit(s.vm, instanceNotDeleted(err))
		return ctrl.Result{}, fmt.Errorf("deleting the instance: %w", err)
	}
	r.writes.Await(s.key(), s.vmi)
	r.Events.Emit(s.vm, instanceDeleted(s.vmi.Name))
	s.removed = true
	return ctrl.Result{}, nil
}

// failCreate reports that there is no instance, with an event only the first time.
func (r *Reconciler) failCreate(s *scope, err error) { r.fail(s, instanceNotCreated, err) }

func (r *Reconciler) fail(s *scope, report func(error) event.Event, err error) {
	s.failure = &failure{v1.ReasonFailedCreate, err.Error()}
	if present := s.vm.Condition(v1.ConditionFailure); present == nil || present.Message != s.failure.message {
		r.Events.Emit(s.vm, report(err))
	}
}
