//go:build process

package run_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"kubevirt.io/kubevirt/launcher/protocol"
)

// bootPaused starts a guest whose virtual CPUs stand still.
func (p *pod) bootPaused() {
	p.t.Helper()
	request := p.request(containerDisk(p.t, bootSector))
	request.Vmi = []byte(strings.Replace(string(request.GetVmi()), `"spec":{`, `"spec":{"startStrategy":"Paused",`, 1))
	if _, err := p.client.Sync(p.ctx(), request); err != nil {
		p.t.Fatal(err)
	}
}

// A paused guest does nothing, not even what it is told; it does so once it runs.
func TestPauseAndResume(t *testing.T) {
	p := startPod(t, 30)
	states := p.watch()
	p.boot(bootSector)
	p.signal(protocol.Action_ACTION_PAUSE)
	if paused := p.until(states, protocol.State_STATE_PAUSED); paused.GetReason() != "User" {
		t.Errorf("reason %q", paused.GetReason())
	}
	p.signal(protocol.Action_ACTION_PAUSE) // again, which is nothing to do
	p.say("p")
	select {
	case state := <-states:
		t.Fatalf("the paused guest became %v", state)
	case <-time.After(time.Second):
	}
	p.signal(protocol.Action_ACTION_RESUME)
	p.until(states, protocol.State_STATE_RUNNING)
	if off := p.until(states, protocol.State_STATE_SHUTOFF); off.GetReason() != "Shutdown" {
		t.Errorf("reason %q", off.GetReason())
	}
	p.signal(protocol.Action_ACTION_RELEASE)
	if code := p.exit(time.Second); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// A paused guest hears the power button all the same.
func TestPausedGuestStops(t *testing.T) {
	p := startPod(t, 30)
	states := p.watch()
	p.boot(bootSector)
	p.signal(protocol.Action_ACTION_PAUSE)
	p.until(states, protocol.State_STATE_PAUSED)
	p.kill(launcherName, syscall.SIGTERM)
	if off := p.until(states, protocol.State_STATE_SHUTOFF); off.GetReason() != "Shutdown" {
		t.Errorf("reason %q", off.GetReason())
	}
}

// A guest that starts paused never counts as running, and says nothing, before it
// is resumed; one that is not ends at once.
func TestStartPaused(t *testing.T) {
	p := startPod(t, 30)
	states := p.watch()
	p.bootPaused()
	for paused := false; !paused; {
		state := <-states
		if state.GetState() == protocol.State_STATE_RUNNING {
			t.Fatal("it counted as running")
		}
		paused = state.GetState() == protocol.State_STATE_PAUSED && state.GetReason() == "User" && state.GetMachine() != ""
	}
	time.Sleep(time.Second)
	if p.said(greeting) != 0 {
		t.Error("the guest speaks while it is paused")
	}
	p.signal(protocol.Action_ACTION_RESUME)
	p.until(states, protocol.State_STATE_RUNNING)
	p.waitLog(greeting) // after the ten seconds of its boot menu
	p.signal(protocol.Action_ACTION_SHUTDOWN)
	if off := p.until(states, protocol.State_STATE_SHUTOFF); off.GetReason() != "Shutdown" {
		t.Errorf("reason %q", off.GetReason())
	}

	p = startPod(t, 30)
	states = p.watch()
	p.bootPaused()
	p.until(states, protocol.State_STATE_PAUSED)
	p.kill(launcherName, syscall.SIGTERM)
	if off := p.until(states, protocol.State_STATE_SHUTOFF); off.GetReason() != "Destroyed" {
		t.Errorf("reason %q", off.GetReason())
	}
}

// The guest starts over in the same QEMU: at once by the reset button, of its own
// accord by the power button.
func TestResetAndReboot(t *testing.T) {
	p := startPod(t, 30)
	states := p.watch()
	p.boot(bootSector)
	qemu := p.processes()[qemuName]
	p.signal(protocol.Action_ACTION_RESET)
	p.waitSaid(greeting, 2, 30*time.Second)
	p.signal(protocol.Action_ACTION_REBOOT)
	p.waitSaid(greeting, 3, 30*time.Second)
	if now := p.processes()[qemuName]; len(now) != 1 || now[0] != qemu[0] {
		t.Errorf("QEMU was %v, is %v", qemu, now)
	}
	p.signal(protocol.Action_ACTION_SHUTDOWN) // and this time it stays off
	if off := p.until(states, protocol.State_STATE_SHUTOFF); off.GetReason() != "Shutdown" {
		t.Errorf("reason %q", off.GetReason())
	}
}

// What cannot be done is refused with its reason, and the guest runs on.
func TestRefusedActions(t *testing.T) {
	p := startPod(t, 30)
	states := p.watch()
	refused := func(action protocol.Action, reason protocol.Reason, message string) {
		t.Helper()
		_, err := p.client.Signal(p.ctx(), &protocol.SignalRequest{Session: p.session, Action: action, ThawAfterSeconds: 60})
		if status.Code(err) != codes.FailedPrecondition || protocol.ReasonOf(err) != reason || status.Convert(err).Message() != message {
			t.Errorf("%v: %v", action, err)
		}
	}
	refused(protocol.Action_ACTION_PAUSE, protocol.ReasonNotRunning, "no guest is running")
	p.boot(bootSector)
	refused(protocol.Action_ACTION_FREEZE, protocol.ReasonNoAgent, "the guest agent is not connected")
	refused(protocol.Action_ACTION_UNFREEZE, protocol.ReasonNoAgent, "the guest agent is not connected")
	p.signal(protocol.Action_ACTION_PAUSE)
	p.until(states, protocol.State_STATE_PAUSED)
	refused(protocol.Action_ACTION_REBOOT, protocol.ReasonPaused, "the guest is paused")
	p.signal(protocol.Action_ACTION_RESUME)
	p.until(states, protocol.State_STATE_RUNNING)
}
