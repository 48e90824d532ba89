package vm

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func vmiIn(phase v1.VirtualMachineInstancePhase, changes ...func(*v1.VirtualMachineInstance)) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{UID: "one"}}
	vmi.Status.Phase = phase
	for _, change := range changes {
		change(vmi)
	}
	return vmi
}

func deleting(vmi *v1.VirtualMachineInstance) { vmi.DeletionTimestamp = &metav1.Time{Time: time.Now()} }

func says(t v1.ConditionType, status corev1.ConditionStatus, reason string) func(*v1.VirtualMachineInstance) {
	return func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Conditions = append(vmi.Status.Conditions, v1.Condition{Type: t, Status: status, Reason: reason})
	}
}

func hasBeen(phase v1.VirtualMachineInstancePhase) func(*v1.VirtualMachineInstance) {
	return func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.PhaseTransitionTimestamps = append(vmi.Status.PhaseTransitionTimestamps, v1.VirtualMachineInstancePhaseTransitionTimestamp{Phase: phase})
	}
}

// scopeOf is a scope as read would fill it.
func scopeOf(strategy v1.VirtualMachineRunStrategy, vmi *v1.VirtualMachineInstance, changes ...func(*scope)) *scope {
	s := &scope{vm: &v1.VirtualMachine{}, vmi: vmi, now: time.Now(), situation: situation{strategy: strategy}}
	if vmi != nil {
		s.instance = stateOf(vmi)
	}
	for _, change := range changes {
		change(s)
	}
	return s
}

