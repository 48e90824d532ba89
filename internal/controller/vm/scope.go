package vm

import (
	"context"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/internal/patch"
)

// scope is everything one reconcile has read and found out. Nothing in it
// survives the reconcile.
type scope struct {
	vm  *v1.VirtualMachine
	now time.Time
	// vmi is the machine's instance, nil without one.
	vmi *v1.VirtualMachineInstance
	// stranger is an instance of the machine's name that is not the machine's, nil without one.
	stranger *v1.VirtualMachineInstance
	situation
	storage storage
	// stale tells that the machine is no longer what was read.
	stale bool
	// removed tells that this reconcile has deleted the instance.
	removed bool
	// failure is why a step could not do its work; nil when all did.
	failure *failure
	// placed tells that this reconcile has changed where the instance may run.
	placed bool
	// outdated names the fields of the template that the instance runs an older version of; nil when nothing
	// new is known, empty when there are none.
	outdated []string

	patch *patch.Patch
}

// failure becomes the condition Failure, and events when it is a new one.
type failure struct {
	reason, message string
	events          []event.Event
}

// fail notes why a step could not do its work, beside what other steps have noted.
func (s *scope) fail(reason string, err error, e event.Event) {
	if s.failure == nil {
		s.failure = &failure{reason: reason, message: err.Error()}
	} else {
		s.failure.message += "; " + err.Error()
	}
	s.failure.events = append(s.failure.events, e)
}

func (s *scope) key() client.ObjectKey { return client.ObjectKeyFromObject(s.vm) }

// read fills the scope. An instance that the status knows of but the cache does
// not show is looked for at the API server, so that a cache that lags behind
// starts nothing twice.
func (r *Reconciler) read(ctx context.Context, vm *v1.VirtualMachine) (*scope, error) {
	s := &scope{vm: vm, now: r.Clock.Now(), patch: patch.New(r.Client, vm)}
	strategy, err := vm.RunStrategy()
	if err != nil {
		return nil, reconcile.TerminalError(fmt.Errorf("reading the run strategy: %w", err))
	}
	vmi := &v1.VirtualMachineInstance{}
	err = r.Get(ctx, s.key(), vmi)
	if client.IgnoreNotFound(err) == nil && err != nil && vm.Status.Created {
		err = r.Live.Get(ctx, s.key(), vmi)
	}
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("reading the instance: %w", err)
	}
	s.situation = situation{strategy: strategy, instance: noInstance(vm, strategy), deletion: deletionOf(vm)}
	if err == nil {
		s.setInstance(vmi)
	}
	r.writes.Gone(s.key(), vmi.UID) // none, if there is no instance
	s.request = pendingRequest(requestsFor(vm, strategy, s.vmi))
	return s, nil
}

func (s *scope) setInstance(vmi *v1.VirtualMachineInstance) {
	if !metav1.IsControlledBy(vmi, s.vm) {
		s.stranger = vmi
		return
	}
	s.vmi, s.instance, s.stranger = vmi, stateOf(vmi), nil
}

// noInstance is the state of a machine without an instance. The status names the
// strategy under which there was one last, see runStrategyFor.
func noInstance(vm *v1.VirtualMachine, strategy v1.VirtualMachineRunStrategy) instanceState {
	if vm.Status.RunStrategy == strategy {
		return absent
	}
	return never
}

func stateOf(vmi *v1.VirtualMachineInstance) instanceState {
	switch {
	case !vmi.DeletionTimestamp.IsZero():
		return leaving
	case vmi.Status.Phase == v1.VMIPhaseSucceeded:
		return succeeded
	case vmi.Status.Phase == v1.VMIPhaseFailed:
		return failed
	}
	return live
}

func deletionOf(vm *v1.VirtualMachine) deletion {
	switch {
	case vm.DeletionTimestamp.IsZero():
		return staying
	case slices.Contains(vm.Finalizers, metav1.FinalizerOrphanDependents):
		return orphaning
	}
	return withInstance
}
