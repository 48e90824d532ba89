package vm

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

// fakeHypervisor runs a guest that does as it is told.
type fakeHypervisor struct {
	events chan hypervisor.Event
	// deaf guests do not hear the power button.
	deaf bool
	// unavailable is a libvirt that does not come up.
	unavailable bool

	mu      sync.Mutex
	starts  int
	presses int
	info    hypervisor.GuestInfo
	asked   int
	// calls are the verbs in their order; agentFails makes the guest agent's fail.
	calls      []string
	agentFails error
	// slow is how long a reboot by the agent, or a screenshot, takes to be answered.
	slow time.Duration
	// dumping lets a dump end when it is closed, dumpFails is what it ends with.
	dumping   chan struct{}
	dumpFails error
	// says are the agent's answers by command; ending is how many times a program is
	// asked for before it has ended.
	says   map[string]string
	ending int
	// silent is the command that is not answered, by asking callers now and most at
	// once; started are the programs.
	silent       string
	asking, most int
	started      []string
}

func newFakeHypervisor() *fakeHypervisor {
	return &fakeHypervisor{events: make(chan hypervisor.Event, 16)}
}

func (f *fakeHypervisor) status(status hypervisor.Status) {
	f.events <- hypervisor.Event{Status: &status}
}

func (f *fakeHypervisor) agent(connected bool) { f.events <- hypervisor.Event{Agent: &connected} }

func (f *fakeHypervisor) Start(ctx context.Context, _ string, startPaused bool) (string, error) {
	if f.unavailable {
		<-ctx.Done()
		return "", ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.starts++
	if startPaused {
		f.status(paused)
	} else {
		f.status(running)
	}
	return "pc-q35-10.0", nil
}

func (f *fakeHypervisor) PressPowerButton(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.presses++
	f.calls = append(f.calls, "press")
	if !f.deaf {
		f.status(shutdown)
	}
	return nil
}

func (f *fakeHypervisor) Destroy(context.Context) error {
	f.status(destroyed)
	return nil
}

func (f *fakeHypervisor) GuestInfo(context.Context) (*hypervisor.GuestInfo, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	info := f.info
	return &info, nil
}

func (f *fakeHypervisor) Events() <-chan hypervisor.Event { return f.events }

type fakePreparer struct{ err error }

func (p *fakePreparer) Prepare(context.Context, Wanted) (Prepared, error) {
	return Prepared{XML: "<domain/>", Disks: []Disk{{Volume: "root", Target: "vda", Size: 1 << 20}}}, p.err
}

// inBubble runs a test with a machine under a clock of its own.
func inBubble(t *testing.T, grace time.Duration, test func(t *testing.T, m *Machine, f *fakeHypervisor, p *fakePreparer)) {
	synctest.Test(t, func(t *testing.T) {
		f, p := newFakeHypervisor(), &fakePreparer{}
		m := New(Options{Hypervisor: f, Preparer: p, Grace: grace, Log: slog.New(slog.DiscardHandler)})
		ctx, cancel := context.WithCancel(context.Background())
		go m.Run(ctx)
		test(t, m, f, p)
		if len(m.leftovers) != 0 { // whoever follows them notices
			f.agent(false)
			time.Sleep(2 * laterLast)
		}
		cancel()
		synctest.Wait()
	})
}

func exitCode(t *testing.T, m *Machine, want int, after time.Duration) {
	t.Helper()
	began := time.Now()
	select {
	case code := <-m.Done():
		if code != want {
			t.Errorf("exit code %d, want %d", code, want)
		}
		if took := time.Since(began); took != after {
			t.Errorf("exit after %v, want %v", took, after)
		}
	case <-time.After(time.Hour):
		t.Error("no exit")
	}
}

func TestSync(t *testing.T) {
	inBubble(t, time.Second, func(t *testing.T, m *Machine, f *fakeHypervisor, p *fakePreparer) {
		changed, stop := m.Watch()
		defer stop()
		p.err = errors.New("a volume is missing")
		if err := m.Sync(t.Context(), Wanted{}); !errors.Is(err, p.err) {
			t.Errorf("Sync: %v", err)
		}
		if len(changed) != 0 {
			t.Error("a failed start wakes the handler, which would try again at once")
		}
		if s := m.Snapshot(); s.StartError != p.err.Error() || s.Status.State != hypervisor.StateNone {
			t.Errorf("after a failed start: %+v", s)
		}
		p.err = nil
		for range 3 { // the first starts, the others find it running
			if err := m.Sync(t.Context(), Wanted{}); err != nil {
				t.Error(err)
			}
		}
		if s := m.Snapshot(); f.starts != 1 || s.StartError != "" || s.Machine != "pc-q35-10.0" || s.Status != running {
			t.Errorf("%d starts, %+v", f.starts, s)
		}
		f.status(shutdown)
		synctest.Wait()
		if err := m.Sync(t.Context(), Wanted{}); !errors.Is(err, ErrTerminating) {
			t.Errorf("Sync after the end: %v", err)
		}
		if err := m.Kill(); !errors.Is(err, ErrNotRunning) {
			t.Errorf("Kill after the end: %v", err)
		}
		exitCode(t, m, 0, releaseWait)
	})
}

// A start that waits for libvirt does not keep the pod from ending.
func TestTerminateDuringStart(t *testing.T) {
	inBubble(t, time.Minute, func(t *testing.T, m *Machine, f *fakeHypervisor, _ *fakePreparer) {
		f.unavailable = true
		failed := make(chan error)
		go func() { failed <- m.Sync(context.Background(), Wanted{}) }()
		synctest.Wait()
		m.Terminate()
		exitCode(t, m, 0, 0)
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Errorf("Sync: %v", err)
		}
	})
}

