package explain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

// pullReasons are the kubelet's reasons for a container that has no image.
var pullReasons = []string{
	v1.ReasonErrImagePull, v1.ReasonImagePullBackOff, "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable",
	"SignatureValidationFailed",
}

// pullFailures are tried in order; %s is the image.
var pullFailures = []struct {
	phrases         []string
	reason          string
	message, remedy string
}{
	{
		[]string{"InvalidImageName", "invalid reference format", "couldn't parse image"}, v1.CauseImageNameInvalid,
		"%s is not the name of an image.", "Correct it in the machine's volumes.",
	},
	{
		[]string{"ErrImageNeverPull"}, v1.CauseImageNotFound, "The image %s is not on the node, and is never to be pulled.",
		"Load it onto the nodes, or set the volume's imagePullPolicy to IfNotPresent.",
	},
	{
		[]string{"unauthorized", "authorization failed", "401 Unauthorized", "403 Forbidden", "access denied", "denied:",
			"no basic auth"}, v1.CauseImageUnauthorized,
		"The registry does not hand out the image %s: it does not exist, or the cluster may not have it.",
		"Correct the image's name, or name a secret of type kubernetes.io/dockerconfigjson in the volume's imagePullSecret.",
	},
	{
		[]string{"no such host", "i/o timeout", "connection refused", "no route to host", "network is unreachable",
			"server misbehaving",
			"TLS handshake", "x509", "deadline exceeded", "dial tcp", "toomanyrequests", "RegistryUnavailable"},
		v1.CauseRegistryUnreachable, "The registry of the image %s cannot be reached.",
		"See whether the nodes reach it and trust its certificate; name a mirror that they do reach.",
	},
	{
		[]string{"not found", "manifest unknown", "NotFound", "does not exist"}, v1.CauseImageNotFound, "The image %s does not exist.",
		"Correct its name and tag in the machine's volumes, or push it.",
	},
}

var quotedImage = regexp.MustCompile(`(?:image|reference) \\?"([^"\\]+)`)

// images tells why an image that the launcher pod needs is not there.
func images(v *view) []cause {
	reason, text, evidence := v.pullProblem()
	if evidence == nil {
		return v.pullsLong()
	}
	var failed *corev1.Event
	if v.pod != nil {
		failed = v.event(v.pod.UID, "Failed", "FailedToRetrieveImagePullSecret", "InspectFailed")
	}
	all := reason + ": " + text
	if failed != nil && strings.Contains(failed.Message, "image") {
		all += "; " + failed.Message
	} else {
		failed = nil
	}
	image := "of the launcher pod"
	if match := quotedImage.FindStringSubmatch(all); match != nil {
		image = match[1]
	}
	for _, known := range pullFailures {
		if containsAny(all, known.phrases...) {
			return []cause{notRunning(known.reason, fmt.Sprintf(known.message, image), known.remedy, evidence, eventSays(failed))}
		}
	}
	return []cause{notRunning(v1.CauseImagePullFailed, fmt.Sprintf("The image %s cannot be pulled.", image),
		"See what the kubelet and the registry say: kubectl describe pod.", evidence, eventSays(failed))}
}

// pullProblem returns the kubelet's reason and words for a container without its
// image, as the pod or the instance tells it; nil evidence when it has no such problem.
func (v *view) pullProblem() (reason, text string, evidence *subresourcesv1.Evidence) {
	if v.pod == nil {
		if c := v.untrue(v1.ConditionSynchronized); c != nil && slices.Contains(pullReasons, c.Reason) {
			return c.Reason, c.Message, v.vmiCondition(c)
		}
		return "", "", nil
	}
	for _, status := range containerStatuses(v.pod) {
		if w := status.State.Waiting; w != nil && slices.Contains(pullReasons, w.Reason) {
			return w.Reason, w.Message, seen(kindPod, v.pod.Name, "status.containerStatuses["+status.Name+"].state.waiting",
				words(w.Reason, "", w.Message))
		}
	}
	return "", "", nil
}

// pullsLong tells of an image that has been on its way for long.
func (v *view) pullsLong() []cause {
	if v.pod == nil || v.pod.Status.Phase != corev1.PodPending {
		return nil
	}
	pulling := v.event(v.pod.UID, "Pulling", "Pulled")
	if pulling == nil || pulling.Reason != "Pulling" || !v.late(LastSeen(pulling), pulls) {
		return nil
	}
	image := "of the launcher pod"
	if match := quotedImage.FindStringSubmatch(pulling.Message); match != nil {
		image = match[1]
	}
	return []cause{notRunning(v1.CauseImagePullSlow, fmt.Sprintf("The node is still pulling the image %s after %s.", image,
		v.ago(LastSeen(pulling))),
		"Wait, or see to the connection between node and registry; a smaller image or a mirror helps.", eventSays(pulling))}
}

func containerStatuses(pod *corev1.Pod) []corev1.ContainerStatus {
	return slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses)
}
