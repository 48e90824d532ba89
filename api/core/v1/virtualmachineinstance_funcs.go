package v1

import corev1 "k8s.io/api/core/v1"

// defaultGracePeriod is what a guest has to shut down unless its spec says otherwise, in seconds.
const defaultGracePeriod = 30

// GracePeriod is how many seconds the guest may take to shut down.
func (vmi *VirtualMachineInstance) GracePeriod() int64 {
	if seconds := vmi.Spec.TerminationGracePeriodSeconds; seconds != nil {
		return *seconds
	}
	return defaultGracePeriod
}

// IsFinal reports whether the instance has ended and never runs again.
func (vmi *VirtualMachineInstance) IsFinal() bool {
	return vmi.Status.Phase == VMIPhaseSucceeded || vmi.Status.Phase == VMIPhaseFailed
}

// IsRunning reports whether the guest runs; a paused guest counts as running.
func (vmi *VirtualMachineInstance) IsRunning() bool { return vmi.Status.Phase == VMIPhaseRunning }

// IsScheduled reports whether the instance has a node but its guest does not run yet.
func (vmi *VirtualMachineInstance) IsScheduled() bool { return vmi.Status.Phase == VMIPhaseScheduled }

// IsUnprocessed reports whether no launcher pod exists yet.
func (vmi *VirtualMachineInstance) IsUnprocessed() bool {
	return vmi.Status.Phase == VMIPhaseUnset || vmi.Status.Phase == VMIPhasePending
}

// Condition returns the instance's condition of a type, or nil.
func (vmi *VirtualMachineInstance) Condition(t ConditionType) *Condition {
	return FindCondition(vmi.Status.Conditions, t)
}

// IsConditionTrue reports whether the instance has the condition with status True.
func (vmi *VirtualMachineInstance) IsConditionTrue(t ConditionType) bool {
	return IsConditionTrue(vmi.Status.Conditions, t)
}

// IsPaused reports whether the guest's virtual CPUs are stopped.
func (vmi *VirtualMachineInstance) IsPaused() bool { return vmi.IsConditionTrue(ConditionPaused) }

// FindCondition returns the condition of a type in a list, or nil; the result points into the list.
func FindCondition(list []Condition, t ConditionType) *Condition {
	for i := range list {
		if list[i].Type == t {
			return &list[i]
		}
	}
	return nil
}

// IsConditionTrue reports whether a list holds the condition with status True.
func IsConditionTrue(list []Condition, t ConditionType) bool {
	c := FindCondition(list, t)
	return c != nil && c.Status == corev1.ConditionTrue
}
