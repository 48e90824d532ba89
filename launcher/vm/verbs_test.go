package vm

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/hypervisor"
)

func (f *fakeHypervisor) verb(name string, err error, becomes ...hypervisor.Status) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, name)
	for _, status := range becomes {
		f.status(status)
	}
	return err
}

func (f *fakeHypervisor) Suspend(context.Context) error { return f.verb("suspend", nil, paused) }
func (f *fakeHypervisor) Resume(context.Context) error  { return f.verb("resume", nil, running) }
func (f *fakeHypervisor) Reset(context.Context) error   { return f.verb("reset", nil) }
func (f *fakeHypervisor) Freeze(context.Context) error  { return f.verb("freeze", f.agentFails) }
func (f *fakeHypervisor) Thaw(context.Context) error    { return f.verb("thaw", f.agentFails) }

func (f *fakeHypervisor) Reboot(_ context.Context, byAgent bool) error {
	if !byAgent {
		return f.verb("reboot", nil)
	}
	time.Sleep(f.slow)
	return f.verb("reboot by agent", f.agentFails)
}

// want compares the hypervisor's calls since the last time.
func (f *fakeHypervisor) want(t *testing.T, calls ...string) {
	t.Helper()
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(f.calls, calls) {
		t.Errorf("calls %q, want %q", f.calls, calls)
	}
	f.calls = nil
}

// withGuest is inBubble with a guest that runs; its agent is connected.
func withGuest(t *testing.T, test func(t *testing.T, m *Machine, f *fakeHypervisor)) {
	inBubble(t, time.Minute, func(t *testing.T, m *Machine, f *fakeHypervisor, _ *fakePreparer) {
		if err := m.Sync(t.Context(), Wanted{}); err != nil {
			t.Fatal(err)
		}
		f.agent(true)
		synctest.Wait()
		test(t, m, f)
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
	synctest.Wait()
}

func TestPauseAndResume(t *testing.T) {
	withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
		must(t, m.Pause(t.Context()))
		if s := m.Snapshot().Status; s != paused {
			t.Errorf("status %v", s)
		}
		must(t, m.Pause(t.Context()))
		f.want(t, "suspend")
		must(t, m.Resume(t.Context()))
		must(t, m.Resume(t.Context()))
		f.want(t, "resume")
		if s := m.Snapshot().Status; s != running {
			t.Errorf("status %v", s)
		}
	})
}

func TestStartPaused(t *testing.T) {
	inBubble(t, time.Minute, func(t *testing.T, m *Machine, _ *fakeHypervisor, _ *fakePreparer) {
		strategy := v1.StartStrategyPaused
		wanted := Wanted{VMI: &v1.VirtualMachineInstance{Spec: v1.VirtualMachineInstanceSpec{StartStrategy: &strategy}}}
		must(t, m.Sync(t.Context(), wanted))
		if s := m.Snapshot().Status; s != paused {
			t.Errorf("status %v", s)
		}
	})
}

// A paused guest on its way out runs before its power button is pressed.
func TestTerminateAPausedGuest(t *testing.T) {
	withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
		must(t, m.Pause(t.Context()))
		m.Terminate()
		f.want(t, "suspend", "resume", "press")
		exitCode(t, m, 0, releaseWait)
		if err := m.Resume(t.Context()); !errors.Is(err, ErrNotRunning) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestReboot(t *testing.T) {
	withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
		began := time.Now()
		must(t, m.Reboot(t.Context()))
		f.want(t, "reboot by agent")
		if took := time.Since(began); took != 0 {
			t.Errorf("took %v", took)
		}
		f.slow = 20 * time.Second
		must(t, m.Reboot(t.Context()))
		if took := time.Since(began); took != rebootPatience {
			t.Errorf("took %v", took)
		}
		must(t, m.Reset(t.Context())) // the guest does not obey
		f.want(t, "reset")
		time.Sleep(f.slow)
		f.slow, f.agentFails = 0, errAgent
		if err := m.Reboot(t.Context()); !errors.Is(err, errAgent) {
			t.Errorf("an agent that refuses: %v", err)
		}
		f.agent(false)
		f.want(t, "reboot by agent", "reboot by agent")
		must(t, m.Reboot(t.Context()))
		f.want(t, "reboot")
	})
}

