package replicaset

import (
	"strconv"
	"time"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Instances that end soon after their start are replaced ever more rarely. The one
// that has ended stays until then, for people to look at. The count is carried
// from an instance to its successor in an annotation: it survives this process, and
// what happens in one place of the set holds up no other.
const (
	crashDelay    = 10 * time.Second
	maxCrashDelay = 300 * time.Second
	// settled is how long a guest has to run to be taken for a working one.
	settled = time.Minute
)

// delayAfter is how long to wait after so many failures in a row: nothing after
// the first, which may be chance, then quadratic, and capped.
func delayAfter(failures int) time.Duration {
	n := min(max(failures-1, 0), 100)
	return min(crashDelay*time.Duration(n*n), maxCrashDelay)
}

// failuresAfter is how many instances in a row have failed, up to this one, which
// has ended.
func failuresAfter(vmi *v1.VirtualMachineInstance) int {
	if started, ok := reached(vmi, v1.VMIPhaseRunning); ok && endOf(vmi).Sub(started) >= settled {
		return 0
	}
	// What is no number was not written here, and counts for nothing.
	before, _ := strconv.Atoi(vmi.Annotations[v1.AnnotationFailuresInARow])
	return max(before, 0) + 1
}

// backoffLeft is how long the replacement of an instance that has ended has to wait.
func backoffLeft(vmi *v1.VirtualMachineInstance, now time.Time) time.Duration {
	delay := delayAfter(failuresAfter(vmi))
	// The end was told by a node's clock, which may be ahead of ours.
	return min(max(endOf(vmi).Add(delay).Sub(now), 0), delay)
}

// endOf is when the instance has ended.
func endOf(vmi *v1.VirtualMachineInstance) time.Time {
	if ended, ok := reached(vmi, vmi.Status.Phase); ok {
		return ended
	}
	return vmi.CreationTimestamp.Time
}

func reached(vmi *v1.VirtualMachineInstance, phase v1.VirtualMachineInstancePhase) (time.Time, bool) {
	for _, t := range vmi.Status.PhaseTransitionTimestamps {
		if t.Phase == phase {
			return t.PhaseTransitionTimestamp.Time, true
		}
	}
	return time.Time{}, false
}
