//go:build envtest

package agent

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

func TestGuestStartsInOneWriteAndOneEvent(t *testing.T) {
	s := newSuite(t)
	launcher := s.launcher()
	begin := time.Now()
	s.until("a running guest", inPhase(v1.VMIPhaseRunning))
	t.Logf("handed over -> Running in %v", time.Since(begin).Round(time.Millisecond))
	s.wantWrites(1)
	s.wantEvents("Normal Started")

	syncs := launcher.Syncs()
	if len(syncs) != 1 || len(syncs[0].Interfaces) != 1 || len(syncs[0].Volumes) != 1 || !strings.Contains(string(syncs[0].Vmi), `"image":"image:1"`) {
		t.Fatalf("synced %d times: %v", len(syncs), syncs)
	}
	host := syncs[0].Host
	if !host.Emulation || host.TranslationCacheMib != 32 || host.Smbios.Product != "None" || host.BalloonStatsPeriodSeconds != 10 || !host.FreePageReporting {
		t.Errorf("host %+v", host)
	}
	status := s.vmi.Status
	if status.Machine.Type != "pc-q35-10.0" || status.Interfaces[0].IP != "10.244.1.7" || !s.vmi.IsConditionTrue(v1.ConditionSoftwareEmulation) {
		t.Errorf("status %+v", status)
	}
	if last := status.PhaseTransitionTimestamps[len(status.PhaseTransitionTimestamps)-1]; last.Phase != v1.VMIPhaseRunning || last.PhaseTransitionTimestamp.IsZero() {
		t.Errorf("timestamps %v", status.PhaseTransitionTimestamps)
	}

	for range 3 {
		if err := s.tryReconcile(); err != nil {
			t.Fatal(err)
		}
	}
	s.wantWrites(0)
	s.wantEvents()

	connected := &protocol.DomainState{State: protocol.State_STATE_RUNNING, Machine: "pc-q35-10.0", Agent: &protocol.Agent{OsId: "debian"}}
	launcher.SetState(connected)
	s.until("an agent", func(vmi *v1.VirtualMachineInstance) bool { return vmi.IsConditionTrue(v1.ConditionAgentConnected) })
	s.wantWrites(1)
	s.wantEvents()
}

func TestGuestIsStartedBeforeTheHandOverAndReportedAfter(t *testing.T) {
	s := newUnscheduled(t)
	if err := os.RemoveAll(s.Pods + "/" + podUID); err != nil {
		t.Fatal(err)
	}
	s.scout()
	s.Pod(t, podUID)
	launcher := s.launcher()
	for len(launcher.Syncs()) == 0 {
		s.awaitChange()
		if err := s.tryReconcile(); err != nil {
			t.Fatal(err)
		}
	}
	s.awaitChange() // it runs
	if err := s.tryReconcile(); err != nil {
		t.Fatal(err)
	}
	s.wantWrites(0)
	s.wantEvents()
	if phase := s.read().Status.Phase; phase != v1.VMIPhaseScheduling {
		t.Errorf("phase %s before the hand-over", phase)
	}
	s.handOver()
	begin := time.Now()
	if err := s.tryReconcile(); err != nil {
		t.Fatal(err)
	}
	t.Logf("handed over -> Running in %v", time.Since(begin).Round(time.Millisecond))
	if !s.read().IsRunning() || !s.vmi.IsConditionTrue(v1.ConditionSoftwareEmulation) || s.vmi.Status.Interfaces[0].IP != "10.244.1.7" {
		t.Errorf("status %+v", s.vmi.Status)
	}
	s.wantWrites(1)
	s.wantEvents("Normal Started")
	if n := len(launcher.Syncs()); n != 1 {
		t.Errorf("synced %d times", n)
	}
}

func TestClaimOfAPodThatIsNotTheInstances(t *testing.T) {
	s := newUnscheduled(t)
	s.asController(func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.ActivePods = map[types.UID]string{"22222222-2222-3333-4444-555555555555": ""}
	})
	if err := os.RemoveAll(s.Pods + "/" + podUID); err != nil {
		t.Fatal(err)
	}
	s.scout()
	s.Pod(t, podUID)
	launcher := s.launcher()
	s.awaitChange()
	if err := s.tryReconcile(); err != nil {
		t.Fatal(err)
	}
	if n := len(launcher.Syncs()) + int(s.pods.prepared.Load()); n != 0 {
		t.Error("a guest was started in somebody else's pod")
	}
}

