package vm

import (
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Every cell of the API's table of run strategies that this version implements.
func TestDecide(t *testing.T) {
	none, start, stop := noRequest, startRequest, stopRequest
	cases := []struct {
		strategy v1.VirtualMachineRunStrategy
		instance instanceState
		request  request
		deletion deletion
		want     action
	}{
		{v1.RunStrategyAlways, absent, none, staying, create},
		{v1.RunStrategyAlways, absent, start, staying, create},
		{v1.RunStrategyAlways, absent, stop, staying, create},
		{v1.RunStrategyAlways, live, none, staying, stay},
		{v1.RunStrategyAlways, live, start, staying, stay},
		{v1.RunStrategyAlways, live, stop, staying, remove},
		{v1.RunStrategyAlways, succeeded, none, staying, remove},
		{v1.RunStrategyAlways, succeeded, start, staying, remove},
		{v1.RunStrategyAlways, failed, none, staying, remove},
		{v1.RunStrategyAlways, failed, stop, staying, remove},
		{v1.RunStrategyAlways, leaving, none, staying, stay},
		{v1.RunStrategyAlways, leaving, start, staying, stay},

		{v1.RunStrategyHalted, absent, none, staying, stay},
		{v1.RunStrategyHalted, absent, start, staying, turnOn},
		{v1.RunStrategyHalted, absent, stop, staying, stay},
		{v1.RunStrategyHalted, live, none, staying, remove},
		{v1.RunStrategyHalted, live, start, staying, remove},
		{v1.RunStrategyHalted, live, stop, staying, remove},
		{v1.RunStrategyHalted, succeeded, none, staying, remove},
		{v1.RunStrategyHalted, failed, none, staying, remove},
		{v1.RunStrategyHalted, leaving, none, staying, stay},

		{v1.RunStrategyAlways, absent, none, withInstance, release},
		{v1.RunStrategyAlways, live, none, withInstance, remove},
		{v1.RunStrategyAlways, failed, none, withInstance, remove},
		{v1.RunStrategyAlways, succeeded, none, withInstance, remove},
		{v1.RunStrategyAlways, leaving, none, withInstance, stay},
		{v1.RunStrategyHalted, absent, start, withInstance, release},
		{v1.RunStrategyAlways, live, none, orphaning, release},
		{v1.RunStrategyHalted, live, none, orphaning, release},
		// Even a strategy that is not known does not keep a machine from being deleted.
		{v1.RunStrategyWaitAsReceiver, live, none, withInstance, remove},
		{v1.RunStrategyWaitAsReceiver, absent, none, withInstance, release},
	}
	for _, c := range cases {
		got, err := decide(situation{c.strategy, c.instance, c.request, c.deletion})
		if err != nil || got != c.want {
			t.Errorf("%s, instance %d, request %d, deletion %d: %s (%v), want %s", c.strategy, c.instance, c.request, c.deletion, got, err, c.want)
		}
	}
	if a, err := decide(situation{strategy: v1.RunStrategyManual}); err == nil {
		t.Errorf("a strategy without a row: %s, want an error", a)
	}
}

// No strategy of the table leaves a state out.
func TestEveryStateHasACell(t *testing.T) {
	for strategy, cells := range strategies {
		for state := absent; state <= leaving; state++ {
			if _, ok := cells[state]; !ok {
				t.Errorf("%s has no cell for instance state %d", strategy, state)
			}
		}
	}
}
