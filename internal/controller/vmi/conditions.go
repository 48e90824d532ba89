package vmi

import (
	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// reasonReadinessGates is the kubelet's reason for a pod of which only a
// readiness gate is missing.
const reasonReadinessGates = "ReadinessGatesNotReady"

// reasonNodeUnresponsive is the reason of Ready=Unknown while the node agent is
// silent.
const reasonNodeUnresponsive = v1.EventNodeUnresponsive

// readyFor returns the condition Ready, and false where the present one is to
// stay: between the guest's start and the opening of the pod's gate the pod's
// intermediate reason is not copied, which saves a write that would tell nothing.
func readyFor(s *scope, phase v1.VirtualMachineInstancePhase) (v1.Condition, bool) {
	notReady := func(reason, message string) (v1.Condition, bool) {
		return v1.Condition{Type: v1.ConditionReady, Status: corev1.ConditionFalse, Reason: reason, Message: message}, true
	}
	switch {
	case isFinal(phase):
		return notReady(v1.ReasonGuestNotRunning, "The guest has ended.")
	case s.pod == nil:
		return notReady(v1.ReasonPodNotExists, "There is no launcher pod.")
	case !s.pod.DeletionTimestamp.IsZero():
		return notReady(v1.ReasonPodTerminating, "The launcher pod is being deleted.")
	case phase != v1.VMIPhaseRunning:
		return notReady(v1.ReasonGuestNotRunning, "The guest does not run yet.")
	case s.nodeSilent:
		return v1.Condition{
			Type: v1.ConditionReady, Status: corev1.ConditionUnknown, Reason: reasonNodeUnresponsive,
			Message: "The node agent of " + s.vmi.Status.NodeName + " has not been heard of for minutes.",
		}, true
	}
	ready := podCondition(s.pod, corev1.PodReady)
	if ready == nil {
		return notReady(v1.ReasonPodConditionMissing, "The launcher pod has not reported readiness.")
	}
	gateOpening := ready.Status != corev1.ConditionTrue && ready.Reason == reasonReadinessGates && !s.vmi.IsPaused()
	if present := s.vmi.Condition(v1.ConditionReady); gateOpening && present != nil && present.Status == corev1.ConditionFalse {
		return v1.Condition{}, false
	}
	return v1.Condition{Type: v1.ConditionReady, Status: ready.Status, Reason: ready.Reason, Message: ready.Message}, true
}

// podScheduledFor returns the condition PodScheduled while no node fits, else nil.
func podScheduledFor(s *scope) *v1.Condition {
	pod := s.first()
	if pod == nil {
		return nil
	}
	c := podCondition(pod, corev1.PodScheduled)
	if c == nil || c.Status != corev1.ConditionFalse || c.Reason != v1.ReasonUnschedulable {
		return nil
	}
	return &v1.Condition{Type: v1.ConditionPodScheduled, Status: c.Status, Reason: c.Reason, Message: c.Message}
}

// synchronizedFor returns the condition Synchronized=False while something keeps
// the launcher pod from starting, else nil.
func synchronizedFor(s *scope) *v1.Condition {
	f := s.failure
	if f == nil {
		return nil
	}
	return &v1.Condition{Type: v1.ConditionSynchronized, Status: corev1.ConditionFalse, Reason: f.reason, Message: f.message}
}

func podCondition(pod *corev1.Pod, t corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == t {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}
