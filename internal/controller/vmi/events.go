package vmi

import (
	"k8s.io/apimachinery/pkg/types"

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
	if c.fromDataVolume {
		return event.Warning(v1.EventFailedPvcNotFound,
			"PersistentVolumeClaim %s not found, waiting for it: there is no DataVolume of this name to make it either", c.name)
	}
	return event.Warning(v1.EventFailedPvcNotFound, "PersistentVolumeClaim %s not found, waiting for it", c.name)
}

func networkNotFound(definition types.NamespacedName, kindAbsent bool) event.Event {
	if kindAbsent {
		return event.Warning(v1.EventFailedCreate,
			"NetworkAttachmentDefinition %s not found, waiting for it: this cluster has none, install Multus", definition)
	}
	return event.Warning(v1.EventFailedCreate, "NetworkAttachmentDefinition %s not found, waiting for it", definition)
}

func resourceClaimNotFound(kind, name string, kindAbsent bool) event.Event {
	if kindAbsent {
		return event.Warning(v1.EventFailedCreate, "%s %s not found, waiting for it: "+
			"this cluster has no dynamic resource allocation (resource.k8s.io/v1)", kind, name)
	}
	return event.Warning(v1.EventFailedCreate, "%s %s not found, waiting for it", kind, name)
}

func podObstructed(f failure) event.Event {
	return event.Warning(f.reason, "%s", f.message)
}

func claimInUse(h *holder) event.Event {
	user := "pod " + h.pod
	if h.instance != "" {
		user = v1.KindVirtualMachineInstance + " " + h.instance
	}
	if h.leaving {
		return event.Warning(v1.EventClaimInUse, "PersistentVolumeClaim %s is in use by %s, waiting for it: pod %s is being deleted, "+
			"but may write until node %s has reported its end. If that node is lost, make sure that it is off and delete its Node, or the pod by force",
			h.claim, user, h.pod, h.node)
	}
	return event.Warning(v1.EventClaimInUse, "PersistentVolumeClaim %s is in use by %s, waiting for it: "+
		"two instances use a claim at once only if both read it, or the disks of both are shareable", h.claim, user)
}

func dataVolumeFailed(c *claim) event.Event {
	return event.Warning(v1.EventFailedDataVolumeImport, "DataVolume %s could not be filled", c.name)
}

func consumerFailed(pod string) event.Event {
	return event.Warning(v1.EventFailedCreate, "Pod %s, which was to have the claims provisioned, failed", pod)
}
