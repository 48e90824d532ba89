package vm

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// A machine whose instances fail before they run is started ever more rarely.
const (
	crashDelay    = 10 * time.Second
	maxCrashDelay = 300 * time.Second
)

// delayAfter is how long to wait after so many failures in a row: quadratic, with
// up to half of it at random on top, and capped. random is in [0, 1).
func delayAfter(failures int, random float64) time.Duration {
	delay := crashDelay * time.Duration(failures*failures)
	if failures > 100 || delay > maxCrashDelay {
		return maxCrashDelay
	}
	delay += time.Duration(random * float64(delay) / 2)
	return min(delay, maxCrashDelay)
}

// crashed reports whether the instance ended before its guest ever ran, and not
// because somebody deleted it.
func crashed(vmi *v1.VirtualMachineInstance) bool {
	return vmi != nil && vmi.IsFinal() && vmi.DeletionTimestamp.IsZero() && !hasRun(vmi)
}

func hasRun(vmi *v1.VirtualMachineInstance) bool {
	for _, t := range vmi.Status.PhaseTransitionTimestamps {
		if t.Phase == v1.VMIPhaseRunning {
			return true
		}
	}
	return false
}

// restarts holds the strategies that start again after a crash.
var restarts = map[v1.VirtualMachineRunStrategy]bool{
	v1.RunStrategyAlways: true, v1.RunStrategyRerunOnFailure: true, v1.RunStrategyOnce: true,
}

// unrecorded reports whether the instance's crash is not in the status yet. It
// must be before the instance is deleted, or it would be forgotten.
func unrecorded(s *scope) bool {
	last := s.vm.Status.StartFailure
	return restarts[s.strategy] && crashed(s.vmi) && (last == nil || last.LastFailedVMIUID != s.vmi.UID)
}

// startFailureFor returns the record of crashes, nil once the guest has run.
func startFailureFor(s *scope, random float64) *v1.VirtualMachineStartFailure {
	last := s.vm.Status.StartFailure
	switch {
	case !restarts[s.strategy], s.vmi != nil && hasRun(s.vmi):
		return nil
	case !unrecorded(s):
		return last
	}
	count := 1
	if last != nil {
		count += last.ConsecutiveFailCount
	}
	retry := metav1.NewTime(s.now.Add(delayAfter(count, random)))
	return &v1.VirtualMachineStartFailure{ConsecutiveFailCount: count, LastFailedVMIUID: s.vmi.UID, RetryAfterTimestamp: &retry}
}

// backoffLeft is how long the next start has to wait.
func backoffLeft(s *scope) time.Duration {
	f := s.vm.Status.StartFailure
	if f == nil || f.RetryAfterTimestamp == nil || !restarts[s.strategy] {
		return 0
	}
	return max(f.RetryAfterTimestamp.Sub(s.now), 0)
}
