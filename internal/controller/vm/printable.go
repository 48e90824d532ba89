package vm

import (
	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// printableStatusFor returns the one word for people: the first rule that holds
// wins.
func printableStatusFor(s *scope) v1.VirtualMachinePrintableStatus {
	for _, rule := range []struct {
		status v1.VirtualMachinePrintableStatus
		holds  bool
	}{
		{v1.PrintableStatusTerminating, s.deletion != staying},
		{v1.PrintableStatusStopping, s.vmi != nil && !s.vmi.IsFinal() && s.stopping()},
		{v1.PrintableStatusMigrating, s.vmi != nil && s.vmi.IsMigrating()},
		{v1.PrintableStatusPaused, s.vmi != nil && s.vmi.IsRunning() && s.vmi.IsPaused()},
		{v1.PrintableStatusRunning, s.vmi != nil && s.vmi.IsRunning()},
		{v1.PrintableStatusErrorPvcNotFound, s.unsynchronized(v1.ReasonFailedPvcNotFound)},
		{v1.PrintableStatusDataVolumeError, len(s.storage.broken) > 0 || s.unsynchronized(v1.ReasonFailedDataVolumeImport)},
		{v1.PrintableStatusErrorUnschedulable, s.unschedulable()},
		{v1.PrintableStatusProvisioning, len(s.storage.filling) > 0},
		{v1.PrintableStatusWaitingForVolumeBinding, s.storage.unbound && (s.starting() || s.startExpected())},
		{v1.PrintableStatusErrImagePull, s.unsynchronized(v1.ReasonErrImagePull)},
		{v1.PrintableStatusImagePullBackOff, s.unsynchronized(v1.ReasonImagePullBackOff)},
		{v1.PrintableStatusStarting, s.starting() || s.startExpected()},
		{v1.PrintableStatusCrashLoopBackOff, restarts[s.strategy] && s.vm.Status.StartFailure != nil},
		{v1.PrintableStatusStopped, s.vmi == nil || s.vmi.IsFinal()},
		{v1.PrintableStatusWaitingForReceiver, s.vmi != nil && s.vmi.Status.Phase == v1.VMIPhaseWaitingForSync},
	} {
		if rule.holds {
			return rule.status
		}
	}
	return v1.PrintableStatusUnknown
}

// starting reports whether the instance is on its way to running.
func (s *scope) starting() bool {
	if s.vmi == nil {
		return false
	}
	switch s.vmi.Status.Phase {
	case v1.VMIPhaseUnset, v1.VMIPhasePending, v1.VMIPhaseScheduling, v1.VMIPhaseScheduled:
		return true
	}
	return false
}

// stopping reports whether the instance is being deleted or about to be.
func (s *scope) stopping() bool {
	if s.vmi == nil {
		return false
	}
	a, err := decide(s.situation)
	return s.instance == leaving || s.removed || err == nil && a == remove
}

// startExpected reports whether an instance will be made now without anybody's
// doing. During the delay of a crash loop it will not.
func (s *scope) startExpected() bool {
	if s.vmi != nil && !s.vmi.IsFinal() || backoffLeft(s) > 0 {
		return false
	}
	without := s.situation
	if s.vmi != nil {
		without.instance = absent
	}
	a, err := decide(without)
	return err == nil && (a == create || a == receive || a == turnOn)
}

func (s *scope) unsynchronized(reason string) bool {
	return s.instanceSays(v1.ConditionSynchronized, reason)
}

func (s *scope) unschedulable() bool {
	return s.instanceSays(v1.ConditionPodScheduled, v1.ReasonUnschedulable)
}

func (s *scope) instanceSays(t v1.ConditionType, reason string) bool {
	if s.vmi == nil {
		return false
	}
	c := s.vmi.Condition(t)
	return c != nil && c.Status == corev1.ConditionFalse && c.Reason == reason
}
