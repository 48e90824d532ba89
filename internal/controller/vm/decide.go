package vm

import (
	"fmt"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// instanceState is what there is of the machine's instance.
type instanceState int

const (
	// absent: there is none.
	absent instanceState = iota
	// live: it has not ended.
	live
	// succeeded: the guest has shut down.
	succeeded
	// failed: the guest crashed or never started.
	failed
	// leaving: it is being deleted, ended or not.
	leaving
)

// request is the state change request that waits to be carried out.
type request int

const (
	// noRequest: nothing waits.
	noRequest request = iota
	// startRequest asks for an instance.
	startRequest
	// stopRequest asks for the end of the very instance there is.
	stopRequest
)

// deletion is whether the machine is being deleted.
type deletion int

const (
	// staying: it is not.
	staying deletion = iota
	// withInstance: the instance goes first.
	withInstance
	// orphaning: the instance is to stay.
	orphaning
)

// action is what the machine's controller does next.
type action int

const (
	// stay: do nothing.
	stay action = iota
	// create an instance, after the delay of a crash loop.
	create
	// remove the instance.
	remove
	// turnOn changes the spec to a strategy that wants an instance.
	turnOn
	// release the machine: take its finalizer away.
	release
)

func (a action) String() string {
	return [...]string{"stay", "create", "remove", "turnOn", "release"}[a]
}

// situation is all that the decision depends on.
type situation struct {
	strategy v1.VirtualMachineRunStrategy
	instance instanceState
	request  request
	deletion deletion
}

// cell holds the actions of one strategy and instance state, by request.
type cell [3]action

func always(a action) cell { return cell{a, a, a} }

// strategies is the table of the run strategies that this version knows. What is
// not in it is refused at admission.
var strategies = map[v1.VirtualMachineRunStrategy]map[instanceState]cell{
	v1.RunStrategyAlways: {
		absent:    always(create),
		live:      {noRequest: stay, startRequest: stay, stopRequest: remove},
		succeeded: always(remove),
		failed:    always(remove),
		leaving:   always(stay),
	},
	v1.RunStrategyHalted: {
		absent:    {noRequest: stay, startRequest: turnOn, stopRequest: stay},
		live:      always(remove),
		succeeded: always(remove),
		failed:    always(remove),
		leaving:   always(stay),
	},
}

// decide returns what to do next; it fails for a strategy that is not known.
func decide(s situation) (action, error) {
	switch {
	case s.deletion == orphaning, s.deletion == withInstance && s.instance == absent:
		return release, nil
	case s.deletion == withInstance && s.instance == leaving:
		return stay, nil
	case s.deletion == withInstance:
		return remove, nil
	}
	cells, ok := strategies[s.strategy]
	if !ok {
		return stay, fmt.Errorf("run strategy %q is not supported by this version", s.strategy)
	}
	return cells[s.instance][s.request], nil
}
