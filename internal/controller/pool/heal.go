package pool

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
)

// What the API promises for fields that are not set.
const (
	defaultFailureThreshold = 3
	defaultFailingDuration  = 5 * time.Minute
)

// heal removes machines that fail to start; they are replaced under their numbers
// once these are free. There are never more down for that than may be unavailable:
// what makes all of them fail, a broken image say, must not cost all of them. Their
// volumes go or stay as when scaling in, since nobody asked for these to go.
func (r *Reconciler) heal(ctx context.Context, s *scope) (ctrl.Result, error) {
	healing := s.pool.Spec.Autohealing
	if healing == nil || s.still() {
		return ctrl.Result{}, nil
	}
	most, err := maxUnavailable(s.pool.Spec.MaxUnavailable, s.want())
	if err != nil {
		r.fail(s, v1.ReasonFailedScaleIn, err)
		return ctrl.Result{}, fmt.Errorf("healing: %w", err)
	}
	hopeless, wait := diagnose(s.machines, healing, s.now)
	// They are unavailable themselves, which is no reason against healing them.
	budget := max(most-(unavailable(s.machines, s.want())-len(hopeless)), 0)
	chosen := hopeless[:min(len(hopeless), budget)]
	return ctrl.Result{RequeueAfter: wait}, r.remove(ctx, s, chosen, preserves(s.pool), machineReplaced)
}

// diagnose returns the machines that are to be replaced, those that have failed for
// the longest time first, and after how long there may be another, 0 when nothing
// points to it.
func diagnose(
	machines []*machine, healing *poolv1beta1.VirtualMachinePoolAutohealingStrategy, now time.Time,
) (hopeless []*machine, wait time.Duration) {
	threshold := int(ptr.Deref(healing.StartUpFailureThreshold, defaultFailureThreshold))
	least := defaultFailingDuration
	if d := healing.MinFailingToStartDuration; d != nil {
		least = d.Duration
	}
	since := map[*machine]time.Time{}
	for _, m := range machines {
		failing, ok := failingSince(m.vm.Status.StartFailure)
		// Of a guest that runs the machine's status is a little late to tell.
		if !ok || m.vm.Status.StartFailure.ConsecutiveFailCount < threshold || m.vmi != nil && m.vmi.IsRunning() {
			continue
		}
		since[m] = failing
		if left := failing.Add(least).Sub(now); left <= 0 {
			hopeless = append(hopeless, m)
		} else if wait == 0 || left < wait {
			wait = left
		}
	}
	slices.SortStableFunc(hopeless, func(a, b *machine) int { return since[a].Compare(since[b]) })
	return hopeless, wait
}

// The least that a machine waits after so many failed starts in a row is quadratic,
// up to a cap that holds from the sixth on. So its controller does it.
const (
	startDelay    = 10 * time.Second
	maxStartDelay = 300 * time.Second
	cappedFrom    = 6
)

// failingSince returns when a machine has begun to fail to start, at the latest. The
// status does not tell, and since when the machine is not ready says nothing: it may
// have been off. But after each of the failures there was at least the delay that
// goes with it until the next, and after the last until the next attempt: all of
// them before that is when the first was. The duration of the attempts themselves
// and what is added to delays at random are not known: healing may come late by
// them, but never early.
func failingSince(f *v1.VirtualMachineStartFailure) (time.Time, bool) {
	if f == nil || f.RetryAfterTimestamp == nil || f.ConsecutiveFailCount < 1 {
		return time.Time{}, false
	}
	since := f.RetryAfterTimestamp.Time
	for n := 1; n <= min(f.ConsecutiveFailCount, cappedFrom-1); n++ {
		since = since.Add(-startDelay * time.Duration(n*n))
	}
	// A million are years, and no overflow.
	capped := min(max(f.ConsecutiveFailCount-cappedFrom+1, 0), 1e6)
	return since.Add(-maxStartDelay * time.Duration(capped)), true
}
