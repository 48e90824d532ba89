//go:build envtest

package vm

import (
	"context"
	"errors"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/patch"
)

func start(data map[string]string) v1.VirtualMachineStateChangeRequest {
	return v1.VirtualMachineStateChangeRequest{Action: v1.StateChangeRequestActionStart, Data: data}
}

func (s *suite) stop() v1.VirtualMachineStateChangeRequest {
	uid := s.vmi().UID
	return v1.VirtualMachineStateChangeRequest{Action: v1.StateChangeRequestActionStop, UID: &uid}
}

// A guest that shuts down stays off; one that fails comes back; one that is stopped
// stays off.
func TestRerunOnFailure(t *testing.T) {
	s := newSuite(t, v1.RunStrategyRerunOnFailure)
	s.started()
	s.report(s.reached(v1.VMIPhaseFailed))
	s.reconcile("PATCH vm status")
	vm := s.wantStatus(v1.PrintableStatusStarting, true, false)
	if len(vm.Status.StateChangeRequests) != 1 || vm.Status.StateChangeRequests[0].Action != v1.StateChangeRequestActionStart {
		t.Fatalf("requests %v", vm.Status.StateChangeRequests)
	}
	s.reconcile("DELETE vmi")
	s.released()
	s.reconcile("POST vmi", "PATCH vm status")
	if vm := s.wantStatus(v1.PrintableStatusStarting, true, false); len(vm.Status.StateChangeRequests) != 0 {
		t.Errorf("requests %v", vm.Status.StateChangeRequests)
	}
	s.wantEvents("Normal SuccessfulDelete", "Normal SuccessfulCreate")

	s.report(func(vmi *v1.VirtualMachineInstance) {
		s.reached(v1.VMIPhaseRunning)(vmi)
		ready(vmi)
	})
	s.reconcile("PATCH vm status")
	s.request(s.stop())
	s.reconcile("DELETE vmi", "PATCH vm status")
	s.wantStatus(v1.PrintableStatusStopping, true, false)
	s.released()
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusStopped, false, false)
	s.reconcile()

	s.request(start(nil))
	s.reconcile("POST vmi", "PATCH vm status")
	s.report(s.reached(v1.VMIPhaseRunning, v1.VMIPhaseSucceeded))
	s.reconcile("DELETE vmi", "PATCH vm status")
	s.wantStatus(v1.PrintableStatusStopped, true, false)
	s.released()
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusStopped, false, false)
	s.reconcile()
}

// A guest that fails before it runs comes back after the delay of a crash loop.
func TestRerunOnFailureBacksOff(t *testing.T) {
	s := newSuite(t, v1.RunStrategyRerunOnFailure)
	s.reconcile("POST revision", "POST vmi", "PATCH vm status")
	s.crash(1, 10*time.Second)
	s.crash(2, 40*time.Second)
}

// Only requests start and stop the guest, and its end stays to be seen.
func TestManual(t *testing.T) {
	s := newSuite(t, v1.RunStrategyManual)
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusStopped, false, false)
	s.request(start(nil))
	s.reconcile("POST revision", "POST vmi", "PATCH vm status")
	s.wantStatus(v1.PrintableStatusStarting, true, false)
	s.report(s.reached(v1.VMIPhaseRunning, v1.VMIPhaseFailed))
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusStopped, true, false)
	s.reconcile()
	failed := s.vmi().UID
	s.request(s.stop(), start(nil))
	s.reconcile("DELETE vmi", "PATCH vm status")
	s.released()
	s.reconcile("POST vmi", "PATCH vm status")
	if vmi := s.vmi(); vmi == nil || vmi.UID == failed {
		t.Error("not started again")
	}
	s.request(s.stop())
	s.reconcile("DELETE vmi", "PATCH vm status")
	s.released()
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusStopped, false, false)
	s.reconcile()
}

// The machine has one instance in its life, whatever becomes of it.
func TestOnce(t *testing.T) {
	s := newSuite(t, v1.RunStrategyOnce)
	s.started()
	s.report(s.reached(v1.VMIPhaseSucceeded))
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusStopped, true, false)
	s.reconcile()
	if err := cluster.Client.Delete(s.ctx, s.vmi()); err != nil {
		t.Fatal(err)
	}
	s.released()
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusStopped, false, false)
	s.reconcile()
}

// An instance that could not be made does not count as the one.
func TestOnceIsNotUsedUpByAFailure(t *testing.T) {
	s := newSuite(t, v1.RunStrategyOnce)
	allow := s.quota()
	s.requests.Take()
	if _, err := s.tryReconcile(); err == nil {
		t.Fatal("no error although no instance could be made")
	}
	s.wantStatus(v1.PrintableStatusStarting, false, false)
	s.wantCondition(v1.ConditionFailure, "True FailedCreate")
	if got := s.vm().Status.RunStrategy; got != "" {
		t.Fatalf("the status says it ran under %s", got)
	}
	allow()
	s.requests.Take()
	s.reconcile("POST vmi", "PATCH vm status")
	if got := s.wantStatus(v1.PrintableStatusStarting, true, false).Status.RunStrategy; got != v1.RunStrategyOnce {
		t.Errorf("strategy %q", got)
	}
}

// quota allows no more instances in the machine's namespace, until the function it
// returns is called.
func (s *suite) quota() (lift func()) {
	s.Helper()
	none := corev1.ResourceList{"count/virtualmachineinstances.kubevirt.io": resource.MustParse("0")}
	quota := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.key.Namespace, Name: "none"},
		Spec:       corev1.ResourceQuotaSpec{Hard: none},
	}
	if err := cluster.Client.Create(s.ctx, quota); err != nil {
		s.Fatal(err)
	}
	// There is no controller here that would count.
	quota.Status = corev1.ResourceQuotaStatus{Hard: none, Used: none}
	if err := cluster.Client.Status().Update(s.ctx, quota); err != nil {
		s.Fatal(err)
	}
	return func() {
		if err := cluster.Client.Delete(s.ctx, quota); err != nil {
			s.Fatal(err)
		}
	}
}

