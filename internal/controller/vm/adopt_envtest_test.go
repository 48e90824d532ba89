//go:build envtest

package vm

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/builder"
)

// stranger makes an instance of the machine's name, with an owner if one is given.
func (s *suite) stranger(owner client.Object, options ...builder.Option) *v1.VirtualMachineInstance {
	s.Helper()
	vmi := builder.VMI(s.key.Namespace, s.key.Name, options...)
	if owner != nil {
		vmi.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(owner, v1.VirtualMachineInstanceReplicaSetGroupVersionKind)}
	}
	if err := cluster.Client.Create(s.ctx, vmi); err != nil {
		s.Fatalf("creating an instance: %v", err)
	}
	s.report(s.reached(v1.VMIPhaseScheduling, v1.VMIPhaseScheduled, v1.VMIPhaseRunning))
	return vmi
}

// An instance of another owner's is reported and left alone.
func TestForeignInstance(t *testing.T) {
	s := newSuite(t, v1.RunStrategyHalted)
	s.reconcile("PATCH vm status")
	set := &v1.VirtualMachineInstanceReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: "set", UID: "11111111-2222-3333-4444-555555555555"}}
	foreign := s.stranger(set)
	s.reconcile()
	s.change(func(vm *v1.VirtualMachine) { *vm.Spec.RunStrategy = v1.RunStrategyAlways })
	s.reconcile("PATCH vm status")
	s.wantCondition(v1.ConditionFailure, "True FailedCreate")
	s.wantEvents("Warning FailedCreate")
	s.reconcile()
	s.wantEvents()
	if vmi := s.vmi(); vmi.UID != foreign.UID || !vmi.DeletionTimestamp.IsZero() || !metav1.IsControlledBy(vmi, set) {
		t.Error("the foreign instance was touched")
	}
	s.report(func(vmi *v1.VirtualMachineInstance) { vmi.Finalizers = nil })
	if err := cluster.Client.Delete(s.ctx, foreign); err != nil {
		t.Fatal(err)
	}
	s.reconcile("POST revision", "POST vmi", "PATCH vm status")
	s.wantCondition(v1.ConditionFailure, "")
}

// What an earlier machine of the same name leaves to the garbage collector makes
// room by itself: that is no failure.
func TestInstanceOfAPredecessor(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways)
	vmi := builder.VMI(s.key.Namespace, s.key.Name)
	before := s.vm().DeepCopy()
	before.UID = "11111111-2222-3333-4444-555555555555"
	vmi.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(before, v1.VirtualMachineGroupVersionKind)}
	if err := cluster.Client.Create(s.ctx, vmi); err != nil {
		t.Fatal(err)
	}
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusStarting, false, false)
	s.wantCondition(v1.ConditionFailure, "")
	s.wantEvents()
}

// The machine was deleted with --cascade=orphan and made again: it takes its guest
// back, which runs what its template says.
func TestAdoption(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways)
	orphan := s.stranger(nil)
	s.reconcile("POST revision", "PATCH vmi", "PATCH vm status")
	vm, vmi := s.wantStatus(v1.PrintableStatusRunning, true, false), s.vmi()
	if vmi.UID != orphan.UID || !metav1.IsControlledBy(vmi, vm) || vmi.Annotations[v1.AnnotationVMGeneration] != fmt.Sprint(vm.Generation) {
		t.Errorf("owners %v, annotations %v", vmi.OwnerReferences, vmi.Annotations)
	}
	s.wantCondition(v1.ConditionRestartRequired, "")
	s.reconcile()
	s.wantEvents()
	s.change(func(vm *v1.VirtualMachine) { *vm.Spec.RunStrategy = v1.RunStrategyHalted })
	s.reconcile("DELETE vmi", "PATCH vm status")
}

func TestAdoptionOfAnotherTemplatesInstance(t *testing.T) {
	s := newSuite(t, v1.RunStrategyManual)
	s.stranger(nil, builder.Cores(3), builder.Annotation(v1.AnnotationVMGeneration, "1"))
	s.reconcile("POST revision", "PATCH vmi", "PATCH vm status")
	s.wantStatus(v1.PrintableStatusRunning, true, false)
	s.wantCondition(v1.ConditionRestartRequired, "True TemplateChanged")
	s.reconcile()
}

// A machine that is off ends no guest that was not its own; switched on, it takes
// it over.
func TestNoAdoptionWhileHalted(t *testing.T) {
	s := newSuite(t, v1.RunStrategyHalted)
	orphan := s.stranger(nil)
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusStopped, false, false)
	if vmi := s.vmi(); vmi.UID != orphan.UID || !vmi.DeletionTimestamp.IsZero() || len(vmi.OwnerReferences) != 0 {
		t.Error("the guest was touched")
	}
	s.change(func(vm *v1.VirtualMachine) { *vm.Spec.RunStrategy = v1.RunStrategyAlways })
	s.reconcile("POST revision", "PATCH vmi", "PATCH vm status")
	s.wantStatus(v1.PrintableStatusRunning, true, false)
}

func TestAdoptable(t *testing.T) {
	for _, c := range []struct {
		strategy v1.VirtualMachineRunStrategy
		instance instanceState
		deletion deletion
		want     bool
	}{
		{v1.RunStrategyAlways, live, staying, true},
		{v1.RunStrategyAlways, failed, staying, true},
		{v1.RunStrategyAlways, leaving, staying, false},
		{v1.RunStrategyAlways, live, withInstance, false},
		{v1.RunStrategyAlways, live, orphaning, false},
		{v1.RunStrategyManual, live, staying, true},
		{v1.RunStrategyManual, succeeded, staying, true},
		{v1.RunStrategyHalted, live, staying, false},
		{v1.RunStrategyHalted, succeeded, staying, false},
		{v1.RunStrategyOnce, live, staying, true},
	} {
		if got := adoptable(situation{strategy: c.strategy, instance: never, deletion: c.deletion}, c.instance); got != c.want {
			t.Errorf("%s, instance %s, deletion %d: %v", c.strategy, instanceStates[c.instance], c.deletion, got)
		}
	}
}
