package apiserver

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

func ptr[T any](v T) *T { return &v }

func machine(running *bool, strategy v1.VirtualMachineRunStrategy, changes ...func(*v1.VirtualMachine)) *v1.VirtualMachine {
	vm := &v1.VirtualMachine{}
	vm.Name = "myvm"
	vm.Spec.Running = running
	if strategy != "" {
		vm.Spec.RunStrategy = &strategy
	}
	vm.Status.PrintableStatus = v1.PrintableStatusStopped
	for _, change := range changes {
		change(vm)
	}
	return vm
}

func instance(phase v1.VirtualMachineInstancePhase) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{}
	vmi.UID = "one"
	vmi.Status.Phase = phase
	return vmi
}

func pending(vm *v1.VirtualMachine) {
	vm.Status.StateChangeRequests = []v1.VirtualMachineStateChangeRequest{{Action: v1.StateChangeRequestActionStart}}
}

func failing(vm *v1.VirtualMachine) {
	vm.Status.StartFailure = &v1.VirtualMachineStartFailure{ConsecutiveFailCount: 1}
}

func holds(t v1.ConditionType) func(*v1.VirtualMachine) {
	return func(vm *v1.VirtualMachine) { vm.Status.Conditions = []v1.Condition{{Type: t, Status: "True"}} }
}

// The words of verbCase for what the patches are.
const (
	toAlways      = `spec Halted -> Always`
	start         = `requests Start`
	startAsPaused = `requests Start paused`
	restart       = `requests Stop(one) Start`
	stop          = `requests Stop(one)`
)

// words describes a change.
func words(vm *v1.VirtualMachine, c machineChange) string {
	var parts []string
	if c.grace != nil {
		parts = append(parts, "grace "+string('0'+rune(*c.grace)))
	}
	if len(c.spec) > 0 {
		from, _ := json.Marshal(c.spec[0].Value)
		to, _ := json.Marshal(c.spec[1].Value)
		parts = append(parts, strings.ReplaceAll("spec "+string(from)+" -> "+string(to), `"`, ""))
	}
	if len(c.requests) > 0 {
		line := "requests"
		for _, r := range c.requests {
			line += " " + string(r.Action)
			if r.UID != nil {
				line += "(" + string(*r.UID) + ")"
			}
			if r.Data["paused"] == "true" {
				line += " paused"
			}
		}
		parts = append(parts, line)
	}
	return strings.Join(parts, ", ")
}

type verbCase struct {
	name  string
	vm    *v1.VirtualMachine
	vmi   *v1.VirtualMachineInstance
	want  string
	fails string
	code  int
}

func (c verbCase) check(t *testing.T, change machineChange, err error) {
	t.Helper()
	if c.fails != "" {
		var status apierrors.APIStatus
		if err == nil || !strings.Contains(err.Error(), c.fails) || !errors.As(err, &status) {
			t.Fatalf("got %v, want an error with %q", err, c.fails)
		}
		if want := max(c.code, 409); int(status.Status().Code) != want {
			t.Fatalf("code %d, want %d", status.Status().Code, want)
		}
		return
	}
	if got := words(c.vm, change); err != nil || got != c.want {
		t.Fatalf("got %q, %v; want %q", got, err, c.want)
	}
}

