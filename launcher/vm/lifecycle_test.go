package vm

import (
	"errors"
	"slices"
	"testing"
	"time"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

var (
	running   = hypervisor.Status{State: hypervisor.StateRunning}
	paused    = hypervisor.Status{State: hypervisor.StatePaused, Reason: hypervisor.ReasonUser}
	downward  = hypervisor.Status{State: hypervisor.StateShuttingDown}
	shutdown  = hypervisor.Status{State: hypervisor.StateShutoff, Reason: hypervisor.ReasonShutdown}
	destroyed = hypervisor.Status{State: hypervisor.StateShutoff, Reason: hypervisor.ReasonDestroyed}
	badDisk   = hypervisor.Status{State: hypervisor.StatePaused, Reason: hypervisor.ReasonIOError}
	snapshot  = hypervisor.Status{State: hypervisor.StatePaused, Reason: hypervisor.ReasonSnapshot}
	crashed   = hypervisor.Status{State: hypervisor.StateCrashed, Reason: hypervisor.ReasonCrashed}
)

type decision = func(lifecycle) (lifecycle, []step)

func see(status hypervisor.Status) decision {
	return func(l lifecycle) (lifecycle, []step) { return l.observed(status) }
}

func begin(l lifecycle) (lifecycle, []step) { return l.begin(false), nil }

func beginPaused(l lifecycle) (lifecycle, []step) { return l.begin(true), nil }

func began(err error) decision {
	return func(l lifecycle) (lifecycle, []step) { return l.began("q35", err) }
}

func froze(err error) decision {
	return func(l lifecycle) (lifecycle, []step) { return l.froze(time.Minute, err) }
}

func thawed(err error) decision {
	return func(l lifecycle) (lifecycle, []step) { return l.thawed(err) }
}

func thawTimer(count int) decision {
	return func(l lifecycle) (lifecycle, []step) { return l.thawTimer(count) }
}

var errStart, errAgent = errors.New("no"), errors.New("no answer")

// then is an event of a story and the steps that must follow.
type then struct {
	do    decision
	steps []step
}

var stories = map[string]struct {
	grace time.Duration
	story []then
	state hypervisor.Status
	code  int
}{
	"the guest shuts down on SIGTERM": {30 * time.Second, []then{
		{begin, nil}, {see(running), nil}, {began(nil), nil},
		{lifecycle.terminate, []step{stepPress, stepArmPress, stepArmGrace}},
		{lifecycle.terminate, nil},
		{lifecycle.pressTimer, []step{stepPress, stepArmPress}},
		{see(downward), nil},
		{lifecycle.pressTimer, []step{stepArmPress}},
		{see(shutdown), []step{stepArmRelease}},
		{lifecycle.pressTimer, nil},
		{lifecycle.graceTimer, nil},
		{lifecycle.release, []step{stepExit}},
		{lifecycle.release, nil},
	}, shutdown, 0},
	"the guest ignores SIGTERM": {30 * time.Second, []then{
		{begin, nil}, {began(nil), nil},
		{lifecycle.terminate, []step{stepPress, stepArmPress, stepArmGrace}},
		{lifecycle.graceTimer, []step{stepDestroy}},
		{see(destroyed), []step{stepArmRelease}},
		{lifecycle.release, []step{stepExit}},
	}, destroyed, 1},
	"no grace": {0, []then{
		{begin, nil}, {began(nil), nil},
		{lifecycle.terminate, []step{stepDestroy}},
	}, running, 0},
	"SIGTERM while the handler's shutdown is under way": {time.Second, []then{
		{begin, nil}, {began(nil), nil},
		{lifecycle.shutdown, []step{stepPress, stepArmPress}},
		{lifecycle.terminate, []step{stepPress, stepArmGrace}},
	}, running, 0},
	"SIGTERM without a guest": {time.Second, []then{
		{lifecycle.terminate, []step{stepExit}},
	}, hypervisor.Status{}, 0},
	"SIGTERM during the start": {time.Second, []then{
		{begin, nil}, {lifecycle.terminate, nil}, {began(nil), []step{stepDestroy}},
	}, running, 0},
	"SIGTERM during a start that fails": {time.Second, []then{
		{begin, nil}, {lifecycle.terminate, nil}, {began(errStart), []step{stepExit}},
	}, hypervisor.Status{}, 0},
	"SIGTERM after the end": {time.Second, []then{
		{begin, nil}, {began(nil), nil}, {see(crashed), []step{stepArmRelease}},
		{lifecycle.terminate, nil},
		{lifecycle.release, []step{stepExit}},
	}, crashed, 1},
	"a failed start leaves room for another": {time.Second, []then{
		{begin, nil}, {see(crashed), nil}, {began(errStart), nil},
		{begin, nil}, {began(nil), nil},
	}, running, 0},
	"a guest that ends before its start is reported": {time.Second, []then{
		{begin, nil}, {see(running), nil}, {see(crashed), []step{stepArmRelease}}, {began(nil), nil},
		{lifecycle.release, []step{stepExit}},
	}, crashed, 1},
	"nothing moves an ended guest": {time.Second, []then{
		{begin, nil}, {began(nil), nil}, {see(shutdown), []step{stepArmRelease}},
		{see(running), nil}, {lifecycle.kill, nil}, {lifecycle.shutdown, nil},
	}, shutdown, 0},
	"release does not end a living guest": {time.Second, []then{
		{begin, nil}, {began(nil), nil}, {lifecycle.release, nil},
	}, running, 0},
	"a paused guest is resumed to hear the power button": {30 * time.Second, []then{
		{begin, nil}, {began(nil), nil}, {see(paused), nil},
		{lifecycle.terminate, []step{stepResume, stepPress, stepArmPress, stepArmGrace}},
		{lifecycle.pressTimer, []step{stepResume, stepPress, stepArmPress}}, // it could not be
		{see(running), nil},
		{lifecycle.pressTimer, []step{stepPress, stepArmPress}},
	}, running, 0},
	"so is one with a bad disk": {30 * time.Second, []then{
		{begin, nil}, {began(nil), nil}, {see(badDisk), nil},
		{lifecycle.shutdown, []step{stepResume, stepPress, stepArmPress}},
	}, badDisk, 0},
	"the hypervisor's own pauses are left alone": {30 * time.Second, []then{
		{begin, nil}, {began(nil), nil}, {see(snapshot), nil},
		{lifecycle.shutdown, []step{stepPress, stepArmPress}},
	}, snapshot, 0},
	"a guest that starts paused": {30 * time.Second, []then{
		{beginPaused, nil}, {began(nil), nil}, {see(paused), nil}, {see(running), nil},
		{lifecycle.terminate, []step{stepPress, stepArmPress, stepArmGrace}},
	}, running, 0},
	"a guest that starts paused and never runs": {30 * time.Second, []then{
		{beginPaused, nil}, {began(nil), nil},
		{lifecycle.terminate, []step{stepDestroy}},
	}, paused, 0},
	"a guest that starts paused and is asked to shut down": {30 * time.Second, []then{
		{beginPaused, nil}, {see(paused), nil}, {began(nil), nil},
		{lifecycle.shutdown, []step{stepDestroy}},
	}, paused, 0},
	"a frozen guest is thawed to shut down": {30 * time.Second, []then{
		{begin, nil}, {began(nil), nil}, {froze(nil), []step{stepArmThaw}},
		{lifecycle.terminate, []step{stepThaw, stepPress, stepArmPress, stepArmGrace}},
		{thawed(errAgent), nil},
		{lifecycle.pressTimer, []step{stepThaw, stepPress, stepArmPress}},
		{thawed(nil), nil},
		{lifecycle.pressTimer, []step{stepPress, stepArmPress}},
	}, running, 0},
	"a frozen and paused guest is resumed first": {30 * time.Second, []then{
		{begin, nil}, {began(nil), nil}, {froze(nil), []step{stepArmThaw}}, {see(paused), nil},
		{lifecycle.shutdown, []step{stepResume, stepThaw, stepPress, stepArmPress}},
	}, paused, 0},
	"a freeze that was under way": {30 * time.Second, []then{
		{begin, nil}, {began(nil), nil},
		{lifecycle.terminate, []step{stepPress, stepArmPress, stepArmGrace}},
		{froze(nil), []step{stepThaw}},
	}, running, 0},
	"a freeze that fails is taken back": {30 * time.Second, []then{
		{begin, nil}, {began(nil), nil}, {froze(errAgent), []step{stepThaw}}, {thawed(errAgent), nil},
	}, running, 0},
	"the time of a freeze": {30 * time.Second, []then{
		{begin, nil}, {began(nil), nil}, {froze(nil), []step{stepArmThaw}},
		{froze(nil), []step{stepArmThaw}},
		{thawTimer(1), nil}, // the first freeze has been prolonged
		{see(paused), nil},
		{thawTimer(2), []step{stepArmThawAgain}},
		{see(running), nil},
		{thawTimer(2), []step{stepThaw}},
		{thawed(errAgent), []step{stepArmThawAgain}},
		{thawTimer(2), []step{stepThaw}},
		{thawed(nil), nil},
		{thawTimer(2), nil},
	}, running, 0},
	"the end of a frozen guest": {30 * time.Second, []then{
		{begin, nil}, {began(nil), nil}, {froze(nil), []step{stepArmThaw}},
		{see(crashed), []step{stepArmRelease}},
		{thawTimer(1), nil}, {froze(nil), nil},
	}, crashed, 1},
	"a paused guest can be killed": {time.Second, []then{
		{begin, nil}, {began(nil), nil}, {see(paused), nil}, {lifecycle.kill, []step{stepDestroy}},
	}, paused, 0},
}

func TestLifecycle(t *testing.T) {
	for name, tc := range stories {
		t.Run(name, func(t *testing.T) {
			l := lifecycle{grace: tc.grace}
			for i, event := range tc.story {
				var steps []step
				if l, steps = event.do(l); !slices.Equal(steps, event.steps) {
					t.Fatalf("event %d: steps %v, want %v", i, steps, event.steps)
				}
			}
			if l.status != tc.state {
				t.Errorf("status %v, want %v", l.status, tc.state)
			}
			if code := l.exitCode(); l.exited && code != tc.code {
				t.Errorf("exit code %d, want %d", code, tc.code)
			}
		})
	}
}

func TestMayStart(t *testing.T) {
	for name, tc := range map[string]struct {
		lifecycle lifecycle
		want      bool
	}{
		"fresh":       {lifecycle{}, true},
		"starting":    {lifecycle{starting: true}, false},
		"terminating": {lifecycle{terminating: true}, false},
		"running":     {lifecycle{status: running}, false},
		"ended":       {lifecycle{status: shutdown}, false},
	} {
		if got := tc.lifecycle.mayStart(); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWhatAVerbNeeds(t *testing.T) {
	var none lifecycle
	live := lifecycle{status: running, agent: true}
	still, stopping, frozen, alone, downward := live, live, live, live, lifecycle{status: downward}
	still.status, stopping.stopping, frozen.freeze.on, alone.agent = paused, true, true, false
	type may = func(lifecycle) (bool, error)
	for _, tc := range []struct {
		name   string
		may    may
		in     lifecycle
		needed bool
		err    error
	}{
		{"pause", lifecycle.mayPause, live, true, nil},
		{"pause again", lifecycle.mayPause, still, false, nil},
		{"pause nothing", lifecycle.mayPause, none, true, ErrNotRunning},
		{"pause a stopping guest", lifecycle.mayPause, stopping, true, ErrStopping},
		{"pause a guest that powers off", lifecycle.mayPause, downward, true, ErrStopping},
		{"resume", lifecycle.mayResume, still, true, nil},
		{"resume again", lifecycle.mayResume, live, false, nil},
		{"resume nothing", lifecycle.mayResume, none, false, ErrNotRunning},
		{"reset", lifecycle.mayReset, still, true, nil},
		{"reset a stopping guest", lifecycle.mayReset, stopping, true, ErrStopping},
		{"reboot", lifecycle.mayReboot, alone, true, nil},
		{"reboot a paused guest", lifecycle.mayReboot, still, true, ErrPaused},
		{"reboot nothing", lifecycle.mayReboot, none, true, ErrNotRunning},
		{"freeze", lifecycle.mayFreeze, live, true, nil},
		{"freeze again", lifecycle.mayFreeze, frozen, false, nil},
		{"freeze without an agent", lifecycle.mayFreeze, alone, true, ErrNoAgent},
		{"freeze a paused guest", lifecycle.mayFreeze, still, true, ErrPaused},
		{"freeze a stopping guest", lifecycle.mayFreeze, stopping, true, ErrStopping},
		{"thaw", lifecycle.mayThaw, frozen, true, nil},
		{"thaw what is not frozen", lifecycle.mayThaw, live, true, nil},
		{"thaw a stopping guest", lifecycle.mayThaw, stopping, true, nil},
		{"thaw without an agent", lifecycle.mayThaw, alone, true, ErrNoAgent},
		{"thaw a paused guest", lifecycle.mayThaw, still, true, ErrPaused},
		{"thaw nothing", lifecycle.mayThaw, none, true, ErrNotRunning},
	} {
		needed, err := tc.may(tc.in)
		if !errors.Is(err, tc.err) || tc.err == nil && needed != tc.needed {
			t.Errorf("%s: needed %v, %v; want %v, %v", tc.name, needed, err, tc.needed, tc.err)
		}
	}
}
