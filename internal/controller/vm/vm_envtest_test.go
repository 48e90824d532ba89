//go:build envtest

package vm

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/builder"
)

// A start takes three writes and one event, and one more write when it is ready.
func TestStart(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways, builder.Label("app", "x"), builder.Annotation("note", "y"))
	s.reconcile("POST revision", "POST vmi", "PATCH vm status")
	s.wantEvents("Normal SuccessfulCreate")
	vm, vmi := s.wantStatus(v1.PrintableStatusStarting, true, false), s.vmi()
	if len(vm.Finalizers) != 1 || vm.Finalizers[0] != v1.FinalizerVM {
		t.Errorf("finalizers: %v", vm.Finalizers)
	}
	if !metav1.IsControlledBy(vmi, vm) || vmi.Labels["app"] != "x" || vmi.Annotations["note"] != "y" {
		t.Errorf("owners %v, labels %v, annotations %v", vmi.OwnerReferences, vmi.Labels, vmi.Annotations)
	}
	if vmi.Annotations[v1.AnnotationVMGeneration] != fmt.Sprint(vm.Generation) {
		t.Errorf("generation %q, want %d", vmi.Annotations[v1.AnnotationVMGeneration], vm.Generation)
	}
	if uuid := vmi.Spec.Domain.Firmware.UUID; uuid == "" || uuid != vm.Spec.Template.Spec.Domain.Firmware.UUID {
		t.Errorf("the firmware's UUID is %q, the template's %q", uuid, vm.Spec.Template.Spec.Domain.Firmware.UUID)
	}
	if vm.Status.RunStrategy != v1.RunStrategyAlways || vm.Status.DesiredGeneration != vm.Generation || vm.Status.ObservedGeneration != vm.Generation {
		t.Errorf("strategy %s, generations %d and %d of %d", vm.Status.RunStrategy, vm.Status.ObservedGeneration, vm.Status.DesiredGeneration, vm.Generation)
	}
	revisions := s.revisions()
	if len(revisions) != 1 || revisions[0].Name != fmt.Sprintf("revision-start-vm-%s-%d", vm.UID, vm.Generation) || !metav1.IsControlledBy(&revisions[0], vm) {
		t.Fatalf("revisions: %v", revisions)
	}
	var stored content
	if err := json.Unmarshal(revisions[0].Data.Raw, &stored); err != nil || stored.Spec.Template.Spec.Domain.Memory.Guest.String() != "64Mi" {
		t.Errorf("the revision holds %s (%v)", revisions[0].Data.Raw, err)
	}

	s.reconcile()
	s.report(s.reached(v1.VMIPhaseScheduling))
	s.reconcile()
	s.report(func(vmi *v1.VirtualMachineInstance) {
		s.reached(v1.VMIPhaseScheduled, v1.VMIPhaseRunning)(vmi)
		vmi.Status.Conditions = []v1.Condition{{Type: v1.ConditionReady, Status: "False", Reason: v1.ReasonGuestNotRunning}}
	})
	if wait := s.reconcile().RequeueAfter; wait <= 0 || wait > readySoon {
		t.Errorf("looks again after %s", wait)
	}
	s.report(ready)
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusRunning, true, true)
	s.wantCondition(v1.ConditionAgentConnected, "True")
	s.reconcile()
	s.wantEvents()
}

// A guest that runs but does not become ready is shown as running before long.
func TestRunningWithoutReady(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways)
	s.reconcile("POST revision", "POST vmi", "PATCH vm status")
	s.report(func(vmi *v1.VirtualMachineInstance) {
		s.reached(v1.VMIPhaseRunning)(vmi)
		vmi.Status.Conditions = []v1.Condition{{Type: v1.ConditionReady, Status: "False", Reason: v1.ReasonGuestNotRunning}}
	})
	s.reconcile()
	s.clock.SetTime(s.clock.Now().Add(readySoon))
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusRunning, true, false)
	s.wantCondition(v1.ConditionReady, "False GuestNotRunning")
}

// A stop takes three writes and one event.
func TestStop(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways)
	s.started()
	s.change(func(vm *v1.VirtualMachine) { *vm.Spec.RunStrategy = v1.RunStrategyHalted })
	s.reconcile("DELETE vmi", "PATCH vm status")
	s.wantEvents("Normal SuccessfulDelete")
	s.wantStatus(v1.PrintableStatusStopping, true, false)
	s.reconcile()
	s.report(s.reached(v1.VMIPhaseSucceeded))
	s.reconcile()
	s.released()
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusStopped, false, false)
	s.wantCondition(v1.ConditionReady, "False VMINotExists")
	s.wantCondition(v1.ConditionAgentConnected, "")
	s.reconcile()
	s.wantEvents()
}

