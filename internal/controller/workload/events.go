package workload

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/event"
)

func podEvicted(pod string) event.Event {
	return event.Normal(v1.EventSuccessfulEvict,
		"Evicted pod %s, whose launcher is older than the installation: the guest shuts down", pod)
}

func podNotEvicted(pod string, err error) event.Event {
	return event.Warning(v1.EventFailedEvict,
		"Pod %s, whose launcher is older than the installation, was not evicted: %v", pod, err)
}
