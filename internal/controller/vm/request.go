package vm

import (
	"slices"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// requestsFor are the requests that are still to be carried out. A machine that was
// switched off since they were made is not to be switched on by them.
func requestsFor(vm *v1.VirtualMachine, strategy v1.VirtualMachineRunStrategy, vmi *v1.VirtualMachineInstance) []v1.VirtualMachineStateChangeRequest {
	requests := vm.Status.StateChangeRequests
	before := vm.Status.RunStrategy
	if strategy == v1.RunStrategyHalted && before != v1.RunStrategyHalted && before != v1.RunStrategyUnset {
		requests = slices.DeleteFunc(slices.Clone(requests), func(r v1.VirtualMachineStateChangeRequest) bool {
			return r.Action == v1.StateChangeRequestActionStart
		})
	}
	return dueRequests(requests, vmi)
}

// dueRequests drops the requests at the head of the list that have been carried
// out: a stop once its instance is gone, a start once there is a live instance.
func dueRequests(requests []v1.VirtualMachineStateChangeRequest, vmi *v1.VirtualMachineInstance) []v1.VirtualMachineStateChangeRequest {
	for len(requests) > 0 {
		head := requests[0]
		var done bool
		switch head.Action {
		case v1.StateChangeRequestActionStop:
			done = vmi == nil || head.UID != nil && *head.UID != vmi.UID
		case v1.StateChangeRequestActionStart:
			done = vmi != nil && !vmi.IsFinal()
		}
		if !done {
			return requests
		}
		requests = requests[1:]
	}
	return nil
}

func pendingRequest(due []v1.VirtualMachineStateChangeRequest) request {
	if len(due) == 0 {
		return noRequest
	}
	switch due[0].Action {
	case v1.StateChangeRequestActionStart:
		return startRequest
	case v1.StateChangeRequestActionStop:
		return stopRequest
	}
	return noRequest
}