func TestStart(t *testing.T) {
	running, succeeded, failed := instance(v1.VMIPhaseRunning), instance(v1.VMIPhaseSucceeded), instance(v1.VMIPhaseFailed)
	of := func(strategy v1.VirtualMachineRunStrategy) *v1.VirtualMachine { return machine(nil, strategy) }
	for _, c := range []verbCase{
		{name: "halted", vm: of(v1.RunStrategyHalted), want: toAlways},
		{name: "running false", vm: machine(ptr(false), ""), want: "spec false -> true"},
		{name: "halted, the last instance ended", vm: of(v1.RunStrategyHalted), vmi: succeeded, want: toAlways},
		{name: "halted, still stopping", vm: of(v1.RunStrategyHalted), vmi: running, fails: "already running"},
		{name: "always", vm: of(v1.RunStrategyAlways), fails: "run strategy Always"},
		{name: "once", vm: of(v1.RunStrategyOnce), fails: "run strategy Once"},
		{name: "receiver", vm: of(v1.RunStrategyWaitAsReceiver), fails: "run strategy WaitAsReceiver"},
		{name: "running true", vm: machine(ptr(true), ""), fails: "run strategy Always"},
		{name: "manual", vm: of(v1.RunStrategyManual), want: start},
		{name: "manual, running", vm: of(v1.RunStrategyManual), vmi: running, fails: "already running"},
		{name: "manual, ended", vm: of(v1.RunStrategyManual), vmi: succeeded, want: restart},
		{name: "manual, failed", vm: of(v1.RunStrategyManual), vmi: failed, want: restart},
		{name: "manual, asked already", vm: machine(nil, v1.RunStrategyManual, pending), fails: "still has a request", code: 500},
		{name: "rerun", vm: of(v1.RunStrategyRerunOnFailure), want: start},
		{name: "rerun, running", vm: of(v1.RunStrategyRerunOnFailure), vmi: running, fails: "already running"},
		{name: "rerun, ended", vm: of(v1.RunStrategyRerunOnFailure), vmi: succeeded, want: restart},
		{name: "rerun, failed", vm: of(v1.RunStrategyRerunOnFailure), vmi: failed, fails: "without being asked"},
		{name: "rerun, waiting after a failure", vm: machine(nil, v1.RunStrategyRerunOnFailure, pending, failing), want: start},
		{name: "halted, nobody knows of the guest", vm: of(v1.RunStrategyHalted), vmi: instance(v1.VMIPhaseUnknown), want: toAlways},
		{name: "to be recovered", vm: machine(nil, v1.RunStrategyHalted, holds(v1.ConditionManualRecoveryRequired)), fails: "recovered by hand"},
	} {
		t.Run(c.name, func(t *testing.T) {
			change, err := startChange(c.vm, c.vmi, subresourcesv1.StartOptions{})
			c.check(t, change, err)
		})
	}
	for _, c := range []verbCase{
		{name: "halted", vm: of(v1.RunStrategyHalted), want: startAsPaused},
		{name: "running false", vm: machine(ptr(false), ""), want: startAsPaused},
		{name: "manual", vm: of(v1.RunStrategyManual), want: startAsPaused},
		{name: "always", vm: of(v1.RunStrategyAlways), fails: "run strategy Always"},
	} {
		t.Run(c.name+", paused", func(t *testing.T) {
			change, err := startChange(c.vm, c.vmi, subresourcesv1.StartOptions{Paused: true})
			c.check(t, change, err)
		})
	}
}

func TestStop(t *testing.T) {
	running, ended := instance(v1.VMIPhaseRunning), instance(v1.VMIPhaseSucceeded)
	of := func(strategy v1.VirtualMachineRunStrategy) *v1.VirtualMachine { return machine(nil, strategy) }
	for _, c := range []struct {
		verbCase
		grace *int64
	}{
		{verbCase: verbCase{name: "always", vm: of(v1.RunStrategyAlways), vmi: running, want: "spec Always -> Halted"}},
		{verbCase: verbCase{name: "always, at once", vm: of(v1.RunStrategyAlways), vmi: running, want: "grace 0, spec Always -> Halted"}, grace: ptr(int64(0))},
		{verbCase: verbCase{name: "always, between two instances", vm: of(v1.RunStrategyAlways), want: "spec Always -> Halted"}, grace: ptr(int64(0))},
		{verbCase: verbCase{name: "running true", vm: machine(ptr(true), ""), vmi: running, want: "spec true -> false"}},
		{verbCase: verbCase{name: "once", vm: of(v1.RunStrategyOnce), vmi: running, want: "spec Once -> Halted"}},
		{verbCase: verbCase{name: "receiver", vm: of(v1.RunStrategyWaitAsReceiver), want: "spec WaitAsReceiver -> Halted"}},
		{verbCase: verbCase{name: "halted and gone", vm: of(v1.RunStrategyHalted), fails: "not running"}},
		{verbCase: verbCase{name: "halted and stopping", vm: of(v1.RunStrategyHalted), vmi: running, fails: "being stopped already"}},
		{verbCase: verbCase{name: "halted, hurried", vm: of(v1.RunStrategyHalted), vmi: running, want: "grace 0"}, grace: ptr(int64(0))},
		{verbCase: verbCase{name: "halted, not hurried", vm: of(v1.RunStrategyHalted), vmi: running, fails: "being stopped already"}, grace: ptr(int64(30))},
		{verbCase: verbCase{name: "manual", vm: of(v1.RunStrategyManual), vmi: running, want: stop}},
		{verbCase: verbCase{name: "manual, asked to start", vm: machine(nil, v1.RunStrategyManual, pending), vmi: running, want: stop}},
		{verbCase: verbCase{name: "manual and off", vm: of(v1.RunStrategyManual), fails: "not running"}},
		{verbCase: verbCase{name: "rerun", vm: of(v1.RunStrategyRerunOnFailure), vmi: running, want: "grace 5, " + stop}, grace: ptr(int64(5))},
		{verbCase: verbCase{name: "rerun, ended", vm: of(v1.RunStrategyRerunOnFailure), vmi: ended, fails: "not running"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			change, err := stopChange(c.vm, c.vmi, subresourcesv1.StopOptions{GracePeriod: c.grace})
			c.check(t, change, err)
		})
	}
}

