package kubevirt

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

const (
	// proof is for how long a pod has to be ready before it is trusted: a program may
	// serve for a moment and then fall. One that has fallen before has to stand longer.
	proof         = 10 * time.Second
	proofRepeated = time.Minute
	// patience is how long a pod may take to become ready, its image to be pulled included.
	patience = 5 * time.Minute
	// longestWord of a program is passed on in messages.
	longestWord = 300
)

// trouble is why a pod does not come to work.
type trouble struct {
	// what is the same as long as the trouble is: the pod, its node, and how it fails.
	what string
	// word is what the container, or whoever tried to start it, said last.
	word string
}

// String is the trouble as a sentence without its stop.
func (t *trouble) String() string {
	if t.word == "" {
		return t.what
	}
	return t.what + ": " + t.word
}

// troubleOf looks at a pod that is to become ready; nil while it only takes its time,
// and once it is proven. One that keeps ending is in trouble between its ends as well.
func troubleOf(pod *corev1.Pod, now time.Time) *trouble {
	if proven(pod, now) {
		return nil
	}
	where := "pod " + pod.Name
	if node := nodeOf(pod); node != "" {
		where += " on node " + node
	}
	statuses := append(append([]corev1.ContainerStatus{}, pod.Status.InitContainerStatuses...), pod.Status.ContainerStatuses...)
	for i := range statuses {
		if how, word := failure(&statuses[i]); how != "" {
			return &trouble{what: fmt.Sprintf("%s: container %s %s", where, statuses[i].Name, how), word: shorten(word)}
		}
	}
	if since := pod.CreationTimestamp.Time; !since.IsZero() && now.Sub(since) > patience && !isReady(pod) {
		return &trouble{what: fmt.Sprintf("%s: not ready after %s", where, patience), word: shorten(awaited(pod))}
	}
	return nil
}

// failure is how a container fails and what was said of it; nothing if it does not.
func failure(status *corev1.ContainerStatus) (how, word string) {
	reason, message := "", ""
	if waiting := status.State.Waiting; waiting != nil {
		reason, message = waiting.Reason, waiting.Message
	}
	switch reason {
	case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable",
		"SignatureValidationFailed":
		return "cannot get its image " + status.Image, message
	case "CreateContainerConfigError", "CreateContainerError", "RunContainerError":
		return "cannot be started", message
	}
	if reason != "CrashLoopBackOff" && status.RestartCount < 2 {
		return "", ""
	}
	ended := status.LastTerminationState.Terminated
	if now := status.State.Terminated; now != nil {
		ended = now
	}
	if ended == nil {
		return "keeps ending", message
	}
	return "keeps ending", strings.TrimSpace(fmt.Sprintf("exit code %d, %s", ended.ExitCode, cmp.Or(shorten(ended.Message), ended.Reason)))
}

// awaited is what a pod that is merely late waits for.
func awaited(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Message
		}
	}
	for _, status := range append(append([]corev1.ContainerStatus{}, pod.Status.InitContainerStatuses...), pod.Status.ContainerStatuses...) {
		if waiting := status.State.Waiting; waiting != nil && !status.Ready {
			return strings.TrimSpace(cmp.Or(waiting.Reason, "waiting") + " " + waiting.Message)
		}
	}
	return string(pod.Status.Phase)
}

// shorten makes one line of what a program said last: its end, for that is where
// it says why.
func shorten(word string) string {
	word = strings.ToValidUTF8(strings.Join(strings.Fields(word), " "), "")
	if runes := []rune(word); len(runes) > longestWord {
		return "... " + string(runes[len(runes)-longestWord:])
	}
	return word
}

// proven: a pod has been ready for as long as it takes to be trusted.
func proven(pod *corev1.Pod, now time.Time) bool {
	needed := proof
	if fallen(pod) {
		needed = proofRepeated
	}
	c := readiness(pod)
	return c != nil && c.Status == corev1.ConditionTrue && now.Sub(c.LastTransitionTime.Time) >= needed
}

// fallen: a container of a pod has ended before.
func fallen(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool { return c.RestartCount > 0 })
}

func isReady(pod *corev1.Pod) bool {
	c := readiness(pod)
	return c != nil && c.Status == corev1.ConditionTrue
}

func readiness(pod *corev1.Pod) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == corev1.PodReady {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

// nodeOf is a pod's node. A DaemonSet's pod is meant for one before it is there.
func nodeOf(pod *corev1.Pod) string {
	if pod.Spec.NodeName != "" || pod.Spec.Affinity == nil || pod.Spec.Affinity.NodeAffinity == nil {
		return pod.Spec.NodeName
	}
	required := pod.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if required == nil {
		return ""
	}
	for _, term := range required.NodeSelectorTerms {
		for _, field := range term.MatchFields {
			if field.Key == "metadata.name" && len(field.Values) == 1 {
				return field.Values[0]
			}
		}
	}
	return ""
}
