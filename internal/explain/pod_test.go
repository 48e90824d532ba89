package explain

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func imageStories() []story {
	pulled := func(name, reason, kubelet, message, says string) story {
		return story{
			name: name, causes: causes(reason), says: says,
			facts: scene(v1.RunStrategyAlways, instance(v1.VMIPhaseScheduling, time.Minute),
				launcher(corev1.PodPending, time.Minute, waiting(kubelet, message))),
		}
	}
	backOff := pulled("image missing, told by the event", v1.CauseImageNotFound, v1.ReasonImagePullBackOff,
		`Back-off pulling image "registry/guest:1"`, "registry/guest:1")
	podEvent("Failed", `Failed to pull image "registry/guest:1": rpc error: code = NotFound desc = failed to resolve reference: not found`)(&backOff.facts)
	return []story{
		pulled("image missing", v1.CauseImageNotFound, v1.ReasonErrImagePull,
			`failed to pull and unpack image "registry/guest:1": failed to resolve reference "registry/guest:1": registry/guest:1: not found`, "registry/guest:1 does not exist"),
		backOff,
		pulled("image never pulled", v1.CauseImageNotFound, "ErrImageNeverPull",
			`Container image "registry/guest:1" is not present with pull policy of Never`, "not on the node"),
		pulled("image secret", v1.CauseImageUnauthorized, v1.ReasonErrImagePull,
			`failed to resolve reference "registry/guest:1": pull access denied, repository does not exist or may require authorization`, "hand out"),
		pulled("registry down", v1.CauseRegistryUnreachable, v1.ReasonErrImagePull,
			`failed to resolve reference "registry/guest:1": failed to do request: Head "https://registry/v2": dial tcp: lookup registry: no such host`, "registry/guest:1"),
		pulled("image name", v1.CauseImageNameInvalid, "InvalidImageName",
			`Failed to apply default image tag "UPPER:1": couldn't parse image name`, "not the name"),
		pulled("image, something else", v1.CauseImagePullFailed, v1.ReasonErrImagePull,
			`failed to extract layer of image "registry/guest:1"`, "cannot be pulled"),
		{name: "image missing, says the instance", causes: causes(v1.CauseImageNotFound), facts: scene(v1.RunStrategyAlways,
			instance(v1.VMIPhaseScheduling, time.Minute, unsynchronized(v1.ReasonErrImagePull, `image "registry/guest:1": not found`)))},
		{name: "image on its way", causes: causes(v1.CauseImagePullSlow), says: "10m", facts: scene(v1.RunStrategyAlways,
			instance(v1.VMIPhaseScheduling, 10*time.Minute), launcher(corev1.PodPending, 10*time.Minute, waiting("ContainerCreating", "")),
			event(kindPod, "virt-launcher-vm", "pod-uid", corev1.EventTypeNormal, "Pulling",
				`Pulling image "registry/guest:1"`), older(10*time.Minute))},
	}
}

// target marks a pod that has to go.
func target(reason, message string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.DeletionTimestamp = agoPtr(time.Second)
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{
			Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: reason, Message: message,
		})
	}
}

