package explain

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func strategyInvalid(v *view) []cause {
	if v.strategyErr == nil {
		return nil
	}
	return []cause{notRunning(v1.CauseRunStrategyInvalid, "The machine's run strategy cannot be told: "+v.strategyErr.Error()+".",
		"Set spec.runStrategy alone, to Always, Halted, Manual, RerunOnFailure or Once.", v.vmSays("spec.runStrategy",
			v.strategyErr.Error()))}
}

// off says why no guest is wanted. While an instance is still on its way out there is
// nothing to say.
func off(v *view) []cause {
	if v.live() {
		return nil
	}
	start := fmt.Sprintf("To run it: virtctl start %s -n %s.", v.VM.Name, v.VM.Namespace)
	switch v.strategy {
	case v1.RunStrategyHalted:
		return []cause{note(notRunning(v1.CauseHalted, "The machine is off, as its run strategy Halted asks.", start,
			v.strategySays()))}
	case v1.RunStrategyManual, v1.RunStrategyRerunOnFailure, v1.RunStrategyOnce:
	default:
		return nil // the next instance is about to be made
	}
	if v.strategy == v1.RunStrategyOnce {
		start = v.again()
	}
	end := v.lastEnd()
	if v.VMI != nil || end != nil && end.Type == corev1.EventTypeNormal {
		evidence := eventSays(end)
		if v.VMI != nil {
			evidence = v.vmiSays("status.phase", string(v.VMI.Status.Phase))
		}
		return []cause{note(notRunning(v1.CauseGuestPoweredOff,
			fmt.Sprintf("The guest has shut down by itself, and run strategy %s leaves it off.",
				v.strategy), start, evidence, v.strategySays()))}
	}
	return []cause{note(notRunning(v1.CauseNotStarted,
		fmt.Sprintf("The machine is off: under run strategy %s it waits for somebody to start it.",
			v.strategy), start, v.strategySays()))}
}

// lastEnd is the newest event of virt-handler's that tells of the end of a guest of
// this machine; nil without one. Its instance may be gone.
func (v *view) lastEnd() *corev1.Event {
	var newest *corev1.Event
	for _, e := range v.ends() {
		if newest == nil || LastSeen(newest).Before(LastSeen(e)) {
			newest = e
		}
	}
	return newest
}

// ends are the events that tell of the end of guests since the machine was made.
func (v *view) ends() []*corev1.Event {
	var list []*corev1.Event
	for i := range v.Events {
		e := &v.Events[i]
		if e.InvolvedObject.Kind == v1.KindVirtualMachineInstance && e.InvolvedObject.Name == v.VM.Name && e.Reason == v1.EventStopped &&
			!LastSeen(e).Before(v.VM.CreationTimestamp.Time) {
			list = append(list, e)
		}
	}
	return list
}

// crashLoop tells of starts that failed before the guest ran, with what is known of
// the last of them. Nothing of it changes but with the record of failures.
func crashLoop(v *view) []cause {
	failure := v.VM.Status.StartFailure
	if failure == nil {
		return nil
	}
	message := fmt.Sprintf("The guest failed to start %d times in a row.", failure.ConsecutiveFailCount)
	if failure.ConsecutiveFailCount == 1 {
		message = "The guest failed to start."
	}
	text := fmt.Sprintf("%d failures", failure.ConsecutiveFailCount)
	if next := failure.RetryAfterTimestamp; next != nil {
		text += ", next try at " + next.UTC().Format(time.RFC3339)
	}
	last := v.event(failure.LastFailedVMIUID, v1.EventSyncFailed, v1.EventFailedCreate, v1.EventFailedDataVolumeImport,
		v1.EventStopped)
	return []cause{notRunning(v1.CauseCrashLoop, message,
		"See to what ended the last try. "+v.again(), v.vmSays("status.startFailure", text), eventSays(last), eventSays(v.lastPodFailure()))}
}

// again says how a guest that has failed is tried again.
func (v *view) again() string {
	switch v.strategy {
	case v1.RunStrategyAlways:
		return fmt.Sprintf("It is tried again by itself; at once after: virtctl stop %[1]s -n %[2]s, and virtctl start %[1]s -n %[2]s.",
			v.VM.Name, v.VM.Namespace)
	case v1.RunStrategyOnce:
		return "To run it again, set spec.runStrategy to Always or Manual: Once starts a machine a single time."
	}
	return fmt.Sprintf("To try it again: virtctl start %s -n %s; to have that done by itself, set spec.runStrategy to Always.",
		v.VM.Name, v.VM.Namespace)
}

// lastPodFailure is the newest warning about any launcher pod of this machine, which
// may be gone by now.
func (v *view) lastPodFailure() *corev1.Event {
	var newest *corev1.Event
	for i := range v.Events {
		e := &v.Events[i]
		warns := e.InvolvedObject.Kind == kindPod && e.Type == corev1.EventTypeWarning
		if warns && (newest == nil || LastSeen(newest).Before(LastSeen(e))) {
			newest = e
		}
	}
	return newest
}

const (
	// manyEnds within endsWithin are more than anybody asks for.
	manyEnds   = 3
	endsWithin = 15 * time.Minute
)

// keepsEnding tells of guests that come up and end over and over: each looks well
// for a while, and no record of failed starts is kept.
func keepsEnding(v *view) []cause {
	instances := map[types.UID]*corev1.Event{}
	for _, e := range v.ends() {
		if !v.Now.IsZero() && !v.late(LastSeen(e), endsWithin) {
			instances[e.InvolvedObject.UID] = e
		}
	}
	if len(instances) < manyEnds || v.strategy != v1.RunStrategyAlways && v.strategy != v1.RunStrategyRerunOnFailure {
		return nil
	}
	return []cause{notRunning(v1.CauseGuestKeepsEnding,
		fmt.Sprintf("The guest has ended %d times within 15 minutes and was started again each time.", len(instances)),
		fmt.Sprintf("Watch a start for its last words: virtctl console %s -n %s. To look at its disks in peace, set "+
			"spec.runStrategy to Manual.",
			v.VM.Name, v.VM.Namespace), eventSays(v.lastEnd()), v.strategySays())}
}

// guestFailed tells of a guest that has failed and is left for somebody to look at.
func guestFailed(v *view) []cause {
	if !v.failed() || v.strategy != v1.RunStrategyManual && v.strategy != v1.RunStrategyOnce {
		return nil
	}
	message := "The guest has crashed"
	if v.since(v1.VMIPhaseRunning).IsZero() {
		message = "The guest has failed before it ran"
	}
	return []cause{notRunning(v1.CauseGuestFailed, fmt.Sprintf("%s, and run strategy %s leaves it off.", message, v.strategy),
		v.again(),
		v.vmiSays("status.phase", string(v.VMI.Status.Phase)), eventSays(v.event(v.VMI.UID, v1.EventStopped, v1.EventSyncFailed)))}
}

func receiver(v *view) []cause {
	if v.VMI == nil || v.VMI.Status.Phase != v1.VMIPhaseWaitingForSync {
		return nil
	}
	return []cause{note(notRunning(v1.CauseWaitsForReceiver, "The machine waits for a guest to migrate into it.",
		"Start the migration at its other end.", v.vmiSays("status.phase", string(v.VMI.Status.Phase)), v.strategySays()))}
}

func startPending(v *view) []cause {
	if v.live() || !v.startRequested() {
		return nil
	}
	return []cause{note(notRunning(v1.CauseStartPending, "A start was asked for and is about to be carried out.", "Wait a moment.",
		v.vmSays("status.stateChangeRequests", "Start")))}
}