func TestGuestPowersOff(t *testing.T) {
	s := newSuite(t)
	launcher := s.launcher()
	s.until("a running guest", inPhase(v1.VMIPhaseRunning))
	s.requests.Take()
	s.events.Take()
	launcher.SetState(&protocol.DomainState{State: protocol.State_STATE_SHUTTING_DOWN})
	launcher.SetState(&protocol.DomainState{State: protocol.State_STATE_SHUTOFF, Reason: "Shutdown"})
	s.until("the end", inPhase(v1.VMIPhaseSucceeded))
	s.wantWrites(1)
	s.wantEvents("Normal Stopped")
	if signals := launcher.Signals(); !slices.Contains(signals, protocol.Action_ACTION_RELEASE) {
		t.Errorf("the launcher was told %v", signals)
	}
}

func TestHandlerRestartChangesNothing(t *testing.T) {
	s := newSuite(t)
	launcher := s.launcher()
	s.until("a running guest", inPhase(v1.VMIPhaseRunning))
	before := s.read().DeepCopy()
	s.restart()
	s.until("the launcher found again", func(vmi *v1.VirtualMachineInstance) bool {
		_, guest, known := s.r.Launchers.Lookup(vmi.UID)
		return known && guest.Launcher != nil
	})
	if err := s.tryReconcile(); err != nil {
		t.Fatal(err)
	}
	s.wantWrites(0)
	s.wantEvents()
	if len(launcher.Syncs()) != 1 || s.pods.prepared.Load() != 0 {
		t.Errorf("synced %d times, prepared %d times", len(launcher.Syncs()), s.pods.prepared.Load())
	}
	if s.read().ResourceVersion != before.ResourceVersion {
		t.Error("the instance was written")
	}
	launcher.SetState(&protocol.DomainState{State: protocol.State_STATE_PAUSED, Reason: "IOError"})
	s.until("its status right afterwards", func(vmi *v1.VirtualMachineInstance) bool { return vmi.IsPaused() })
	s.wantEvents("Warning Paused")
}

func TestRestartDuringTheStart(t *testing.T) {
	s := newSuite(t)
	launcher := s.launcher()
	launcher.SetState(&protocol.DomainState{State: protocol.State_STATE_RUNNING, Machine: "pc-q35-10.0"})
	s.until("a running guest", inPhase(v1.VMIPhaseRunning))
	s.wantWrites(1)
	s.wantEvents("Normal Started")
	if s.vmi.Status.Interfaces[0].IP != "10.244.1.7" || len(launcher.Syncs()) != 0 {
		t.Errorf("interfaces %v, synced %d times", s.vmi.Status.Interfaces, len(launcher.Syncs()))
	}
}

func TestGuestThatStartsPausedRunsPaused(t *testing.T) {
	s := newSuite(t)
	launcher := s.launcher()
	launcher.OnSync(func(*protocol.SyncRequest) error {
		launcher.SetState(&protocol.DomainState{State: protocol.State_STATE_PAUSED, Reason: "User", Machine: "pc-q35-10.0"})
		return nil
	})
	s.until("a paused guest", func(vmi *v1.VirtualMachineInstance) bool { return vmi.IsPaused() })
	if c := s.vmi.Condition(v1.ConditionPaused); !s.vmi.IsRunning() || c.Reason != v1.ReasonPausedByUser {
		t.Errorf("phase %s, condition %+v", s.vmi.Status.Phase, c)
	}
	s.wantWrites(1)
	s.wantEvents("Normal Started")
	launcher.SetState(&protocol.DomainState{State: protocol.State_STATE_RUNNING, Machine: "pc-q35-10.0"})
	s.until("a guest that goes on", func(vmi *v1.VirtualMachineInstance) bool { return !vmi.IsPaused() })
	s.wantWrites(1)
	s.wantEvents("Normal Unpaused")
}

func TestPausedAndFrozenGuest(t *testing.T) {
	s := newSuite(t)
	launcher := s.launcher()
	s.until("a running guest", inPhase(v1.VMIPhaseRunning))
	s.requests.Take()
	s.events.Take()
	for _, c := range []struct {
		what           string
		state          protocol.State
		reason         string
		frozen, paused bool
		events         []string
	}{
		{"frozen", protocol.State_STATE_RUNNING, "", true, false, nil},
		{"frozen and paused", protocol.State_STATE_PAUSED, "User", true, true, []string{"Normal Paused"}},
		{"frozen and on", protocol.State_STATE_RUNNING, "", true, false, []string{"Normal Unpaused"}},
		{"thawed", protocol.State_STATE_RUNNING, "", false, false, nil},
	} {
		launcher.SetState(&protocol.DomainState{State: c.state, Reason: c.reason, Machine: "pc-q35-10.0", Frozen: c.frozen})
		s.until(c.what, func(vmi *v1.VirtualMachineInstance) bool {
			return (vmi.Status.FSFreezeStatus == "frozen") == c.frozen && vmi.IsPaused() == c.paused
		})
		s.wantWrites(1)
		s.wantEvents(c.events...)
	}
}

