package explain

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

// Kinds that evidence is about.
const (
	kindPod        = "Pod"
	kindClaim      = "PersistentVolumeClaim"
	kindDataVolume = "DataVolume"
	kindNode       = "Node"
)

func notRunning(reason, message, remedy string, evidence ...*subresourcesv1.Evidence) cause {
	return answer(subresourcesv1.QuestionNotRunning, reason, message, remedy, evidence)
}

func notServing(reason, message, remedy string, evidence ...*subresourcesv1.Evidence) cause {
	return answer(subresourcesv1.QuestionNotReady, reason, message, remedy, evidence)
}

// note makes an answer one that tells of nothing wrong.
func note(c cause) cause {
	c.note = true
	return c
}

// answer leaves evidence out that there is none of.
func answer(question subresourcesv1.Question, reason, message, remedy string, evidence []*subresourcesv1.Evidence) cause {
	c := cause{Cause: subresourcesv1.Cause{Question: question, Reason: reason, Message: message, Remedy: remedy}}
	for _, e := range evidence {
		if e != nil {
			c.Evidence = append(c.Evidence, *e)
		}
	}
	return c
}

func seen(kind, name, field, text string) *subresourcesv1.Evidence {
	return &subresourcesv1.Evidence{Kind: kind, Name: name, Field: field, Text: text}
}

func (v *view) vmSays(field, text string) *subresourcesv1.Evidence {
	return seen(v1.KindVirtualMachine, v.VM.Name, field, text)
}

func (v *view) vmiSays(field, text string) *subresourcesv1.Evidence {
	return seen(v1.KindVirtualMachineInstance, v.VM.Name, field, text)
}

// strategySays is the run strategy in the field that sets it.
func (v *view) strategySays() *subresourcesv1.Evidence {
	if running := v.VM.Spec.Running; running != nil {
		return v.vmSays("spec.running", fmt.Sprint(*running))
	}
	return v.vmSays("spec.runStrategy", string(v.strategy))
}

func conditionSays(kind, name string, c *v1.Condition) *subresourcesv1.Evidence {
	if c == nil {
		return nil
	}
	return seen(kind, name, "status.conditions["+string(c.Type)+"]", words(string(c.Status), c.Reason, c.Message))
}

func (v *view) vmiCondition(c *v1.Condition) *subresourcesv1.Evidence {
	return conditionSays(v1.KindVirtualMachineInstance, v.VM.Name, c)
}

func podConditionSays(pod *corev1.Pod, c *corev1.PodCondition) *subresourcesv1.Evidence {
	return seen(kindPod, pod.Name, "status.conditions["+string(c.Type)+"]", words(string(c.Status), c.Reason, c.Message))
}

func eventSays(e *corev1.Event) *subresourcesv1.Evidence {
	if e == nil {
		return nil
	}
	return seen(e.InvolvedObject.Kind, e.InvolvedObject.Name, "event "+e.Reason, e.Message)
}

// sortEvidence brings what came out of a map in an order.
func sortEvidence(list []subresourcesv1.Evidence) {
	slices.SortFunc(list, func(a, b subresourcesv1.Evidence) int { return strings.Compare(a.Name+a.Field, b.Name+b.Field) })
}

// words is how a condition reads: status, reason and message.
func words(status, reason, message string) string {
	text := status
	if reason != "" {
		text += " (" + reason + ")"
	}
	if message != "" {
		text += ": " + message
	}
	return text
}
