package agent

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/event"
)

func started() event.Event {
	return event.Normal(v1.EventStarted, "VirtualMachineInstance started.")
}

func poweredOff() event.Event {
	return event.Normal(v1.EventStopped, "The VirtualMachineInstance was shut down.")
}

func crashed() event.Event {
	return event.Warning(v1.EventStopped, "The VirtualMachineInstance crashed.")
}

func syncFailed(p *problem) event.Event {
	return event.Warning(v1.EventSyncFailed, "%s", p.message)
}

func paused() event.Event {
	return event.Normal(v1.EventPaused, "VirtualMachineInstance paused.")
}

func pausedByIOError(message string) event.Event {
	return event.Warning(v1.EventPaused, "%s", message)
}

func unpaused() event.Event {
	return event.Normal(v1.EventUnpaused, "VirtualMachineInstance unpaused.")
}

func toleratedSmall(path string, asked, made int64) event.Event {
	return event.Normal(v1.EventToleratedSmallPV, "%s was made with %d bytes in place of %d: its file system has no more room, and so "+
		"much less is tolerated (developerConfiguration.pvcTolerateLessSpaceUpToPercent of the KubeVirt object)", path, made, asked)
}

// eventsFor returns what has happened between two states of an instance. The end
// of a guest that was to be deleted is told by its deletion, and the same problem
// is told once.
func eventsFor(before, after *v1.VirtualMachineInstance) []event.Event {
	var list []event.Event
	if was, is := before.Status.Phase, after.Status.Phase; was != is {
		switch {
		case is == v1.VMIPhaseRunning:
			list = append(list, started())
		case is == v1.VMIPhaseSucceeded && after.DeletionTimestamp.IsZero():
			list = append(list, poweredOff())
		case is == v1.VMIPhaseFailed && after.DeletionTimestamp.IsZero():
			list = append(list, crashed())
		}
	}
	if after.IsRunning() && before.IsRunning() && before.IsPaused() != after.IsPaused() {
		switch {
		case !after.IsPaused():
			list = append(list, unpaused())
		case after.Condition(v1.ConditionPaused).Reason == v1.ReasonPausedIOError:
			list = append(list, pausedByIOError(after.Condition(v1.ConditionPaused).Message))
		default:
			list = append(list, paused())
		}
	}
	list = append(list, credentialEvents(before, after)...)
	list = append(list, dumpEvents(before, after)...)
	problemBefore, problemAfter := before.Condition(v1.ConditionSynchronized), after.Condition(v1.ConditionSynchronized)
	if problemAfter != nil && (problemBefore == nil || problemBefore.Message != problemAfter.Message) {
		list = append(list, syncFailed(&problem{message: problemAfter.Message}))
	}
	return list
}
