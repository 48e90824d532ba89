package workload

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const (
	// defaultSize and defaultInterval are those of batches where the KubeVirt object names none.
	defaultSize     = 10
	defaultInterval = time.Minute
	// respite is how long a process that has just begun leaves all guests alone: what an earlier one evicted need
	// not be seen any more.
	respite = time.Minute
)

// pace is how many guests are evicted, and how often.
type pace struct {
	size     int
	interval time.Duration
}

// paceOf reads what the KubeVirt object asks for. Admission has seen that it makes
// sense, but may not have been there yet.
func paceOf(strategy *v1.KubeVirtWorkloadUpdateStrategy) pace {
	p := pace{defaultSize, defaultInterval}
	if size := strategy.BatchEvictionSize; size != nil && *size > 0 {
		p.size = *size
	}
	if interval := strategy.BatchEvictionInterval; interval != nil && interval.Duration > 0 {
		p.interval = interval.Duration
	}
	return p
}

// settled tells whether the installation is complete: a guest that is shut down before
// might not find its way back.
func settled(kv *v1.KubeVirt) bool {
	status := &kv.Status
	progressing := v1.FindCondition(status.Conditions, v1.ConditionProgressing)
	return status.Phase == v1.KubeVirtPhaseDeployed && status.ObservedDeploymentID == status.TargetDeploymentID &&
		progressing != nil && progressing.Status == corev1.ConditionFalse
}

// guest is an outdated guest as evictions see it.
type guest struct {
	vmi *v1.VirtualMachineInstance
	// pod is its launcher.
	pod *corev1.Pod
	// going: the launcher is being stopped.
	going bool
	// stays: asking for its eviction is of no use.
	stays bool
	// refused is when its eviction was last refused; zero for never.
	refused time.Time
}

// next returns the guests to evict now, and when to look again; zero means that once
// these are gone nothing is to be done before something changes. No more are on their way out than
// a batch has, however long each takes.
func next(guests []guest, p pace, last, now time.Time) (batch []guest, wait time.Duration) {
	room := p.size
	var waiting []guest
	for _, g := range guests {
		switch {
		case g.going:
			room--
		case !g.stays:
			waiting = append(waiting, g)
		}
	}
	switch due := last.Add(p.interval); {
	case len(waiting) == 0:
		return nil, 0
	case now.Before(due):
		return nil, due.Sub(now)
	case room <= 0:
		return nil, 0
	}
	// Who was refused makes room for the others; the oldest are first.
	slices.SortFunc(waiting, func(a, b guest) int {
		return cmp.Or(a.refused.Compare(b.refused), a.vmi.CreationTimestamp.Compare(b.vmi.CreationTimestamp.Time),
			cmp.Compare(a.vmi.Namespace, b.vmi.Namespace), cmp.Compare(a.vmi.Name, b.vmi.Name))
	})
	if len(waiting) <= room {
		return waiting, 0
	}
	return waiting[:room], p.interval
}

// beyondEviction reports whether the eviction of a guest is refused for as long as
// the instance says what it says: it was told to leave already, or cannot be moved
// and must not be stopped.
func beyondEviction(vmi *v1.VirtualMachineInstance) bool {
	if node := vmi.Status.EvacuationNodeName; node != "" && node == vmi.Status.NodeName {
		return true
	}
	strategy := vmi.Spec.EvictionStrategy
	return strategy != nil && *strategy == v1.EvictionStrategyLiveMigrate && !vmi.IsConditionTrue(v1.ConditionLiveMigratable)
}
