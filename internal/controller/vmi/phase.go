package vmi

import (
	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// phasesFor returns the phases that the instance passes through now, in order;
// empty when it stays where it is. More than one is passed when the controller
// has been away.
func phasesFor(s *scope) []v1.VirtualMachineInstancePhase {
	var passed []v1.VirtualMachineInstancePhase
	for phase := s.vmi.Status.Phase; ; {
		next := nextPhase(s, phase)
		if next == phase {
			return passed
		}
		passed = append(passed, next)
		phase = next
	}
}

// nextPhase is the phase that follows at once from the one given. Running is not
// in it: from Scheduled on the phase is virt-handler's word, and only when there
// is nobody left to give it, because no launcher is alive, is the end told here.
func nextPhase(s *scope, phase v1.VirtualMachineInstancePhase) v1.VirtualMachineInstancePhase {
	switch phase {
	case v1.VMIPhaseUnset:
		return v1.VMIPhasePending
	case v1.VMIPhasePending:
		switch {
		case s.pod != nil:
			return v1.VMIPhaseScheduling
		case !s.vmi.DeletionTimestamp.IsZero() && s.consumer == nil, s.provisioningFailed:
			return v1.VMIPhaseFailed
		case receives(s.vmi):
			return v1.VMIPhaseWaitingForSync
		}
	case v1.VMIPhaseWaitingForSync:
		switch {
		case s.pod != nil:
			return v1.VMIPhaseScheduling
		case !s.vmi.DeletionTimestamp.IsZero():
			return v1.VMIPhaseFailed
		}
	case v1.VMIPhaseScheduling:
		switch {
		case podDown(s):
			return v1.VMIPhaseFailed
		case s.vmi.DeletionTimestamp.IsZero() && handOver(s.pod):
			return v1.VMIPhaseScheduled
		}
	case v1.VMIPhaseScheduled, v1.VMIPhaseRunning:
		switch {
		case !podDown(s):
		case s.pod != nil && s.pod.Status.Phase == corev1.PodSucceeded:
			return v1.VMIPhaseSucceeded
		default:
			return v1.VMIPhaseFailed
		}
	}
	return phase
}

// receives reports whether the instance waits for a guest to migrate into it. It
// has no pod before the migration says where.
func receives(vmi *v1.VirtualMachineInstance) bool {
	return vmi.Annotations[v1.AnnotationCreateMigrationTarget] == "true"
}

// podDown reports whether no launcher of the instance can be alive. On a node
// whose agent is silent the containers' own states are believed, because nobody
// else may be there to conclude from them; the silence alone ends nothing.
func podDown(s *scope) bool {
	switch {
	case s.pod == nil, ended(s.pod):
		return true
	case !s.nodeSilent:
		return false
	}
	for _, c := range s.pod.Status.ContainerStatuses {
		if c.State.Terminated == nil {
			return false
		}
	}
	return len(s.pod.Status.ContainerStatuses) > 0
}

// Containers of a launcher pod whose running is enough; every other one has to be
// ready. Their own readiness may depend on the guest.
var runningSuffices = map[string]bool{"compute": true, "istio-proxy": true}

// handOver reports whether the launcher is up, so that virt-handler can take the
// instance over. The pod's own readiness stays False until the guest runs.
func handOver(pod *corev1.Pod) bool {
	if pod.Status.Phase != corev1.PodRunning || !pod.DeletionTimestamp.IsZero() || pod.Spec.NodeName == "" {
		return false
	}
	compute := false
	for _, c := range pod.Status.ContainerStatuses {
		running := c.State.Running != nil
		if runningSuffices[c.Name] && !running || !runningSuffices[c.Name] && !c.Ready {
			return false
		}
		compute = compute || c.Name == "compute"
	}
	return compute
}