// limit is the time of the freeze in TestFreeze.
const limit = time.Minute

func wantFrozen(t *testing.T, m *Machine, want bool) {
	t.Helper()
	synctest.Wait()
	if got := m.Snapshot().Frozen; got != want {
		t.Errorf("frozen is %v after %v", got, time.Now())
	}
}

// ofFrozen are what may become of a frozen guest.
var ofFrozen = map[string]func(t *testing.T, m *Machine, f *fakeHypervisor){
	"thawed by its user": func(t *testing.T, m *Machine, f *fakeHypervisor) {
		must(t, m.Thaw(t.Context()))
		wantFrozen(t, m, false)
		time.Sleep(2 * limit)
		f.want(t, "thaw")
	},
	"thawed when its time is up": func(t *testing.T, m *Machine, f *fakeHypervisor) {
		time.Sleep(limit - time.Second)
		wantFrozen(t, m, true)
		f.want(t)
		time.Sleep(time.Second)
		wantFrozen(t, m, false)
		f.want(t, "thaw")
	},
	"prolonged": func(t *testing.T, m *Machine, f *fakeHypervisor) {
		time.Sleep(limit / 2)
		must(t, m.Freeze(t.Context(), limit))
		time.Sleep(limit - time.Second)
		wantFrozen(t, m, true)
		f.want(t)
		time.Sleep(time.Second)
		f.want(t, "thaw")
	},
	"frozen anew": func(t *testing.T, m *Machine, f *fakeHypervisor) {
		must(t, m.Thaw(t.Context()))
		must(t, m.Freeze(t.Context(), 2*limit))
		time.Sleep(limit)
		wantFrozen(t, m, true)
		f.want(t, "thaw", "freeze")
	},
	"thawed at the third try": func(t *testing.T, m *Machine, f *fakeHypervisor) {
		f.agentFails = errAgent
		time.Sleep(limit + thawAgain + time.Second)
		wantFrozen(t, m, true)
		f.agentFails = nil
		time.Sleep(time.Hour)
		wantFrozen(t, m, false)
		f.want(t, "thaw", "thaw", "thaw")
	},
	"reset": func(t *testing.T, m *Machine, f *fakeHypervisor) {
		must(t, m.Reset(t.Context()))
		wantFrozen(t, m, false)
		time.Sleep(2 * limit)
		f.want(t, "reset")
	},
	"rebooted": func(t *testing.T, m *Machine, f *fakeHypervisor) {
		must(t, m.Reboot(t.Context()))
		wantFrozen(t, m, false)
		f.want(t, "thaw", "reboot by agent")
	},
	"stopped": func(t *testing.T, m *Machine, f *fakeHypervisor) {
		m.Terminate()
		f.want(t, "thaw", "press")
		wantFrozen(t, m, false)
	},
	"its agent says less": func(t *testing.T, m *Machine, f *fakeHypervisor) {
		f.mu.Lock()
		f.info = hypervisor.GuestInfo{}
		f.mu.Unlock()
		time.Sleep(agentRefresh[0] + time.Second)
		if agent := m.Snapshot().Agent; agent == nil || agent.Hostname != "one" {
			t.Errorf("agent %+v", agent)
		}
	},
}

func TestFreeze(t *testing.T) {
	for name, test := range ofFrozen {
		t.Run(name, func(t *testing.T) {
			withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
				f.mu.Lock()
				f.info.Hostname = "one"
				f.mu.Unlock()
				f.agent(true)
				synctest.Wait()
				must(t, m.Freeze(t.Context(), limit))
				wantFrozen(t, m, true)
				f.want(t, "freeze")
				test(t, m, f)
			})
		})
	}
}

func TestFreezeFails(t *testing.T) {
	withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
		f.agentFails = errAgent
		if err := m.Freeze(t.Context(), time.Minute); !errors.Is(err, errAgent) {
			t.Errorf("error %v", err)
		}
		f.want(t, "freeze", "thaw")
		f.agent(false)
		synctest.Wait()
		for _, err := range []error{m.Freeze(t.Context(), time.Minute), m.Thaw(t.Context())} {
			if !errors.Is(err, ErrNoAgent) {
				t.Errorf("without an agent: %v", err)
			}
		}
		if m.Snapshot().Frozen {
			t.Error("counts as frozen")
		}
	})
}