func TestPrintableStatus(t *testing.T) {
	always, halted := v1.RunStrategyAlways, v1.RunStrategyHalted
	backoff := func(s *scope) {
		retry := metav1.NewTime(s.now.Add(time.Minute))
		s.vm.Status.StartFailure = &v1.VirtualMachineStartFailure{ConsecutiveFailCount: 1, RetryAfterTimestamp: &retry}
	}
	retrying := func(s *scope) {
		retry := metav1.NewTime(s.now.Add(-time.Second))
		s.vm.Status.StartFailure = &v1.VirtualMachineStartFailure{ConsecutiveFailCount: 1, RetryAfterTimestamp: &retry}
	}
	goes := func(s *scope) { s.deletion = withInstance }
	stop := func(s *scope) { s.request = stopRequest }
	migrating := func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.MigrationState = &v1.VirtualMachineInstanceMigrationState{StartTimestamp: &metav1.Time{Time: time.Now()}}
	}
	paused := says(v1.ConditionPaused, corev1.ConditionTrue, v1.ReasonPausedByUser)
	cases := map[string]struct {
		scope *scope
		want  v1.VirtualMachinePrintableStatus
	}{
		"deleted":                          {scopeOf(always, vmiIn(v1.VMIPhaseRunning), goes), v1.PrintableStatusTerminating},
		"deleted without an instance":      {scopeOf(halted, nil, goes), v1.PrintableStatusTerminating},
		"the instance is deleted":          {scopeOf(always, vmiIn(v1.VMIPhaseRunning, deleting)), v1.PrintableStatusStopping},
		"halted with a live instance":      {scopeOf(halted, vmiIn(v1.VMIPhaseRunning)), v1.PrintableStatusStopping},
		"halted while it starts":           {scopeOf(halted, vmiIn(v1.VMIPhaseScheduling)), v1.PrintableStatusStopping},
		"a restart asked for":              {scopeOf(always, vmiIn(v1.VMIPhaseRunning), stop), v1.PrintableStatusStopping},
		"migrating":                        {scopeOf(always, vmiIn(v1.VMIPhaseRunning, migrating)), v1.PrintableStatusMigrating},
		"stopping beats migrating":         {scopeOf(halted, vmiIn(v1.VMIPhaseRunning, migrating)), v1.PrintableStatusStopping},
		"paused":                           {scopeOf(always, vmiIn(v1.VMIPhaseRunning, paused)), v1.PrintableStatusPaused},
		"running":                          {scopeOf(always, vmiIn(v1.VMIPhaseRunning)), v1.PrintableStatusRunning},
		"a claim is missing":               {scopeOf(always, vmiIn(v1.VMIPhasePending, says(v1.ConditionSynchronized, "False", v1.ReasonFailedPvcNotFound))), v1.PrintableStatusErrorPvcNotFound},
		"no node fits":                     {scopeOf(always, vmiIn(v1.VMIPhaseScheduling, says(v1.ConditionPodScheduled, "False", v1.ReasonUnschedulable))), v1.PrintableStatusErrorUnschedulable},
		"the image cannot be pulled":       {scopeOf(always, vmiIn(v1.VMIPhaseScheduling, says(v1.ConditionSynchronized, "False", v1.ReasonErrImagePull))), v1.PrintableStatusErrImagePull},
		"the image is tried again":         {scopeOf(always, vmiIn(v1.VMIPhaseScheduling, says(v1.ConditionSynchronized, "False", v1.ReasonImagePullBackOff))), v1.PrintableStatusImagePullBackOff},
		"pending":                          {scopeOf(always, vmiIn(v1.VMIPhasePending)), v1.PrintableStatusStarting},
		"scheduled":                        {scopeOf(always, vmiIn(v1.VMIPhaseScheduled)), v1.PrintableStatusStarting},
		"about to be created":              {scopeOf(always, nil), v1.PrintableStatusStarting},
		"about to be created once more":    {scopeOf(always, vmiIn(v1.VMIPhaseSucceeded)), v1.PrintableStatusStarting},
		"created once more after the wait": {scopeOf(always, nil, retrying), v1.PrintableStatusStarting},
		"waiting after a crash":            {scopeOf(always, nil, backoff), v1.PrintableStatusCrashLoopBackOff},
		"just crashed":                     {scopeOf(always, vmiIn(v1.VMIPhaseFailed), backoff), v1.PrintableStatusCrashLoopBackOff},
		"off":                              {scopeOf(halted, nil), v1.PrintableStatusStopped},
		"off after a crash":                {scopeOf(halted, nil, backoff), v1.PrintableStatusStopped},
		"off with an ended instance":       {scopeOf(halted, vmiIn(v1.VMIPhaseSucceeded)), v1.PrintableStatusStopped},
		"off, start asked for":             {scopeOf(halted, nil, func(s *scope) { s.request = startRequest }), v1.PrintableStatusStarting},
	}
	for name, c := range cases {
		if got := printableStatusFor(c.scope); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestDueRequests(t *testing.T) {
	one, other := types.UID("one"), types.UID("other")
	start := v1.VirtualMachineStateChangeRequest{Action: v1.StateChangeRequestActionStart}
	stopOne := v1.VirtualMachineStateChangeRequest{Action: v1.StateChangeRequestActionStop, UID: &one}
	stopOther := v1.VirtualMachineStateChangeRequest{Action: v1.StateChangeRequestActionStop, UID: &other}
	cases := map[string]struct {
		requests []v1.VirtualMachineStateChangeRequest
		vmi      *v1.VirtualMachineInstance
		want     request
		left     int
	}{
		"none":                             {nil, nil, noRequest, 0},
		"start waits":                      {[]v1.VirtualMachineStateChangeRequest{start}, nil, startRequest, 1},
		"start is done":                    {[]v1.VirtualMachineStateChangeRequest{start}, vmiIn(v1.VMIPhasePending), noRequest, 0},
		"start waits for the end of one":   {[]v1.VirtualMachineStateChangeRequest{start}, vmiIn(v1.VMIPhaseFailed), startRequest, 1},
		"stop waits":                       {[]v1.VirtualMachineStateChangeRequest{stopOne}, vmiIn(v1.VMIPhaseRunning), stopRequest, 1},
		"stop is done":                     {[]v1.VirtualMachineStateChangeRequest{stopOne}, nil, noRequest, 0},
		"stop of an earlier one":           {[]v1.VirtualMachineStateChangeRequest{stopOther}, vmiIn(v1.VMIPhaseRunning), noRequest, 0},
		"restart, the old one runs":        {[]v1.VirtualMachineStateChangeRequest{stopOne, start}, vmiIn(v1.VMIPhaseRunning), stopRequest, 2},
		"restart, the old one is gone":     {[]v1.VirtualMachineStateChangeRequest{stopOne, start}, nil, startRequest, 1},
		"restart, the new one is there":    {[]v1.VirtualMachineStateChangeRequest{stopOther, start}, vmiIn(v1.VMIPhasePending), noRequest, 0},
		"a stop of whichever there may be": {[]v1.VirtualMachineStateChangeRequest{{Action: v1.StateChangeRequestActionStop}}, vmiIn(v1.VMIPhaseRunning), stopRequest, 1},
	}
	for name, c := range cases {
		due := dueRequests(c.requests, c.vmi)
		if got := pendingRequest(due); got != c.want || len(due) != c.left {
			t.Errorf("%s: %d with %d left, want %d with %d", name, got, len(due), c.want, c.left)
		}
	}
}

func TestDelayAfter(t *testing.T) {
	for _, c := range []struct {
		failures int
		random   float64
		want     time.Duration
	}{
		{1, 0, 10 * time.Second},
		{1, 1, 15 * time.Second},
		{2, 0, 40 * time.Second},
		{2, 0.5, 50 * time.Second},
		{5, 0, 250 * time.Second},
		{5, 1, 300 * time.Second},
		{6, 0, 300 * time.Second},
		{1 << 40, 0, 300 * time.Second},
	} {
		if got := delayAfter(c.failures, c.random); got != c.want {
			t.Errorf("after %d failures, random %v: %s, want %s", c.failures, c.random, got, c.want)
		}
	}
}

func TestStartFailure(t *testing.T) {
	last := &v1.VirtualMachineStartFailure{ConsecutiveFailCount: 2, LastFailedVMIUID: "earlier"}
	recorded := &v1.VirtualMachineStartFailure{ConsecutiveFailCount: 2, LastFailedVMIUID: "one"}
	cases := map[string]struct {
		strategy v1.VirtualMachineRunStrategy
		vmi      *v1.VirtualMachineInstance
		last     *v1.VirtualMachineStartFailure
		want     int
	}{
		"never failed":                 {v1.RunStrategyAlways, vmiIn(v1.VMIPhaseScheduling), nil, 0},
		"first crash":                  {v1.RunStrategyAlways, vmiIn(v1.VMIPhaseFailed), nil, 1},
		"third crash":                  {v1.RunStrategyAlways, vmiIn(v1.VMIPhaseFailed), last, 3},
		"counted already":              {v1.RunStrategyAlways, vmiIn(v1.VMIPhaseFailed), recorded, 2},
		"between two tries":            {v1.RunStrategyAlways, nil, last, 2},
		"the next try starts":          {v1.RunStrategyAlways, vmiIn(v1.VMIPhaseScheduled), last, 2},
		"the next try runs":            {v1.RunStrategyAlways, vmiIn(v1.VMIPhaseRunning, hasBeen(v1.VMIPhaseRunning)), last, 0},
		"failed after it ran":          {v1.RunStrategyAlways, vmiIn(v1.VMIPhaseFailed, hasBeen(v1.VMIPhaseRunning)), last, 0},
		"deleted before it ran":        {v1.RunStrategyAlways, vmiIn(v1.VMIPhaseFailed, deleting), nil, 0},
		"the machine was switched off": {v1.RunStrategyHalted, nil, last, 0},
	}
	for name, c := range cases {
		s := scopeOf(c.strategy, c.vmi)
		s.vm.Status.StartFailure = c.last
		got := startFailureFor(s, 0)
		count := 0
		if got != nil {
			count = got.ConsecutiveFailCount
		}
		if count != c.want {
			t.Errorf("%s: %d failures, want %d", name, count, c.want)
		}
		if grew := c.last == nil || c.want > c.last.ConsecutiveFailCount; c.want > 0 && grew {
			if want := s.now.Add(delayAfter(c.want, 0)); !got.RetryAfterTimestamp.Time.Equal(want) || got.LastFailedVMIUID != c.vmi.UID {
				t.Errorf("%s: retry at %v for %s, want %v", name, got.RetryAfterTimestamp, got.LastFailedVMIUID, want)
			}
		}
	}
}