func podStories() []story {
	creating := waiting("ContainerCreating", "")
	scheduling := instance(v1.VMIPhaseScheduling, time.Minute)
	pending := func(changes ...change) Facts {
		return scene(v1.RunStrategyAlways, append([]change{scheduling, launcher(corev1.PodPending, time.Minute, creating)},
			changes...)...)
	}
	failed := func(changes ...func(*corev1.Pod)) Facts {
		return scene(v1.RunStrategyManual, instance(v1.VMIPhaseFailed, time.Minute), launcher(corev1.PodFailed, time.Hour, changes...))
	}
	killed := failed(terminated(137, "Error"))
	podEvent("Killing", "Container compute failed liveness probe, will be restarted")(&killed)
	because := func(reason, message string) func(*corev1.Pod) {
		return func(pod *corev1.Pod) { pod.Status.Reason, pod.Status.Message = reason, message }
	}
	return []story{
		{name: "network", facts: pending(podEvent("FailedCreatePodSandBox",
			`failed to setup network for sandbox: plugin type="bridge" failed (add)`)),
			causes: causes(v1.CauseNetworkFailed), says: "bridge"},
		{name: "network, the first attempt", facts: scene(v1.RunStrategyAlways, scheduling, launcher(corev1.PodPending, 10*time.Second, creating),
			podEvent("FailedCreatePodSandBox", `plugin type="multus" failed (add): context deadline exceeded`))},
		{name: "sandbox", facts: pending(podEvent("FailedCreatePodSandBox",
			"failed to create containerd task: no space left on device")),
			causes: causes(v1.CauseContainerInvalid)},
		{name: "container", causes: causes(v1.CauseContainerInvalid), says: "not found", facts: scene(v1.RunStrategyAlways, scheduling,
			launcher(corev1.PodPending, time.Minute, waiting("CreateContainerConfigError", `secret "x" not found`)))},
		{name: "pod takes long", causes: causes(v1.CauseLauncherSlow), says: "10m", facts: scene(v1.RunStrategyAlways,
			instance(v1.VMIPhaseScheduling, 10*time.Minute), launcher(corev1.PodPending, 10*time.Minute, creating))},
		{name: "out of memory", facts: failed(terminated(137, "OOMKilled")), causes: causes(v1.CauseLauncherOutOfMemory)},
		{name: "launcher ended", facts: failed(terminated(2, "Error")), causes: causes(v1.CauseLauncherFailed), says: "exit code 2"},
		{name: "killed for its liveness", facts: killed, causes: causes(v1.CauseLivenessProbeFailing)},
		{name: "evicted", facts: failed(because("Evicted", "The node was low on resource: memory.")), causes: causes(v1.CauseEvicted),
			says: "low on resource"},
		{name: "refused by the node", facts: failed(because("UnexpectedAdmissionError", "Allocate failed due to no healthy devices")),
			causes: causes(v1.CauseNodeRefused), says: "no healthy devices"},
		{name: "preempted", causes: causes(v1.CausePreempted), facts: scene(v1.RunStrategyAlways,
			instance(v1.VMIPhaseRunning, time.Hour, unready10m),
			launcher(corev1.PodRunning, time.Hour, target(corev1.PodReasonPreemptionByScheduler, "preempting")))},
		{name: "being evicted", causes: causes(v1.CauseEvicted), facts: scene(v1.RunStrategyAlways,
			instance(v1.VMIPhaseRunning, time.Hour, unready10m),
			launcher(corev1.PodRunning, time.Hour, target("EvictionByEvictionAPI", "Eviction API: evicting")))},
		{name: "node not ready", facts: scene(v1.RunStrategyAlways, onNode(unreadyNode),
			instance(v1.VMIPhaseRunning, time.Hour, unready10m)),
			causes: causes(v1.CauseNodeNotReady), says: "node01"},
		{name: "handler silent", causes: causes(v1.CauseHandlerSilent), says: "10m", facts: scene(v1.RunStrategyAlways,
			onNode(func(n *corev1.Node) {
				n.Annotations[v1.AnnotationHeartbeat] = now.Add(-10 * time.Minute).Format(time.RFC3339)
			}),
			instance(v1.VMIPhaseScheduled, time.Minute))},
		{name: "handler silent, says the instance", causes: causes(v1.CauseHandlerSilent),
			facts: scene(v1.RunStrategyAlways, instance(v1.VMIPhaseRunning, time.Hour,
				says(v1.ConditionReady, corev1.ConditionUnknown, v1.EventNodeUnresponsive, "The node agent has not been heard of.")))},
		{name: "handler slow", facts: scene(v1.RunStrategyAlways, instance(v1.VMIPhaseScheduled, 10*time.Minute),
			launcher(corev1.PodRunning, 10*time.Minute)),
			causes: causes(v1.CauseHandlerSlow), says: "10m"},
	}
}
