package explain

import (
	"fmt"
	"regexp"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// starting: the launcher pod is on a node, where its containers do not run yet.
func (v *view) starting() bool {
	return v.pod != nil && v.pod.Spec.NodeName != "" && v.pod.Status.Phase == corev1.PodPending && v.pod.DeletionTimestamp.IsZero()
}

var missingObject = regexp.MustCompile(`(?i)(secret|configmap)s? "([^"]+)" not found`)

// mounts tells of volumes that the node cannot bring into the launcher pod. The
// kubelet's first attempt may well be too early.
func mounts(v *view) []cause {
	if v.pod == nil {
		return v.obstructed()
	}
	if !v.starting() || !v.late(v.pod.CreationTimestamp.Time, settles) {
		return nil
	}
	mount := v.freshEvent(v.pod.UID, "FailedMount", "FailedMapVolume")
	if mount != nil {
		if match := missingObject.FindStringSubmatch(mount.Message); match != nil {
			return []cause{v.missing(match[1], match[2], mount)}
		}
	}
	if attach := v.freshEvent(v.pod.UID, "FailedAttachVolume"); attach != nil {
		if containsAny(attach.Message, "Multi-Attach", "already used by", "already exclusively attached") {
			return []cause{v.inUse("A claim of the machine is attached to another node, and its access mode ReadWriteOnce "+
				"excludes a second", eventSays(attach))}
		}
		return []cause{notRunning(v1.CauseVolumeAttachFailed, "A volume cannot be attached to the node: "+sentence(attach.Message),
			"See to what the storage's attacher says: kubectl get volumeattachments.", eventSays(attach))}
	}
	if mount != nil {
		return []cause{notRunning(v1.CauseVolumeMountFailed, "A volume cannot be mounted: "+sentence(mount.Message),
			"Change what the message names, or look at the storage driver on the node.", eventSays(mount))}
	}
	return v.sandbox()
}

// obstructed goes by what virt-controller has read of the pod, where nobody has looked at it.
func (v *view) obstructed() []cause {
	c := v.untrue(v1.ConditionSynchronized)
	if c == nil {
		return nil
	}
	reason, message := v1.CauseVolumeMountFailed, "A volume cannot be mounted: "
	switch c.Reason {
	case "FailedMount", "FailedMapVolume":
	case "FailedAttachVolume":
		reason, message = v1.CauseVolumeAttachFailed, "A volume cannot be attached to the node: "
	case "FailedCreatePodSandBox":
		reason, message = v1.CauseContainerInvalid, "The launcher pod cannot be set up: "
	default:
		return nil
	}
	return []cause{notRunning(reason, message+sentence(c.Message), "Change what the message names; kubectl describe pod tells more.",
		v.vmiCondition(c))}
}

// missing tells of a Secret or ConfigMap that does not exist. Only the kubelet reads
// them, and what it says never holds their content.
func (v *view) missing(kind, name string, event *corev1.Event) cause {
	evidence := eventSays(event)
	if kind != "secret" && kind != "Secret" {
		return notRunning(v1.CauseConfigMapNotFound, fmt.Sprintf("The config map %s does not exist.", name),
			fmt.Sprintf("Create it: kubectl create configmap %s -n %s; or correct the machine's volumes.", name, v.VM.Namespace), evidence)
	}
	for i := range v.spec.Volumes {
		source := &v.spec.Volumes[i].VolumeSource
		var references []*corev1.LocalObjectReference
		if cloudInit := source.CloudInit(); cloudInit != nil {
			references = append(references, cloudInit.SecretRef, cloudInit.NetworkDataSecretRef)
		}
		for _, reference := range references {
			if reference != nil && reference.Name == name {
				return notRunning(v1.CauseCloudInitSecretNotFound,
					fmt.Sprintf("The secret %s with the cloud-init data of volume %s does not exist.", name, v.spec.Volumes[i].Name),
					fmt.Sprintf("Create it: kubectl create secret generic %s -n %s --from-file=userdata=FILE; or correct the volume.", name,
						v.VM.Namespace),
					evidence)
			}
		}
	}
	return notRunning(v1.CauseSecretNotFound, fmt.Sprintf("The secret %s does not exist.", name),
		fmt.Sprintf("Create it in namespace %s, or correct the machine's volumes.", v.VM.Namespace), evidence)
}

// sandbox tells that the pod's own frame cannot be made, mostly for want of a network.
// On a busy node the first attempts may fail of themselves.
func (v *view) sandbox() []cause {
	const attempts = 20 * time.Second
	if !v.late(v.pod.CreationTimestamp.Time, attempts) {
		return nil
	}
	event := v.freshEvent(v.pod.UID, "FailedCreatePodSandBox", "NetworkNotReady")
	if event == nil {
		return nil
	}
	if containsAny(event.Message, "network", "cni", "CNI", "plugin type") {
		return []cause{notRunning(v1.CauseNetworkFailed, "The launcher pod's network cannot be set up: "+sentence(event.Message),
			"See to the network plugin on the node, and to the machine's networks: each NetworkAttachmentDefinition that they "+
				"name must exist.",
			eventSays(event))}
	}
	return []cause{notRunning(v1.CauseContainerInvalid, "The launcher pod cannot be set up: "+sentence(event.Message),
		"See to the container runtime on the node.", eventSays(event))}
}
