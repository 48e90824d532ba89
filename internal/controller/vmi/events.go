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

func claimNotFound(c *claim) event.Event {
	if c.unavailable {
		return event.Warning(v1.EventFailedPvcNotFound,
			"PersistentVolumeClaim %s not found, waiting for it: no DataVolume can make it, because this cluster has none", c.name)
	}
	return event.Warning(v1.EventFailedPvcNotFound, "PersistentVolumeClaim %s not found, waiting for it", c.name)
}

func dataVolumeFailed(c *claim) event.Event {
	return event.Warning(v1.EventFailedDataVolumeImport, "DataVolume %s could not be filled", c.name)
}

func consumerFailed(pod string) event.Event {
	return event.Warning(v1.EventFailedCreate, "Pod %s, which was to have the claims provisioned, failed", pod)
}
