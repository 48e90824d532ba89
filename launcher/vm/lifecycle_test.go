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
	crashed   = hypervisor.Status{State: hypervisor.StateCrashed, Reason: hypervisor.ReasonCrashed}
)

type decision = func(lifecycle) (lifecycle, []step)

func see(status hypervisor.Status) decision {
	return func(l lifecycle) (lifecycle, []step) { return l.observed(status) }
}

func begin(l lifecycle) (lifecycle, []step) { return l.begin(), nil }

func began(err error) decision {
	return func(l lifecycle) (lifecycle, []step) { return l.began("q35", err) }
}

var errStart = errors.New("no")

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
