package pool

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/event"
)

func machineCreated(name string) event.Event {
	return event.Normal(v1.EventSuccessfulCreate, "Created the machine %s", name)
}

func machineDeleted(name string) event.Event {
	return event.Normal(v1.EventSuccessfulDelete, "Deleted the machine %s", name)
}

func machineReplaced(name string) event.Event {
	return event.Normal(v1.EventSuccessfulDelete, "Deleted the machine %s, which fails to start, to replace it", name)
}

func machineUpdated(name, revision string) event.Event {
	return event.Normal(v1.EventSuccessfulUpdate, "Updated the machine %s to the revision %s", name, revision)
}

func machineRestarted(name, revision string) event.Event {
	return event.Normal(v1.EventSuccessfulUpdate, "Restarting the machine %s with the revision %s", name, revision)
}

// failures holds the event of each reason of the condition ReplicaFailure.
var failures = map[string]func(message string) event.Event{
	v1.ReasonFailedScaleOut: func(message string) event.Event {
		return event.Warning(v1.EventFailedScaleOut, "Error adding a machine: %s", message)
	},
	v1.ReasonFailedScaleIn: func(message string) event.Event {
		return event.Warning(v1.EventFailedScaleIn, "Error removing a machine: %s", message)
	},
	v1.ReasonFailedUpdate: func(message string) event.Event {
		return event.Warning(v1.EventFailedUpdate, "Error updating a machine: %s", message)
	},
	v1.ReasonFailedRevisionPruning: func(message string) event.Event {
		return event.Warning(v1.EventFailedRevisionPruning, "Error removing old revisions: %s", message)
	},
}

func pauseChanged(paused bool) event.Event {
	if paused {
		return event.Normal(v1.EventSuccessfulPaused, "The pool is paused: it leaves its machines as they are")
	}
	return event.Normal(v1.EventSuccessfulResume, "The pool goes on")
}
