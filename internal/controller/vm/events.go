package vm

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/event"
)

func instanceCreated(name string) event.Event {
	return event.Normal(v1.EventSuccessfulCreate, "Started the virtual machine by creating the virtual machine instance %s", name)
}

func instanceNotCreated(err error) event.Event {
	return event.Warning(v1.EventFailedCreate, "Error creating virtual machine instance: %v", err)
}

func instanceDeleted(name string) event.Event {
	return event.Normal(v1.EventSuccessfulDelete, "Stopped the virtual machine by deleting the virtual machine instance %s", name)
}

func instanceNotDeleted(err error) event.Event {
	return event.Warning(v1.EventFailedDelete, "Error deleting virtual machine instance: %v", err)
}

func placementNotChanged(err error) event.Event {
	return event.Warning(v1.EventFailedUpdate, "Error changing where the virtual machine instance may run: %v", err)
}

func dataVolumeCreated(name string) event.Event {
	return event.Normal(v1.EventSuccessfulDataVolumeCreate, "Created DataVolume %s", name)
}

func dataVolumeNotCreated(err error) event.Event {
	return event.Warning(v1.EventFailedDataVolumeCreate, "Error creating DataVolume: %v", err)
}

func dataVolumeNotAuthorized(err error) event.Event {
	return event.Warning(v1.EventUnauthorizedDataVolumeCreate, "Not authorized to create DataVolume: %v", err)
}

func sourceNotAvailable(err error) event.Event {
	return event.Warning(v1.EventSourcePVCNotAvailable, "DataVolume waits for its source: %v", err)
}
