package vmi

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/condition"
)

// setStatus is the one place that turns what was found into the status: facts
// first, conditions next, the phase last. An instance that is being deleted keeps
// facts and conditions until its last write, which saves one.
func setStatus(s *scope) {
	passed := phasesFor(s)
	phase := s.vmi.Status.Phase
	if len(passed) > 0 {
		phase = passed[len(passed)-1]
	}
	last := isFinal(phase) && len(s.pods) == 0
	if s.vmi.DeletionTimestamp.IsZero() || last {
		setFacts(s, phase, slices.Contains(passed, v1.VMIPhaseScheduled))
		setConditions(s, phase)
		if len(passed) > 0 {
			setVolumes(s) // what changes in between costs no write of its own
		}
		setClaimPhases(s, len(passed) > 0)
	}
	for _, p := range passed {
		enter(s, p)
	}
	if last {
		s.vmi.Finalizers = slices.DeleteFunc(s.vmi.Finalizers, func(f string) bool {
			return f == v1.FinalizerVMI || f == v1.FinalizerVMILegacy
		})
		if len(s.vmi.Finalizers) == 0 {
			s.vmi.Finalizers = nil
		}
	}
}

func isFinal(phase v1.VirtualMachineInstancePhase) bool {
	return phase == v1.VMIPhaseSucceeded || phase == v1.VMIPhaseFailed
}

// enter records a phase and when it began.
func enter(s *scope, phase v1.VirtualMachineInstancePhase) {
	st := &s.vmi.Status
	st.Phase = phase
	for _, t := range st.PhaseTransitionTimestamps {
		if t.Phase == phase {
			return
		}
	}
	st.PhaseTransitionTimestamps = append(st.PhaseTransitionTimestamps, v1.VirtualMachineInstancePhaseTransitionTimestamp{
		Phase: phase, PhaseTransitionTimestamp: metav1.NewTime(s.now),
	})
}

// setFacts copies what the launcher pod says. The node of a pod is written with
// the hand-over and not before, so that binding a pod costs no write.
func setFacts(s *scope, phase v1.VirtualMachineInstancePhase, handedOver bool) {
	st := &s.vmi.Status
	if st.VirtualMachineRevisionName == "" {
		st.VirtualMachineRevisionName = revisionName(s.vmi)
	}
	if s.pod != nil && !ended(s.pod) {
		if class := s.pod.Status.QOSClass; class != "" {
			st.QOSClass = &class
		}
		st.LauncherContainerImageVersion = computeImage(s.pod)
	}
	if handedOver {
		st.NodeName = s.pod.Spec.NodeName
		st.MigrationTransport = v1.MigrationTransportUnix
		if s.vmi.Labels == nil {
			s.vmi.Labels = map[string]string{}
		}
		s.vmi.Labels[v1.LabelNodeName] = s.pod.Spec.NodeName
	}
	active := map[types.UID]string{}
	for _, pod := range s.pods {
		if !isFinal(phase) && !ended(&pod) && (s.consumer == nil || pod.UID != s.consumer.UID) {
			active[pod.UID] = activeOn(&pod, phase)
		}
	}
	if len(active) == 0 {
		active = nil
	}
	st.ActivePods = active
}

func activeOn(pod *corev1.Pod, phase v1.VirtualMachineInstancePhase) string {
	if phase == v1.VMIPhaseScheduling {
		return ""
	}
	return pod.Spec.NodeName
}

// setConditions writes the conditions that are this controller's. Synchronized is
// virt-handler's once the instance has been handed over.
func setConditions(s *scope, phase v1.VirtualMachineInstancePhase) {
	list := &s.vmi.Status.Conditions
	if ready, ok := readyFor(s, phase); ok {
		condition.Set(list, ready, s.now)
	}
	if c := podScheduledFor(s); c != nil {
		condition.Set(list, *c, s.now)
	} else {
		condition.Remove(list, v1.ConditionPodScheduled)
	}
	if c := dataVolumesReadyFor(s); c != nil {
		condition.Set(list, *c, s.now)
	}
	if c := provisioningFor(s); c != nil {
		condition.Set(list, *c, s.now)
	} else {
		condition.Remove(list, v1.ConditionProvisioning)
	}
	if !s.vmi.IsUnprocessed() && s.vmi.Status.Phase != v1.VMIPhaseScheduling {
		return
	}
	if c := synchronizedFor(s); c != nil {
		condition.Set(list, *c, s.now)
	} else {
		condition.Remove(list, v1.ConditionSynchronized)
	}
}

func computeImage(pod *corev1.Pod) string {
	for _, c := range pod.Spec.Containers {
		if c.Name == "compute" {
			return c.Image
		}
	}
	return ""
}

// revisionName is the ControllerRevision of the machine's spec that the instance
// was made from, empty for an instance without a machine.
func revisionName(vmi *v1.VirtualMachineInstance) string {
	owner := metav1.GetControllerOf(vmi)
	generation := vmi.Annotations[v1.AnnotationVMGeneration]
	if owner == nil || owner.Kind != v1.KindVirtualMachine || generation == "" {
		return ""
	}
	return v1.StartRevisionName(owner.UID, generation)
}