func TestHaltedStays(t *testing.T) {
	s := newSuite(t, v1.RunStrategyHalted)
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusStopped, false, false)
	s.reconcile()
	if s.vmi() != nil || len(s.revisions()) != 0 {
		t.Error("something was started")
	}
}

// Somebody has taken the finalizer away, which admission had set.
func TestFinalizerComesBack(t *testing.T) {
	s := newSuite(t, v1.RunStrategyHalted)
	s.change(func(vm *v1.VirtualMachine) { vm.Finalizers = nil })
	s.reconcile("PATCH vm", "PATCH vm status")
	if f := s.vm().Finalizers; len(f) != 1 || f[0] != v1.FinalizerVM {
		t.Errorf("finalizers: %v", f)
	}
}

func TestLegacyRunning(t *testing.T) {
	s := newSuite(t, v1.RunStrategyHalted)
	on := true
	s.change(func(vm *v1.VirtualMachine) { vm.Spec.RunStrategy, vm.Spec.Running = nil, &on })
	s.started()
	off := false
	s.change(func(vm *v1.VirtualMachine) { vm.Spec.Running = &off })
	s.reconcile("DELETE vmi", "PATCH vm status")
	s.wantStatus(v1.PrintableStatusStopping, true, false)
}

// A guest that powers itself off is started again, from the revision it had.
func TestAlwaysStartsAgain(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways)
	s.started()
	first := s.vmi().UID
	s.report(s.reached(v1.VMIPhaseSucceeded))
	s.reconcile("DELETE vmi", "PATCH vm status")
	s.wantStatus(v1.PrintableStatusStarting, true, false)
	s.released()
	s.reconcile("POST vmi", "PATCH vm status")
	s.wantStatus(v1.PrintableStatusStarting, true, false)
	if s.vmi().UID == first {
		t.Error("the instance is still the first one")
	}
	s.wantEvents("Normal SuccessfulDelete", "Normal SuccessfulCreate")
}

// Instances that fail before they run are started ever more rarely, and the count
// is forgotten once one has run.
func TestCrashLoop(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways)
	s.reconcile("POST revision", "POST vmi", "PATCH vm status")
	s.crash(1, 10*time.Second)
	s.crash(2, 40*time.Second)
	s.report(s.reached(v1.VMIPhaseScheduled, v1.VMIPhaseRunning))
	s.reconcile("PATCH vm status")
	if f := s.vm().Status.StartFailure; f != nil {
		t.Errorf("still counting: %+v", f)
	}
}

func (s *suite) crash(count int, delay time.Duration) {
	s.Helper()
	uid := s.vmi().UID
	s.report(s.reached(v1.VMIPhaseScheduling, v1.VMIPhaseFailed))
	// The count is written before the evidence goes.
	s.reconcile("PATCH vm status")
	f := s.wantStatus(v1.PrintableStatusCrashLoopBackOff, true, false).Status.StartFailure
	if f == nil || f.ConsecutiveFailCount != count || f.LastFailedVMIUID != uid {
		s.Fatalf("start failure %+v, want %d of %s", f, count, uid)
	}
	s.reconcile("DELETE vmi")
	s.released()
	result := s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusCrashLoopBackOff, false, false)
	if result.RequeueAfter <= delay-2*time.Second || result.RequeueAfter > delay {
		s.Fatalf("tries again after %s, want about %s", result.RequeueAfter, delay)
	}
	s.clock.SetTime(s.clock.Now().Add(delay))
	s.reconcile("POST vmi", "PATCH vm status")
	s.wantStatus(v1.PrintableStatusStarting, true, false)
}

// A forced restart of virt-api: stop this instance, then start.
func TestRestart(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways)
	s.started()
	uid := s.vmi().UID
	s.request(
		v1.VirtualMachineStateChangeRequest{Action: v1.StateChangeRequestActionStop, UID: &uid},
		v1.VirtualMachineStateChangeRequest{Action: v1.StateChangeRequestActionStart},
	)
	s.reconcile("DELETE vmi", "PATCH vm status")
	s.wantStatus(v1.PrintableStatusStopping, true, false)
	s.released()
	s.reconcile("POST vmi", "PATCH vm status")
	if vm := s.wantStatus(v1.PrintableStatusStarting, true, false); len(vm.Status.StateChangeRequests) != 0 {
		t.Errorf("requests left: %v", vm.Status.StateChangeRequests)
	}
	s.reconcile()
	if s.vmi().UID == uid {
		t.Error("the instance is still the first one")
	}
}

