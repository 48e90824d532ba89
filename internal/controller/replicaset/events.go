package replicaset

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/event"
)

func instanceCreated(name string) event.Event {
	return event.Normal(v1.EventSuccessfulCreate, "Created the instance %s", name)
}

func instanceNotCreated(message string) event.Event {
	return event.Warning(v1.EventFailedCreate, "Error creating an instance: %s", message)
}

func instanceDeleted(name string) event.Event {
	return event.Normal(v1.EventSuccessfulDelete, "Deleted the instance %s", name)
}

func instanceNotDeleted(message string) event.Event {
	return event.Warning(v1.EventFailedDelete, "Error deleting an instance: %s", message)
}

func pauseChanged(paused bool) event.Event {
	if paused {
		return event.Normal(v1.EventSuccessfulPaused, "The replica set is paused: it neither creates nor deletes instances")
	}
	return event.Normal(v1.EventSuccessfulResumed, "The replica set goes on")
}
