package apiserver

import (
	"encoding/json"
	"strings"
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

func ptr[T any](v T) *T { return &v }

func machine(running *bool, strategy v1.VirtualMachineRunStrategy) *v1.VirtualMachine {
	vm := &v1.VirtualMachine{}
	vm.Name = "myvm"
	vm.Spec.Running = running
	if strategy != "" {
		vm.Spec.RunStrategy = &strategy
	}
	return vm
}

func instance(phase v1.VirtualMachineInstancePhase) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Status.Phase = phase
	return vmi
}

type verbCase struct {
	name  string
	vm    *v1.VirtualMachine
	vmi   *v1.VirtualMachineInstance
	patch string
	fails string
}

func (c verbCase) check(t *testing.T, patch []patchOperation, err error) {
	t.Helper()
	if c.fails != "" {
		if err == nil || !strings.Contains(err.Error(), c.fails) {
			t.Fatalf("got %v, want an error with %q", err, c.fails)
		}
		return
	}
	got, _ := json.Marshal(patch)
	if err != nil || string(got) != c.patch {
		t.Fatalf("got %s, %v; want %s", got, err, c.patch)
	}
}

func TestStart(t *testing.T) {
	for _, c := range []verbCase{
		{name: "halted", vm: machine(nil, v1.RunStrategyHalted),
			patch: `[{"op":"test","path":"/spec/runStrategy","value":"Halted"},{"op":"replace","path":"/spec/runStrategy","value":"Always"}]`},
		{name: "running false", vm: machine(ptr(false), ""),
			patch: `[{"op":"test","path":"/spec/running","value":false},{"op":"replace","path":"/spec/running","value":true}]`},
		{name: "halted, the last instance ended", vm: machine(nil, v1.RunStrategyHalted), vmi: instance(v1.VMIPhaseSucceeded),
			patch: `[{"op":"test","path":"/spec/runStrategy","value":"Halted"},{"op":"replace","path":"/spec/runStrategy","value":"Always"}]`},
		{name: "halted, still stopping", vm: machine(nil, v1.RunStrategyHalted), vmi: instance(v1.VMIPhaseRunning), fails: "already running"},
		{name: "always", vm: machine(nil, v1.RunStrategyAlways), fails: "run strategy Always"},
		{name: "running true", vm: machine(ptr(true), ""), fails: "run strategy Always"},
	} {
		t.Run(c.name, func(t *testing.T) {
			patch, err := startPatch(c.vm, c.vmi, subresourcesv1.StartOptions{})
			c.check(t, patch, err)
		})
	}
	_, err := startPatch(machine(nil, v1.RunStrategyHalted), nil, subresourcesv1.StartOptions{Paused: true})
	verbCase{fails: "paused"}.check(t, nil, err)
}

func TestStop(t *testing.T) {
	running := instance(v1.VMIPhaseRunning)
	for _, c := range []struct {
		verbCase
		grace *int64
	}{
		{verbCase: verbCase{name: "always", vm: machine(nil, v1.RunStrategyAlways), vmi: running,
			patch: `[{"op":"test","path":"/spec/runStrategy","value":"Always"},{"op":"replace","path":"/spec/runStrategy","value":"Halted"}]`}},
		{verbCase: verbCase{name: "running true", vm: machine(ptr(true), ""), vmi: running,
			patch: `[{"op":"test","path":"/spec/running","value":true},{"op":"replace","path":"/spec/running","value":false}]`}},
		{verbCase: verbCase{name: "halted and gone", vm: machine(nil, v1.RunStrategyHalted), fails: "not running"}},
		{verbCase: verbCase{name: "halted and stopping", vm: machine(nil, v1.RunStrategyHalted), vmi: running, fails: "being stopped already"}},
		{verbCase: verbCase{name: "halted, hurried", vm: machine(nil, v1.RunStrategyHalted), vmi: running, patch: "null"}, grace: ptr(int64(0))},
		{verbCase: verbCase{name: "halted, not hurried", vm: machine(nil, v1.RunStrategyHalted), vmi: running, fails: "being stopped already"}, grace: ptr(int64(30))},
	} {
		t.Run(c.name, func(t *testing.T) {
			patch, err := stopPatch(c.vm, c.vmi, subresourcesv1.StopOptions{GracePeriod: c.grace})
			c.check(t, patch, err)
		})
	}
}