// A machine that receives a guest waits for it.
func TestWaitAsReceiver(t *testing.T) {
	s := newSuite(t, v1.RunStrategyWaitAsReceiver)
	s.reconcile("POST revision", "POST vmi", "PATCH vm status")
	if s.vmi().Annotations[v1.AnnotationCreateMigrationTarget] != "true" {
		t.Errorf("annotations %v", s.vmi().Annotations)
	}
	s.report(s.reached(v1.VMIPhaseWaitingForSync))
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusWaitingForReceiver, true, false)
}

// A start of a halted machine that is to be paused.
func TestStartPaused(t *testing.T) {
	s := newSuite(t, v1.RunStrategyHalted)
	s.reconcile("PATCH vm status")
	s.request(start(map[string]string{v1.StateChangeRequestDataPaused: "true"}))
	s.reconcile("PATCH vm", "PATCH vm status")
	s.reconcile("POST revision", "POST vmi", "PATCH vm status")
	if strategy := s.vmi().Spec.StartStrategy; strategy == nil || *strategy != v1.StartStrategyPaused {
		t.Errorf("start strategy %v", strategy)
	}
	s.report(func(vmi *v1.VirtualMachineInstance) {
		s.reached(v1.VMIPhaseRunning)(vmi)
		ready(vmi)
		vmi.Status.Conditions[0].Status = "False"
		vmi.Status.Conditions = append(vmi.Status.Conditions, v1.Condition{Type: v1.ConditionPaused, Status: "True", Reason: v1.ReasonPausedByUser})
	})
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusPaused, true, false)
	s.wantCondition(v1.ConditionPaused, "True PausedByUser")
}

// A machine that is switched off while it restarts stays off.
func TestHaltedDuringARestart(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways)
	s.started()
	s.request(s.stop(), start(nil))
	s.reconcile("DELETE vmi", "PATCH vm status")
	s.change(func(vm *v1.VirtualMachine) { *vm.Spec.RunStrategy = v1.RunStrategyHalted })
	s.reconcile("PATCH vm status")
	s.released()
	s.reconcile("PATCH vm status")
	if vm := s.wantStatus(v1.PrintableStatusStopped, false, false); *vm.Spec.RunStrategy != v1.RunStrategyHalted || len(vm.Status.StateChangeRequests) != 0 {
		t.Errorf("strategy %s, requests %v", *vm.Spec.RunStrategy, vm.Status.StateChangeRequests)
	}
	s.reconcile()
}

// A machine that is switched off while it waits after a crash stays off.
func TestHaltedDuringTheDelay(t *testing.T) {
	s := newSuite(t, v1.RunStrategyRerunOnFailure)
	s.reconcile("POST revision", "POST vmi", "PATCH vm status")
	s.report(s.reached(v1.VMIPhaseScheduling, v1.VMIPhaseFailed))
	s.reconcile("PATCH vm status")
	s.reconcile("DELETE vmi")
	s.released()
	s.reconcile("PATCH vm status")
	s.change(func(vm *v1.VirtualMachine) { *vm.Spec.RunStrategy = v1.RunStrategyHalted })
	s.reconcile("PATCH vm status")
	if vm := s.wantStatus(v1.PrintableStatusStopped, false, false); *vm.Spec.RunStrategy != v1.RunStrategyHalted {
		t.Errorf("strategy %s", *vm.Spec.RunStrategy)
	}
	s.reconcile()
}

// A comparison that could not be made is made later.
func TestRestartRequiredAfterAnError(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways)
	s.started()
	s.change(func(vm *v1.VirtualMachine) { vm.Spec.Template.Spec.Hostname = "other" })
	live := s.r.Live
	s.r.Live = blind{live}
	if _, err := s.tryReconcile(); err == nil {
		t.Fatal("no error")
	}
	s.r.Live = live
	s.requests.Take()
	s.reconcile("PATCH vm status")
	s.wantCondition(v1.ConditionRestartRequired, "True TemplateChanged")
	s.reconcile()
}

// blind is an API server that does not answer for revisions.
type blind struct{ client.Reader }

func (b blind) Get(ctx context.Context, key client.ObjectKey, obj client.Object, options ...client.GetOption) error {
	if _, ok := obj.(*appsv1.ControllerRevision); ok {
		return errors.New("not now")
	}
	return b.Reader.Get(ctx, key, obj, options...)
}

// On an old view of the machine no guest is ended.
func TestStaleMachineEndsNoGuest(t *testing.T) {
	s := newSuite(t, v1.RunStrategyHalted)
	s.reconcile("PATCH vm status")
	halted := s.vm()
	s.change(func(vm *v1.VirtualMachine) { *vm.Spec.RunStrategy = v1.RunStrategyAlways })
	s.started()
	s.r.writes = patch.Writes{} // as after a change of leaders
	s.r.Client = lagging{s.r.Client, halted}
	s.reconcile()
	if !s.vmi().DeletionTimestamp.IsZero() {
		t.Error("the guest was ended")
	}
}

// lagging shows a machine as it was.
type lagging struct {
	client.Client
	machine *v1.VirtualMachine
}

func (l lagging) Get(ctx context.Context, key client.ObjectKey, obj client.Object, options ...client.GetOption) error {
	if vm, ok := obj.(*v1.VirtualMachine); ok {
		l.machine.DeepCopyInto(vm)
		return nil
	}
	return l.Client.Get(ctx, key, obj, options...)
}
