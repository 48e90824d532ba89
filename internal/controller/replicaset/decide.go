package replicaset

import (
	"cmp"
	"slices"
	"strings"
	"time"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// burst is how many instances are made, and how many removed, in one reconcile.
const burst = 250

// plan is what a reconcile has to do to come to the wanted number.
type plan struct {
	// remove are the instances that have ended or are too many.
	remove []*v1.VirtualMachineInstance
	// create has an entry for each instance to make: how many in a row have failed in its place.
	create []int
	// wait is how long it takes until the next one that has failed is replaced, 0 when none waits.
	wait time.Duration
}

// decide returns what to do with a set's instances. Those that are being deleted
// do not count. One that has ended is replaced, at once or after the delay of a
// crash loop; until then it keeps its place.
func decide(want int, instances []*v1.VirtualMachineInstance, now time.Time) plan {
	var p plan
	var running, waiting []*v1.VirtualMachineInstance
	var failures []int
	for _, vmi := range instances {
		switch {
		case !vmi.DeletionTimestamp.IsZero():
		case !vmi.IsFinal():
			running = append(running, vmi)
		case backoffLeft(vmi, now) > 0:
			waiting = append(waiting, vmi)
		default:
			p.remove = append(p.remove, vmi)
			failures = append(failures, failuresAfter(vmi))
		}
	}
	missing := want - len(running)
	// The longest waits stay when not all can.
	slices.SortFunc(waiting, func(a, b *v1.VirtualMachineInstance) int {
		return cmp.Or(cmp.Compare(backoffLeft(b, now), backoffLeft(a, now)), strings.Compare(a.Name, b.Name))
	})
	stay := min(len(waiting), max(missing, 0))
	p.remove = append(p.remove, waiting[stay:]...)
	if missing -= stay; stay > 0 {
		p.wait = backoffLeft(waiting[stay-1], now)
	}
	if missing < 0 {
		slices.SortFunc(running, compareForRemoval)
		p.remove = append(p.remove, running[:-missing]...)
	}
	p.remove = p.remove[:min(len(p.remove), burst)]
	if missing > 0 {
		p.create = make([]int, min(missing, burst))
		slices.SortFunc(failures, func(a, b int) int { return b - a })
		copy(p.create, failures)
	}
	return p
}

// compareForRemoval orders instances by how little is lost with them: the first
// one goes first. A paused guest is not ready.
func compareForRemoval(a, b *v1.VirtualMachineInstance) int {
	return cmp.Or(
		cmp.Compare(progress(a), progress(b)),
		b.CreationTimestamp.Compare(a.CreationTimestamp.Time),
		strings.Compare(a.Name, b.Name),
	)
}

// progress is how far an instance has come.
func progress(vmi *v1.VirtualMachineInstance) int {
	switch {
	case vmi.Status.NodeName == "":
		return 0
	case !vmi.IsRunning():
		return 1
	case !vmi.IsConditionTrue(v1.ConditionReady):
		return 2
	}
	return 3
}
