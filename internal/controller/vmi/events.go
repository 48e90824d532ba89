package vmi

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/event"
)

func podCreated(name string) event.Event {
	return event.Normal(v1.EventSuccessfulCreate, "Created virtual machine pod %s", name)
}

func podNotCreated(err error) event.Event {
	return event.Warning(v1.EventFailedCreate, "Error creating pod: %v", err)
}

func podDeleted(name string) event.Event {
	return event.Normal(v1.EventSuccessfulDelete, "Deleted virtual machine pod %s", name)
}

func podNotDeleted(name string, err error) event.Event {
	return event.Warning(v1.EventFailedDelete, "Error deleting pod %s: %v", name, err)
}
