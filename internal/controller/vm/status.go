package vm

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/condition"
)

// own holds the conditions that are the machine's and not its instance's.
var own = map[v1.ConditionType]bool{
	v1.ConditionReady:                  true,
	v1.ConditionFailure:                true,
	v1.ConditionRestartRequired:        true,
	v1.ConditionManualRecoveryRequired: true,
	v1.ConditionImpeded:                true,
}

// setStatus is the one place that turns what was found into the status. random is
// in [0, 1) and spreads the delays of crash loops.
func setStatus(s *scope, random float64) {
	if settling(s) {
		return
	}
	st := &s.vm.Status
	st.StartFailure = startFailureFor(s, random)
	st.StateChangeRequests = requestsFor(s.vm, s.strategy, s.vmi)
	st.RunStrategy = runStrategyFor(s)
	st.Created = s.vmi != nil
	setGenerations(s)
	mirror(s)
	ready := readyFor(s)
	condition.Set(&st.Conditions, ready, s.now)
	st.Ready = ready.Status == corev1.ConditionTrue
	if s.failure != nil {
		condition.True(&st.Conditions, v1.ConditionFailure, s.failure.reason, s.failure.message, s.now)
	} else {
		condition.Remove(&st.Conditions, v1.ConditionFailure)
	}
	setImpeded(s)
	st.VolumeSnapshotStatuses = volumeSnapshotStatusesFor(s.vm)
	st.PrintableStatus = printableStatusFor(s)
}

// runStrategyFor is the strategy under which the machine has had its instance. A
// strategy that starts a machine only once stays unmentioned until it has.
func runStrategyFor(s *scope) v1.VirtualMachineRunStrategy {
	cells := strategies[s.strategy]
	if s.instance == never && cells[never] != cells[absent] {
		return s.vm.Status.RunStrategy
	}
	return s.strategy
}

// settling reports whether the status is better left alone for the moment: the
// machine itself is going, or its instance has ended and is on its way out, with
// the write that tells of its absence soon to follow.
func settling(s *scope) bool {
	if s.deletion != staying && len(s.vm.Finalizers) == 0 {
		return true
	}
	return s.deletion == staying && s.instance == leaving && s.vmi.IsFinal() && !s.startExpected() && s.failure == nil &&
		s.vm.Status.StartFailure == nil
}

// readySoon is how long after its start a guest may take to become ready before
// the machine says that it runs but is not ready.
const readySoon = 2 * time.Second

// holdBack is for how long the status is better left alone: between the start of
// the guest and the instance's readiness lie moments, and one write tells of both.
func holdBack(s *scope) time.Duration {
	if s.vmi == nil || !s.vmi.IsRunning() || s.instance != live || s.deletion != staying || s.failure != nil ||
		s.vm.Status.PrintableStatus != v1.PrintableStatusStarting || !s.instanceSays(v1.ConditionReady, v1.ReasonGuestNotRunning) {
		return 0
	}
	for _, t := range s.vmi.Status.PhaseTransitionTimestamps {
		since := s.now.Sub(t.PhaseTransitionTimestamp.Time)
		// A time to come was told by another clock than ours.
		if t.Phase == v1.VMIPhaseRunning && since >= 0 {
			return max(readySoon-since, 0)
		}
	}
	return 0
}

// setGenerations tells which generation of the spec the instance runs.
func setGenerations(s *scope) {
	st := &s.vm.Status
	switch {
	case s.vmi == nil, s.outdated != nil && len(s.outdated) == 0:
		st.ObservedGeneration = s.vm.Generation
		condition.Remove(&st.Conditions, v1.ConditionRestartRequired)
	case s.outdated != nil:
		// An annotation that is no number names no revision, and then nothing was compared.
		st.ObservedGeneration, _ = strconv.ParseInt(s.vmi.Annotations[v1.AnnotationVMGeneration], 10, 64)
		condition.True(&st.Conditions, v1.ConditionRestartRequired, v1.ReasonTemplateChanged, restartMessage(s.outdated), s.now)
	}
	if s.vmi == nil || s.outdated != nil {
		// Otherwise the comparison is still owed, and this is what it goes by.
		st.DesiredGeneration = s.vm.Generation
	}
}

// namedChanges is how many changed fields a message names.
const namedChanges = 5

func restartMessage(changed []string) string {
	list := strings.Join(changed[:min(len(changed), namedChanges)], ", ")
	if more := len(changed) - namedChanges; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return "Changed since the guest was started, and in effect from its next start: " + list
}

// mirror copies the instance's conditions, but for those that are the machine's own.
func mirror(s *scope) {
	list := &s.vm.Status.Conditions
	var source []v1.Condition
	if s.vmi != nil {
		source = s.vmi.Status.Conditions
	}
	for i := len(*list) - 1; i >= 0; i-- {
		if t := (*list)[i].Type; !own[t] && v1.FindCondition(source, t) == nil {
			condition.Remove(list, t)
		}
	}
	for _, c := range source {
		if !own[c.Type] {
			condition.Set(list, c, s.now)
		}
	}
}

// readyFor returns the condition Ready. Until the guest runs and once it is being
// stopped, its details do not matter and would cost a write each.
func readyFor(s *scope) v1.Condition {
	notReady := func(reason, message string) v1.Condition {
		return v1.Condition{Type: v1.ConditionReady, Status: corev1.ConditionFalse, Reason: reason, Message: message}
	}
	switch {
	case s.vmi == nil:
		return notReady(v1.ReasonVMINotExists, "The machine has no instance.")
	case s.stopping():
		return notReady(v1.ReasonPodTerminating, "The instance is being stopped.")
	case !s.vmi.IsRunning():
		return notReady(v1.ReasonGuestNotRunning, "The guest does not run.")
	}
	ready := s.vmi.Condition(v1.ConditionReady)
	if ready == nil {
		return notReady(v1.ReasonVMIConditionMissing, "The instance has not reported readiness.")
	}
	return v1.Condition{Type: v1.ConditionReady, Status: ready.Status, Reason: ready.Reason, Message: ready.Message}
}