func TestStartThatFails(t *testing.T) {
	s := newSuite(t)
	launcher := s.launcher()
	launcher.OnSync(func(*protocol.SyncRequest) error {
		return protocol.NewError(codes.Internal, protocol.ReasonStartFailed, "no space left")
	})
	for range 2 {
		if err := s.failure(); errors.Is(err, reconcile.TerminalError(nil)) {
			t.Errorf("error is %v: it has to be tried again", err)
		}
		for range 5 { // whatever else wakes it, such as its own word on the failure
			if err := s.tryReconcile(); err != nil {
				t.Errorf("woken up after a failure, it tries again at once: %v", err)
			}
		}
	}
	if n := len(launcher.Syncs()); n != 2 {
		t.Errorf("started %d times, want 2", n)
	}
	s.wantWrites(1)
	s.wantEvents("Warning SyncFailed")
	if c := s.read().Condition(v1.ConditionSynchronized); c == nil || c.Reason != "StartFailed" || c.Message != "no space left" {
		t.Errorf("condition %+v", c)
	}
	launcher.OnSync(nil)
	s.until("a running guest", inPhase(v1.VMIPhaseRunning))
	if s.vmi.Condition(v1.ConditionSynchronized) != nil {
		t.Error("the problem stays in the status")
	}
	s.wantEvents("Normal Started")
}

func TestSpecThatCannotWorkIsNotTriedAgain(t *testing.T) {
	s := newSuite(t)
	launcher := s.launcher()
	launcher.OnSync(func(*protocol.SyncRequest) error {
		return fmt.Errorf("sync: %w", protocol.NewError(codes.InvalidArgument, protocol.ReasonInvalidDomain, "no such machine"))
	})
	if err := s.failure(); !errors.Is(err, reconcile.TerminalError(nil)) {
		t.Errorf("error is %v", err)
	}
	s.wantEvents("Warning SyncFailed")
}

func TestCrashedLauncher(t *testing.T) {
	s := newSuite(t)
	command := s.Start(t, podUID, "TestPlayLauncher", "PLAY_LAUNCHER_IN="+s.directory,
		"PLAY_NAMESPACE="+s.vmi.Namespace, "PLAY_UID="+string(s.vmi.UID))
	s.until("a running guest", inPhase(v1.VMIPhaseRunning))
	s.requests.Take()
	s.events.Take()
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	s.until("the end", inPhase(v1.VMIPhaseFailed))
	s.wantWrites(1)
	s.wantEvents("Warning Stopped")
}

func TestLauncherThatEndsBeforeItsGuestRan(t *testing.T) {
	s := newSuite(t)
	s.pods.fail = errors.New("not yet")
	command := s.Start(t, podUID, "TestPlayLauncher", "PLAY_LAUNCHER_IN="+s.directory,
		"PLAY_NAMESPACE="+s.vmi.Namespace, "PLAY_UID="+string(s.vmi.UID))
	if err := cluster.Client.Delete(t.Context(), s.vmi); err != nil {
		t.Fatal(err)
	}
	s.until("the launcher", func(vmi *v1.VirtualMachineInstance) bool {
		_, _, known := s.r.Launchers.Lookup(vmi.UID)
		return known
	})
	if n := s.pods.prepared.Load(); n != 0 {
		t.Errorf("prepared %d times although it is being deleted", n)
	}
	_ = command.Process.Kill()
	_ = command.Wait()
	s.until("the launcher's end", func(vmi *v1.VirtualMachineInstance) bool {
		_, guest, known := s.r.Launchers.Lookup(vmi.UID)
		return known && guest.Exited
	})
	s.wantWrites(0) // the pod's own end tells virt-controller
}

func TestAnotherWritersChangeIsKept(t *testing.T) {
	s := newSuite(t)
	s.launcher()
	s.until("the launcher", func(vmi *v1.VirtualMachineInstance) bool {
		_, guest, known := s.r.Launchers.Lookup(vmi.UID)
		return known && guest.State.GetState() == protocol.State_STATE_RUNNING || vmi.IsRunning()
	})
	s.asController(func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Conditions = append(vmi.Status.Conditions, v1.Condition{Type: v1.ConditionDataVolumesReady, Status: corev1.ConditionTrue})
	})
	s.until("a running guest", inPhase(v1.VMIPhaseRunning))
	if !s.vmi.IsConditionTrue(v1.ConditionDataVolumesReady) || s.vmi.Condition(v1.ConditionReady) == nil {
		t.Errorf("conditions %v", s.vmi.Status.Conditions)
	}
}