func TestRestart(t *testing.T) {
	running, ended := instance(v1.VMIPhaseRunning), instance(v1.VMIPhaseSucceeded)
	of := func(strategy v1.VirtualMachineRunStrategy) *v1.VirtualMachine { return machine(nil, strategy) }
	for _, c := range []struct {
		verbCase
		grace *int64
	}{
		{verbCase: verbCase{name: "always", vm: of(v1.RunStrategyAlways), vmi: running, want: restart}},
		{verbCase: verbCase{name: "always, forced", vm: of(v1.RunStrategyAlways), vmi: running, want: "grace 1, " + restart}, grace: ptr(int64(0))},
		{verbCase: verbCase{name: "manual, ended, forced", vm: of(v1.RunStrategyManual), vmi: ended, want: restart}, grace: ptr(int64(0))},
		{verbCase: verbCase{name: "rerun", vm: of(v1.RunStrategyRerunOnFailure), vmi: running, want: restart}},
		{verbCase: verbCase{name: "running true", vm: machine(ptr(true), ""), vmi: running, want: restart}},
		{verbCase: verbCase{name: "halted", vm: of(v1.RunStrategyHalted), vmi: running, fails: "run strategy Halted"}},
		{verbCase: verbCase{name: "once", vm: of(v1.RunStrategyOnce), vmi: running, fails: "run strategy Once"}},
		{verbCase: verbCase{name: "off", vm: of(v1.RunStrategyAlways), fails: "start it instead"}},
		{verbCase: verbCase{name: "asked already", vm: machine(nil, v1.RunStrategyAlways, pending), vmi: running, fails: "still has a request", code: 500}},
		{verbCase: verbCase{name: "volumes on the move", vm: machine(nil, v1.RunStrategyAlways, holds(v1.ConditionVolumesChange)), vmi: running, fails: "being moved"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			change, err := restartChange(c.vm, c.vmi, subresourcesv1.RestartOptions{GracePeriodSeconds: c.grace})
			c.check(t, change, err)
		})
	}
	for grace, ok := range map[int64]bool{0: true, 1: false, -1: false} {
		if err := checkRestart(subresourcesv1.RestartOptions{GracePeriodSeconds: &grace}); (err == nil) != ok {
			t.Errorf("a grace period of %d: %v", grace, err)
		}
	}
}

func TestRequestPatch(t *testing.T) {
	requests := []v1.VirtualMachineStateChangeRequest{{Action: v1.StateChangeRequestActionStart}}
	fresh := machine(nil, v1.RunStrategyManual)
	fresh.Status = v1.VirtualMachineStatus{}
	for name, c := range map[string]struct {
		vm   *v1.VirtualMachine
		want string
	}{
		"no status yet": {fresh, `[{"op":"test","path":"/status","value":null},{"op":"add","path":"/status","value":{"stateChangeRequests":[{"action":"Start"}]}}]`},
		"no requests": {machine(nil, v1.RunStrategyManual),
			`[{"op":"test","path":"/status/stateChangeRequests","value":null},{"op":"add","path":"/status/stateChangeRequests","value":[{"action":"Start"}]}]`},
		"in place of others": {machine(nil, v1.RunStrategyManual, pending),
			`[{"op":"test","path":"/status/stateChangeRequests","value":[{"action":"Start"}]},{"op":"add","path":"/status/stateChangeRequests","value":[{"action":"Start"}]}]`},
		"after failures": {machine(nil, v1.RunStrategyManual, failing),
			`[{"op":"test","path":"/status/stateChangeRequests","value":null},{"op":"add","path":"/status/stateChangeRequests","value":[{"action":"Start"}]},{"op":"remove","path":"/status/startFailure"}]`},
	} {
		if got, _ := json.Marshal(requestPatch(c.vm, requests)); string(got) != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
