package explain

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

// containers tells of containers that the node cannot make.
func containers(v *view) []cause {
	if v.pod == nil || ended(v.pod) {
		return nil
	}
	for _, status := range containerStatuses(v.pod) {
		w := status.State.Waiting
		if w == nil || !strings.HasPrefix(w.Reason,
			"CreateContainer") && w.Reason != "RunContainerError" && w.Reason != "CrashLoopBackOff" {
			continue
		}
		return []cause{notRunning(v1.CauseContainerInvalid, fmt.Sprintf("Container %s of the launcher pod cannot be started: %s",
			status.Name, sentence(w.Message)),
			"Change what the message names, or look at the container runtime on the node.",
			seen(kindPod, v.pod.Name, "status.containerStatuses["+status.Name+"].state.waiting", words(w.Reason, "", w.Message)))}
	}
	return nil
}

// podEnded tells how the launcher pod of a guest that is to run came to its end.
func podEnded(v *view) []cause {
	if v.pod == nil {
		return nil
	}
	if found := v.displaced(subresourcesv1.QuestionNotRunning); found != nil {
		return found
	}
	for _, status := range containerStatuses(v.pod) {
		t := status.State.Terminated
		if t == nil || t.ExitCode == 0 && t.Reason != "OOMKilled" {
			continue
		}
		evidence := seen(kindPod, v.pod.Name, "status.containerStatuses["+status.Name+"].state.terminated",
			words(fmt.Sprintf("exit code %d", t.ExitCode), t.Reason, t.Message))
		if t.Reason == "OOMKilled" {
			return []cause{notRunning(v1.CauseLauncherOutOfMemory,
				fmt.Sprintf("Container %s of the launcher pod was killed because it used more memory than it may.", status.Name),
				"Raise or remove spec.template.spec.domain.resources.limits.memory, or give the guest less memory.", evidence)}
		}
		if killed := v.event(v.pod.UID, "Killing"); killed != nil && strings.Contains(killed.Message, "liveness probe") {
			return []cause{notRunning(v1.CauseLivenessProbeFailing, "The guest was ended because its liveness probe failed.",
				livenessRemedy, eventSays(killed), evidence)}
		}
		if v.failed() || ended(v.pod) {
			return []cause{notRunning(v1.CauseLauncherFailed, fmt.Sprintf("Container %s of the launcher pod ended with exit code %d.",
				status.Name, t.ExitCode),
				fmt.Sprintf("Read its log while the pod is there: kubectl logs %s -c %s -n %s.", v.pod.Name, status.Name,
					v.VM.Namespace), evidence)}
		}
	}
	return nil
}

// podLeaving tells that a guest that runs is being driven off its node.
func podLeaving(v *view) []cause {
	if v.pod == nil || v.pod.DeletionTimestamp.IsZero() && !ended(v.pod) {
		return nil
	}
	return v.displaced(subresourcesv1.QuestionNotReady)
}

// displaced tells of a launcher pod that its node or the scheduler did not want any
// more, or not at all.
func (v *view) displaced(question subresourcesv1.Question) []cause {
	status := seen(kindPod, v.pod.Name, "status.reason", words(v.pod.Status.Reason, "", v.pod.Status.Message))
	if c := podCondition(v.pod, corev1.DisruptionTarget); c != nil && c.Status == corev1.ConditionTrue {
		evidence := podConditionSays(v.pod, c)
		if c.Reason == corev1.PodReasonPreemptionByScheduler {
			return []cause{answer(question, v1.CausePreempted, "The guest had to make room for a pod of a higher priority.",
				"Give the machine a higher priority, spec.template.spec.priorityClassName, or add nodes.", []*subresourcesv1.Evidence{evidence})}
		}
		return []cause{answer(question, v1.CauseEvicted, "The guest was evicted from its node: "+sentence(c.Message),
			"See why the node is short of something, drained or gone: kubectl describe node.", []*subresourcesv1.Evidence{evidence,
				nonEmpty(v.pod.Status.Reason, status)})}
	}
	switch reason := v.pod.Status.Reason; {
	case reason == "Evicted" || reason == "NodeLost" || reason == "NodeShutdown" || reason == "Terminated":
		return []cause{answer(question, v1.CauseEvicted, "The guest was evicted from its node: "+sentence(v.pod.Status.Message),
			"See why the node is short of something, drained or gone: kubectl describe node.", []*subresourcesv1.Evidence{status})}
	case reason != "" && v.pod.Status.Phase == corev1.PodFailed:
		return []cause{answer(question, v1.CauseNodeRefused, "The node did not take the launcher pod: "+sentence(v.pod.Status.Message),
			"See to the node; where the scheduler did not know better, the next try may go elsewhere.", []*subresourcesv1.Evidence{status})}
	}
	return nil
}

func nonEmpty(text string, evidence *subresourcesv1.Evidence) *subresourcesv1.Evidence {
	if text == "" {
		return nil
	}
	return evidence
}
