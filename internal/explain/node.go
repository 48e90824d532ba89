package explain

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

// silence is how long a virt-handler may go without a heartbeat; it reports about
// once a minute.
const silence = 5 * time.Minute

// nodeDown tells that the guest's node, or virt-handler on it, is not there to do
// anything for the guest.
func nodeDown(v *view) []cause {
	question := subresourcesv1.QuestionNotRunning
	if v.runs() && !v.leaving() {
		question = subresourcesv1.QuestionNotReady
	}
	var found []cause
	add := func(reason, message, remedy string, evidence *subresourcesv1.Evidence) {
		found = append(found, answer(question, reason, message, remedy, []*subresourcesv1.Evidence{evidence}))
	}
	node := v.node()
	if node != nil {
		for i := range node.Status.Conditions {
			c := &node.Status.Conditions[i]
			if c.Type == corev1.NodeReady && c.Status != corev1.ConditionTrue {
				add(v1.CauseNodeNotReady, fmt.Sprintf("The guest's node %s is not ready.", node.Name),
					"Have the node repaired. If it is gone for good, delete it: kubectl delete node "+node.Name+
						"; make sure first that nothing runs on it any more.",
					seen(kindNode, node.Name, "status.conditions[Ready]", words(string(c.Status), c.Reason, "")))
				return found
			}
		}
	}
	const look = "See whether virt-handler runs on the node: kubectl get pods -A -l kubevirt.io=virt-handler -o wide, and " +
		"look at its log."
	if node != nil {
		beat := node.Annotations[v1.AnnotationHeartbeat]
		if last, err := time.Parse(time.RFC3339, beat); err == nil && v.late(last, silence) {
			add(v1.CauseHandlerSilent, fmt.Sprintf("virt-handler on the guest's node %s has not reported for %s.", node.Name,
				v.ago(last)), look,
				seen(kindNode, node.Name, "metadata.annotations["+v1.AnnotationHeartbeat+"]", beat))
			return found
		}
	}
	if c := v.ready(); c != nil && c.Reason == v1.EventNodeUnresponsive {
		add(v1.CauseHandlerSilent, "virt-handler on the guest's node has not reported for minutes.", look, v.vmiCondition(c))
	}
	return found
}

// ready is the instance's condition Ready, nil without one.
func (v *view) ready() *v1.Condition {
	if v.VMI == nil {
		return nil
	}
	return v.VMI.Condition(v1.ConditionReady)
}