func TestTerminate(t *testing.T) {
	for name, tc := range map[string]struct {
		grace   time.Duration
		deaf    bool
		code    int
		after   time.Duration
		presses int
	}{
		"a guest that listens":   {30 * time.Second, false, 0, releaseWait, 1},
		"a guest that does not":  {12 * time.Second, true, 1, 12*time.Second + releaseWait, 3},
		"without a grace period": {0, false, 1, releaseWait, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, tc.grace, func(t *testing.T, m *Machine, f *fakeHypervisor, _ *fakePreparer) {
				f.deaf = tc.deaf
				if err := m.Sync(t.Context(), Wanted{}); err != nil {
					t.Fatal(err)
				}
				m.Terminate()
				exitCode(t, m, tc.code, tc.after)
				if f.presses != tc.presses {
					t.Errorf("the power button was pressed %d times, want %d", f.presses, tc.presses)
				}
			})
		})
	}
}

func TestRelease(t *testing.T) {
	inBubble(t, time.Second, func(t *testing.T, m *Machine, f *fakeHypervisor, _ *fakePreparer) {
		if err := m.Sync(t.Context(), Wanted{}); err != nil {
			t.Fatal(err)
		}
		m.Release()
		f.status(crashed)
		synctest.Wait()
		m.Release()
		exitCode(t, m, 1, 0)
	})
}

func TestWatch(t *testing.T) {
	inBubble(t, time.Second, func(t *testing.T, m *Machine, f *fakeHypervisor, _ *fakePreparer) {
		changed, stop := m.Watch()
		if err := m.Sync(t.Context(), Wanted{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		<-changed
		f.status(running) // no change
		synctest.Wait()
		select {
		case <-changed:
			t.Error("told of a change that was none")
		default:
		}
		stop()
		f.status(paused)
		synctest.Wait()
		select {
		case <-changed:
			t.Error("told after the end of the watch")
		default:
		}
	})
}

func TestAgent(t *testing.T) {
	inBubble(t, time.Second, func(t *testing.T, m *Machine, f *fakeHypervisor, _ *fakePreparer) {
		if err := m.Sync(t.Context(), Wanted{}); err != nil {
			t.Fatal(err)
		}
		f.info.Hostname = "one"
		f.agent(true)
		synctest.Wait()
		if agent := m.Snapshot().Agent; agent == nil || agent.Hostname != "one" {
			t.Fatalf("agent %+v", agent)
		}
		f.mu.Lock()
		f.info.Hostname = "two"
		f.mu.Unlock()
		time.Sleep(agentRefresh[0] + time.Millisecond)
		if agent := m.Snapshot().Agent; agent.Hostname != "two" {
			t.Errorf("agent %+v", agent)
		}
		time.Sleep(time.Hour)
		if f.asked < 30 || f.asked > 34 { // twice at first, then every two minutes
			t.Errorf("asked %d times in an hour", f.asked)
		}
		f.agent(true) // after a restart of libvirt, say
		synctest.Wait()
		if agent := m.Snapshot().Agent; agent == nil || f.asked < 31 {
			t.Errorf("connected anew: %+v, asked %d times", agent, f.asked)
		}
		f.agent(false)
		synctest.Wait()
		if agent := m.Snapshot().Agent; agent != nil {
			t.Errorf("after its leaving: %+v", agent)
		}
		asked := f.asked
		time.Sleep(time.Hour)
		if f.asked != asked {
			t.Error("asked on after its leaving")
		}
	})
}
