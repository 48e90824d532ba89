package pool

import (
	"math"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
)

func TestDiagnose(t *testing.T) {
	now := time.Unix(1e9, 0)
	threshold := uint32(5)
	custom := &poolv1beta1.VirtualMachinePoolAutohealingStrategy{
		StartUpFailureThreshold: &threshold, MinFailingToStartDuration: &metav1.Duration{Duration: 10 * time.Minute},
	}
	unset := &poolv1beta1.VirtualMachinePoolAutohealingStrategy{}
	for name, c := range map[string]struct {
		healing  *poolv1beta1.VirtualMachinePoolAutohealingStrategy
		failures int
		retry    time.Duration // when the next start is due, from now
		heal     bool
		after    time.Duration
	}{
		"never failed":                 {unset, 0, -time.Hour, false, 0},
		"failed too seldom":            {unset, 2, -time.Hour, false, 0},
		"just failed enough":           {unset, 3, 90 * time.Second, false, 250 * time.Second},
		"failed enough, a while ago":   {unset, 3, -159 * time.Second, false, time.Second},
		"failed enough, long ago":      {unset, 3, -160 * time.Second, true, 0},
		"has failed for long enough":   {unset, 4, 0, true, 0},
		"below a threshold of its own": {custom, 4, -time.Hour, false, 0},
		"within a duration of its own": {custom, 5, 0, false, 50 * time.Second},
		"above both":                   {custom, 6, 250 * time.Second, true, 0},
		"more often than can be":       {unset, math.MaxInt, time.Hour, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			m := some(0)[0]
			// Neither when it was made nor since when it is not ready tells anything: it may have been off.
			m.vm.Status.Conditions = []v1.Condition{{
				Type: v1.ConditionReady, Status: corev1.ConditionFalse, LastTransitionTime: metav1.NewTime(now.AddDate(0, -1, 0)),
			}}
			if c.failures > 0 {
				retry := metav1.NewTime(now.Add(c.retry))
				m.vm.Status.StartFailure = &v1.VirtualMachineStartFailure{ConsecutiveFailCount: c.failures, RetryAfterTimestamp: &retry}
			}
			if heal, after := diagnose([]*machine{m}, c.healing, now); (len(heal) == 1) != c.heal || after != c.after {
				t.Errorf("heal %v, after %s", heal, after)
			}
			m.readily()
			if heal, after := diagnose([]*machine{m}, c.healing, now); len(heal) > 0 || after != 0 {
				t.Errorf("its guest runs: heal %v, after %s", heal, after)
			}
		})
	}
}

// Whoever has failed for the longest time comes first, and the earliest of the
// others tells when to look again.
func TestDiagnoseMany(t *testing.T) {
	now := time.Unix(1e9, 0)
	machines := some(0, 1, 2, 3, 4)
	for i, retry := range []time.Duration{-time.Hour, 90 * time.Second, -2 * time.Hour, 30 * time.Second, -time.Hour} {
		at := metav1.NewTime(now.Add(retry))
		machines[i].vm.Status.StartFailure = &v1.VirtualMachineStartFailure{ConsecutiveFailCount: 3, RetryAfterTimestamp: &at}
	}
	heal, after := diagnose(machines, &poolv1beta1.VirtualMachinePoolAutohealingStrategy{}, now)
	if got := indexes(heal); got != "2 0 4" || after != 190*time.Second {
		t.Errorf("heal %s, after %s", got, after)
	}
}

// Whatever attempts take and whatever is added to delays: a machine is never taken
// to fail for longer than it does.
func TestFailingSince(t *testing.T) {
	for _, c := range []struct {
		attempt time.Duration
		random  float64
	}{{0, 0}, {0, 0.5}, {20 * time.Second, 0}, {10 * time.Minute, 0.3}} {
		first := time.Unix(1e9, 0)
		failed := first
		for n := 1; n < 20; n++ {
			delay := min(time.Duration(float64(10*n*n)*(1+c.random)*float64(time.Second)), 300*time.Second)
			retry := metav1.NewTime(failed.Add(delay))
			since, ok := failingSince(&v1.VirtualMachineStartFailure{ConsecutiveFailCount: n, RetryAfterTimestamp: &retry})
			if exact := c.attempt == 0 && c.random == 0; !ok || since.Before(first) || exact && !since.Equal(first) {
				t.Errorf("%+v, %d failures: since %s, %s after the first", c, n, since, since.Sub(first))
			}
			failed = retry.Add(c.attempt)
		}
	}
	if _, ok := failingSince(&v1.VirtualMachineStartFailure{ConsecutiveFailCount: 3}); ok {
		t.Error("no time is known")
	}
}
