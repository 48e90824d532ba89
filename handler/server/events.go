package server

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/protocol"
	"kubevirt.io/kubevirt/internal/event"
)

func reset() event.Event {
	return event.Normal(v1.EventReset, "VirtualMachineInstance reset.")
}

func softRebooted() event.Event {
	return event.Normal(v1.EventSoftRebooted, "VirtualMachineInstance was asked to reboot.")
}

func freezeFailed(message string) event.Event {
	return event.Warning(v1.EventFreezeError, "The guest's filesystems could not be frozen: %s", message)
}

func thawFailed(message string) event.Event {
	return event.Warning(v1.EventFreezeError, "The guest's filesystems could not be thawed: %s", message)
}

// eventFor returns what there is to tell of an action that was carried out, or has
// failed with a message. That a guest is paused or goes on is told with its status.
func eventFor(action protocol.Action, failure string) (e event.Event, news bool) {
	failed := failure != ""
	switch {
	case action == protocol.Action_ACTION_RESET && !failed:
		return reset(), true
	case action == protocol.Action_ACTION_REBOOT && !failed:
		return softRebooted(), true
	case action == protocol.Action_ACTION_FREEZE && failed:
		return freezeFailed(failure), true
	case action == protocol.Action_ACTION_UNFREEZE && failed:
		return thawFailed(failure), true
	}
	return event.Event{}, false
}
