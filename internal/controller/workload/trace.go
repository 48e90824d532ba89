package workload

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// lastBatch concludes from what is there when an earlier process can have evicted
// its last batch at the latest. An evicted guest leaves a launcher that is being
// stopped, an instance that has ended, or the one that followed it. Of a machine
// that stays off nothing may be left: hence the respite.
func lastBatch(
	instances []v1.VirtualMachineInstance, isOutdated func(*v1.VirtualMachineInstance) bool, pods []corev1.Pod, p pace, now time.Time,
) time.Time {
	last := now.Add(min(p.interval, respite) - p.interval)
	seen := func(t time.Time) {
		if t.After(now) {
			t = now // by another clock
		}
		if t.After(last) {
			last = t
		}
	}
	for i := range pods {
		if asked, ok := deletionAsked(&pods[i]); ok {
			seen(asked)
		}
	}
	for i := range instances {
		vmi := &instances[i]
		switch {
		case vmi.IsFinal():
			for _, t := range vmi.Status.PhaseTransitionTimestamps {
				if t.Phase == vmi.Status.Phase {
					seen(t.PhaseTransitionTimestamp.Time)
				}
			}
		case !isOutdated(vmi):
			seen(vmi.CreationTimestamp.Time)
		}
	}
	return last
}

// deletionAsked returns when a pod was told to stop: its deletion time is when it
// has to be gone.
func deletionAsked(pod *corev1.Pod) (time.Time, bool) {
	if pod.DeletionTimestamp.IsZero() || pod.DeletionGracePeriodSeconds == nil {
		return time.Time{}, false
	}
	return pod.DeletionTimestamp.Add(-time.Duration(*pod.DeletionGracePeriodSeconds) * time.Second), true
}