// A start request to a halted machine turns its spec on, in the words it uses.
func TestStartRequestWhileHalted(t *testing.T) {
	s := newSuite(t, v1.RunStrategyHalted)
	s.reconcile("PATCH vm status")
	s.request(v1.VirtualMachineStateChangeRequest{Action: v1.StateChangeRequestActionStart})
	s.reconcile("PATCH vm", "PATCH vm status")
	if got := *s.vm().Spec.RunStrategy; got != v1.RunStrategyAlways {
		t.Fatalf("strategy %s", got)
	}
	s.reconcile("POST revision", "POST vmi", "PATCH vm status")
	if vm := s.wantStatus(v1.PrintableStatusStarting, true, false); len(vm.Status.StateChangeRequests) != 0 {
		t.Errorf("requests left: %v", vm.Status.StateChangeRequests)
	}
}

func TestDelete(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways)
	s.started()
	if err := cluster.Client.Delete(s.ctx, s.vm()); err != nil {
		t.Fatal(err)
	}
	s.reconcile("DELETE vmi", "PATCH vm status")
	s.wantStatus(v1.PrintableStatusTerminating, true, false)
	s.reconcile()
	s.report(s.reached(v1.VMIPhaseSucceeded))
	s.reconcile()
	s.released()
	s.reconcile("PATCH vm")
	if err := cluster.Client.Get(s.ctx, s.key, &v1.VirtualMachine{}); !apierrors.IsNotFound(err) {
		t.Errorf("the machine is still there: %v", err)
	}
	s.reconcile()
}

func TestDeleteOrphaning(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways)
	s.started()
	if err := cluster.Client.Delete(s.ctx, s.vm(), client.PropagationPolicy(metav1.DeletePropagationOrphan)); err != nil {
		t.Fatal(err)
	}
	s.reconcile("PATCH vm", "PATCH vm status")
	if vmi := s.vmi(); vmi == nil || !vmi.DeletionTimestamp.IsZero() {
		t.Error("the instance was not left alone")
	}
	// What the garbage collector does to everything that the machine owns.
	for _, revision := range s.revisions() {
		orphan := fmt.Sprintf(`{"metadata":{"uid":%q,"ownerReferences":[{"$patch":"delete","uid":%q}]}}`, revision.UID, s.vm().UID)
		if err := cluster.Client.Patch(s.ctx, &revision, client.RawPatch(types.StrategicMergePatchType, []byte(orphan))); err != nil {
			t.Errorf("orphaning: %v", err)
		}
	}
}

// A changed template waits for the next start and says so; the old revision goes
// when the new one comes.
func TestRestartRequired(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways)
	s.started()
	generation := s.vm().Generation
	s.change(func(vm *v1.VirtualMachine) { vm.Spec.Template.Spec.Domain.CPU = &v1.CPU{Cores: 3} })
	s.reconcile("PATCH vm status")
	s.wantCondition(v1.ConditionRestartRequired, "True TemplateChanged")
	if m := s.vm().Condition(v1.ConditionRestartRequired).Message; !strings.HasSuffix(m, ": spec.template.spec.domain.cpu") {
		t.Errorf("message %q", m)
	}
	if st := s.vm().Status; st.ObservedGeneration != generation || st.DesiredGeneration != generation+1 {
		t.Errorf("generations %d and %d", st.ObservedGeneration, st.DesiredGeneration)
	}
	s.reconcile()
	s.change(func(vm *v1.VirtualMachine) { *vm.Spec.RunStrategy = v1.RunStrategyHalted })
	s.reconcile("DELETE vmi", "PATCH vm status")
	s.released()
	s.reconcile("PATCH vm status")
	s.wantCondition(v1.ConditionRestartRequired, "")
	s.change(func(vm *v1.VirtualMachine) { *vm.Spec.RunStrategy = v1.RunStrategyAlways })
	s.reconcile("POST revision", "DELETE revision", "POST vmi", "PATCH vm status")
	if n := len(s.revisions()); n != 1 {
		t.Errorf("%d revisions", n)
	}
	if cores := s.vmi().Spec.Domain.CPU.Cores; cores != 3 {
		t.Errorf("%d cores", cores)
	}
}

// A change of anything but the template needs no restart.
func TestStrategyChangeNeedsNoRestart(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways)
	s.started()
	on := true
	s.change(func(vm *v1.VirtualMachine) { vm.Spec.RunStrategy, vm.Spec.Running = nil, &on })
	s.reconcile("PATCH vm status")
	s.wantCondition(v1.ConditionRestartRequired, "")
	if vm := s.vm(); vm.Status.ObservedGeneration != vm.Generation {
		t.Errorf("generation %d of %d", vm.Status.ObservedGeneration, vm.Generation)
	}
}
