package vm

import (
	"fmt"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// instanceState is what there is of the machine's instance.
type instanceState int

const (
	// never: there is none, and there has been none since the run strategy was set.
	never instanceState = iota
	// absent: there is none any more.
	absent
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
	// receive creates an instance that waits for a guest to migrate into it.
	receive
	// remove the instance.
	remove
	// rerun asks for a start, to be carried out once the instance has been removed.
	rerun
	// turnOn changes the spec to a strategy that wants an instance.
	turnOn
	// release the machine: take its finalizer away.
	release
)

func (a action) String() string {
	return [...]string{"stay", "create", "receive", "remove", "rerun", "turnOn", "release"}[a]
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

// strategies is the table of the run strategies.
var strategies = map[v1.VirtualMachineRunStrategy]map[instanceState]cell{
	v1.RunStrategyAlways: {
		never:     always(create),
		absent:    always(create),
		live:      {noRequest: stay, startRequest: stay, stopRequest: remove},
		succeeded: always(remove),
		failed:    always(remove),
		leaving:   always(stay),
	},
	// A guest that failed is started again by a request of the controller's own, so that one that ended in order
	// or was stopped stays off.
	v1.RunStrategyRerunOnFailure: {
		never:     always(create),
		absent:    {noRequest: stay, startRequest: create, stopRequest: stay},
		live:      {noRequest: stay, startRequest: stay, stopRequest: remove},
		succeeded: always(remove),
		failed:    {noRequest: rerun, startRequest: remove, stopRequest: remove},
		leaving:   always(stay),
	},
	v1.RunStrategyManual: {
		never:     {noRequest: stay, startRequest: create, stopRequest: stay},
		absent:    {noRequest: stay, startRequest: create, stopRequest: stay},
		live:      {noRequest: stay, startRequest: stay, stopRequest: remove},
		succeeded: {noRequest: stay, startRequest: remove, stopRequest: remove},
		failed:    {noRequest: stay, startRequest: remove, stopRequest: remove},
		leaving:   always(stay),
	},
	v1.RunStrategyHalted: {
		never:     {noRequest: stay, startRequest: turnOn, stopRequest: stay},
		absent:    {noRequest: stay, startRequest: turnOn, stopRequest: stay},
		live:      always(remove),
		succeeded: always(remove),
		failed:    always(remove),
		leaving:   always(stay),
	},
	v1.RunStrategyOnce: {
		never:     always(create),
		absent:    always(stay),
		live:      {noRequest: stay, startRequest: stay, stopRequest: remove},
		succeeded: {noRequest: stay, startRequest: stay, stopRequest: remove},
		failed:    {noRequest: stay, startRequest: stay, stopRequest: remove},
		leaving:   always(stay),
	},
	v1.RunStrategyWaitAsReceiver: {
		never:     always(receive),
		absent:    always(receive),
		live:      {noRequest: stay, startRequest: stay, stopRequest: remove},
		succeeded: always(remove),
		failed:    always(remove),
		leaving:   always(stay),
	},
}

// decide returns what to do next; it fails for a strategy that is not known.
func decide(s situation) (action, error) {
	gone := s.instance == absent || s.instance == never
	switch {
	case s.deletion == orphaning, s.deletion == withInstance && gone:
		return release, nil
	case s.deletion == withInstance && s.instance == leaving:
		return stay, nil
	case s.deletion == withInstance:
		return remove, nil
	}
	cells, ok := strategies[s.strategy]
	if !ok {
		return stay, fmt.Errorf("run strategy %q is not known", s.strategy)
	}
	return cells[s.instance][s.request], nil
}
