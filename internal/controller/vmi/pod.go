package vmi

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/event"
)

// ensurePod creates the launcher pod of an instance that has none and needs one.
// The pod's name follows from the instance, so that creating it twice is found
// out by the API server.
func (r *Reconciler) ensurePod(ctx context.Context, s *scope) (ctrl.Result, error) {
	if !s.vmi.IsUnprocessed() || !s.vmi.DeletionTimestamp.IsZero() || s.pod != nil || receives(s.vmi) || !s.claimsUsable() || s.networkMissing {
		return ctrl.Result{}, nil
	}
	pod, err := r.render(s)
	if err != nil {
		r.failCreate(s, err)
		return ctrl.Result{}, reconcile.TerminalError(fmt.Errorf("rendering the launcher pod: %w", err))
	}
	if err := r.limitCPU(ctx, pod, s.vmi); err != nil {
		return ctrl.Result{}, err
	}
	if wait, err := r.reserve(ctx, s); err != nil || wait != nil {
		return ptr.Deref(wait, ctrl.Result{}), err
	}
	err = r.Create(ctx, pod)
	if apierrors.IsAlreadyExists(err) {
		return r.adopt(ctx, s, pod)
	}
	if refused(err) {
		r.reserved.drop(s.key())
	}
	if namespaceEnds(err) {
		return ctrl.Result{}, nil
	}
	if err != nil {
		r.failCreate(s, err)
		return ctrl.Result{}, fmt.Errorf("creating the launcher pod: %w", err)
	}
	r.Events.Emit(s.vmi, podCreated(pod.Name))
	s.setPods([]corev1.Pod{*pod})
	return ctrl.Result{}, nil
}

// adopt takes a pod that exists already for the one to be made, if it is this
// instance's and is not going away. One that is going away brings the instance
// back by its watch when it is gone.
func (r *Reconciler) adopt(ctx context.Context, s *scope, pod *corev1.Pod) (ctrl.Result, error) {
	live := &corev1.Pod{}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(pod), live); err != nil {
		return ctrl.Result{}, fmt.Errorf("reading launcher pod %s: %w", pod.Name, err)
	}
	if !metav1.IsControlledBy(live, s.vmi) {
		err := fmt.Errorf("pod %s exists and is not this instance's", pod.Name)
		r.failCreate(s, err)
		return ctrl.Result{}, err
	}
	if live.DeletionTimestamp.IsZero() {
		s.setPods([]corev1.Pod{*live})
	}
	return ctrl.Result{}, nil
}

// namespaceEnds reports whether nothing can be made because the namespace is being
// deleted, and the instance with it: nothing has failed, and there is nothing to retry.
func namespaceEnds(err error) bool {
	return apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause)
}

// failCreate reports that there is no pod, with an event only the first time.
func (r *Reconciler) failCreate(s *scope, err error) {
	r.failAs(s, failure{v1.ReasonFailedCreate, err.Error()}, podNotCreated(err))
}

// fail reports what keeps the pod from being made, in the words of an event that is
// emitted only the first time.
func (r *Reconciler) fail(s *scope, e event.Event) { r.failAs(s, failure{e.Reason, e.Message}, e) }

func (r *Reconciler) failAs(s *scope, f failure, e event.Event) {
	s.failure = &f
	present := s.vmi.Condition(v1.ConditionSynchronized)
	if present == nil || present.Reason != f.reason || present.Message != f.message {
		r.Events.Emit(s.vmi, e)
	}
}
