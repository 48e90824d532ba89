package explain

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

// story is a machine and what is to be said about it.
type story struct {
	name  string
	facts Facts
	// causes and notes are the reasons in order; says is part of the first one's message.
	causes, notes []string
	says          string
}

func causes(reasons ...string) []string { return reasons }

func reasonsOf(list []subresourcesv1.Cause) []string {
	var reasons []string
	for i := range list {
		reasons = append(reasons, list[i].Reason)
	}
	return reasons
}

// check compares what is said with what is to be, and that nobody is left with half an answer.
func (s *story) check(t *testing.T) {
	t.Helper()
	got := Explain(s.facts)
	// That this version does not migrate is told of every guest.
	notes := slices.DeleteFunc(reasonsOf(got.Notes), func(r string) bool { return r == v1.CauseMigrationUnsupported })
	if !slices.Equal(reasonsOf(got.Causes), s.causes) || !slices.Equal(notes, s.notes) {
		t.Fatalf("causes %v, notes %v; want %v, %v", reasonsOf(got.Causes), notes, s.causes, s.notes)
	}
	if got.Healthy != (len(s.causes) == 0) {
		t.Errorf("healthy %v with causes %v", got.Healthy, s.causes)
	}
	all := slices.Concat(got.Causes, got.Notes)
	for i, c := range all {
		if !strings.HasSuffix(c.Message, ".") || strings.Contains(c.Message, "%!") || strings.Contains(c.Message, "..") {
			t.Errorf("%s: no sentence: %q", c.Reason, c.Message)
		}
		if c.Remedy == "" || strings.Contains(c.Remedy, "%!") || strings.Contains(c.Remedy, "%s") {
			t.Errorf("%s: remedy %q", c.Reason, c.Remedy)
		}
		if len(c.Evidence) == 0 {
			t.Errorf("%s: nothing to be seen", c.Reason)
		}
		for _, e := range c.Evidence {
			if e.Kind == "" || e.Name == "" || e.Field == "" {
				t.Errorf("%s: evidence %+v", c.Reason, e)
			}
		}
		if i == 0 && !strings.Contains(c.Message, s.says) {
			t.Errorf("%s says %q, want it to say %q", c.Reason, c.Message, s.says)
		}
	}
}

func stories() []story {
	return slices.Concat(strategyStories(), endingStories(), refusalStories(), claimStories(), volumeStories(), schedulingStories(), imageStories(),
		podStories(), guestStories(), migrationStories())
}

func TestCauses(t *testing.T) {
	for _, s := range stories() {
		t.Run(s.name, s.check)
	}
}

// Every reason that the API has is told in some story.
func TestEveryReasonHasAStory(t *testing.T) {
	told := map[string]bool{v1.CauseMigrationUnsupported: true} // of every guest that runs
	for _, s := range stories() {
		for _, reason := range slices.Concat(s.causes, s.notes) {
			told[reason] = true
		}
	}
	source, err := os.ReadFile("../../api/core/v1/cause_reasons.go")
	if err != nil {
		t.Fatal(err)
	}
	constants := regexp.MustCompile(`(?m)^\tCause\w+ = "(\w+)"$`).FindAllStringSubmatch(string(source), -1)
	if len(constants) < 25 {
		t.Fatalf("only %d reasons", len(constants))
	}
	for _, c := range constants {
		if !told[c[1]] {
			t.Errorf("%s is told in no story", c[1])
		}
	}
}

// The first ten are the ten healthy machines of different kinds.
func TestHealthy(t *testing.T) {
	pvcBound := claim(corev1.ClaimBound, time.Hour)
	for _, s := range []story{
		{name: "switched off", facts: scene(v1.RunStrategyHalted), notes: causes(v1.CauseHalted)},
		{name: "started a moment ago", facts: scene(v1.RunStrategyAlways, instance(v1.VMIPhasePending, time.Second))},
		{name: "its pod is being placed", facts: scene(v1.RunStrategyAlways, instance(v1.VMIPhaseScheduling, 2*time.Second),
			launcher(corev1.PodPending, 2*time.Second, func(pod *corev1.Pod) { pod.Spec.NodeName, pod.Status.Conditions = "", nil }))},
		{name: "its image is being pulled", facts: scene(v1.RunStrategyAlways, instance(v1.VMIPhaseScheduling, time.Minute),
			launcher(corev1.PodPending, time.Minute, waiting("ContainerCreating", "")), podEvent("Pulling",
				`Pulling image "registry/guest:1"`))},
		{name: "its claim is being provisioned", facts: scene(v1.RunStrategyAlways, usesClaim(),
			claim(corev1.ClaimPending, 10*time.Second), classes(),
			instance(v1.VMIPhaseScheduling, 10*time.Second), claimEvent("ExternalProvisioning", "waiting for a volume to be created"),
			launcher(corev1.PodPending, 10*time.Second,
				unplaced("0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found")))},
		{name: "its data volume is being imported", facts: scene(v1.RunStrategyAlways, template,
			dataVolume(cdiv1beta1.DataVolumeImportInProgress, time.Minute))},
		{name: "its guest boots", facts: scene(v1.RunStrategyAlways, spec(probed),
			instance(v1.VMIPhaseRunning, time.Minute, unready10m),
			launcher(corev1.PodRunning, time.Minute), podEvent("Unhealthy", "Readiness probe failed: dial tcp: connection refused"))},
		{name: "running with an agent", facts: scene(v1.RunStrategyAlways,
			instance(v1.VMIPhaseRunning, time.Hour, ready, says(v1.ConditionAgentConnected, corev1.ConditionTrue, "",
				"")), launcher(corev1.PodRunning, time.Hour))},
		{name: "running on a claim of one node", facts: scene(v1.RunStrategyAlways, usesClaim(), pvcBound,
			instance(v1.VMIPhaseRunning, time.Hour, ready), launcher(corev1.PodRunning,
				time.Hour)), notes: causes(v1.ReasonDisksNotLiveMigratable)},
		{name: "being stopped", facts: scene(v1.RunStrategyHalted, instance(v1.VMIPhaseRunning, time.Hour, ready, going(5*time.Second)),
			launcher(corev1.PodRunning, time.Hour)), notes: causes(v1.CauseShuttingDown)},

		{name: "paused by somebody", facts: scene(v1.RunStrategyAlways,
			instance(v1.VMIPhaseRunning, time.Hour, unready10m, says(v1.ConditionPaused, corev1.ConditionTrue, v1.ReasonPausedByUser, "")),
			launcher(corev1.PodRunning, time.Hour)), notes: causes(v1.CauseGuestPaused)},
		{name: "restarted after an earlier mount failed", facts: scene(v1.RunStrategyAlways,
			podEvent("FailedMount", `secret "x" not found`), older(time.Hour),
			instance(v1.VMIPhaseScheduling, time.Minute), launcher(corev1.PodPending, time.Minute, waiting("ContainerCreating", "")))},
		{name: "its pod found the secret on the second try", facts: scene(v1.RunStrategyAlways,
			podEvent("FailedMount", `secret "x" not found`),
			instance(v1.VMIPhaseRunning, time.Minute, ready), launcher(corev1.PodRunning, time.Minute))},
		{name: "its guest ended once and is started again", facts: scene(v1.RunStrategyAlways,
			instance(v1.VMIPhaseSucceeded, time.Second))},
		{name: "rebooted off and on", facts: scene(v1.RunStrategyAlways, instance(v1.VMIPhaseRunning, time.Minute, ready),
			ended1("one", corev1.EventTypeNormal), ended1("two", corev1.EventTypeNormal))},
		{name: "waits for its first consumer", facts: scene(v1.RunStrategyAlways, template,
			dataVolume(cdiv1beta1.DataVolumeWaitForFirstConsumer, time.Hour),
			claim(corev1.ClaimPending, time.Hour), classes(onDemand), instance(v1.VMIPhasePending, time.Second))},
		{name: "created a moment ago", facts: scene(v1.RunStrategyAlways, func(f *Facts) {
			f.VM.CreationTimestamp, f.VM.Status = ago(time.Second), v1.VirtualMachineStatus{}
		})},
	} {
		t.Run(s.name, s.check)
	}
}

func probed(spec *v1.VirtualMachineInstanceSpec) {
	spec.ReadinessProbe = &v1.Probe{ProbeHandler: v1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{}}}
}

// Without the time, the answer follows from the objects alone: what is only late is
// not told, whatever there is to be seen.
func TestWithoutTheTimeNothingIsLate(t *testing.T) {
	late := []string{
		v1.CauseControllerSilent, v1.CauseSchedulerSilent, v1.CauseHandlerSlow, v1.CauseLauncherSlow, v1.CauseImagePullSlow, v1.CauseClaimNotBound,
		v1.CauseDataVolumeNotFilled, v1.CauseNotReady, v1.CauseReadinessProbeFailing, v1.CauseGuestAgentNotConnected, v1.CauseTerminationStuck,
		v1.CauseFinalizerHeld, v1.CauseGuestKeepsEnding,
	}
	for _, s := range stories() {
		s.facts.Now = time.Time{}
		for _, reason := range reasonsOf(Explain(s.facts).Causes) {
			if slices.Contains(late, reason) {
				t.Errorf("%s: %s", s.name, reason)
			}
		}
	}
}

// The first area that knows something answers; what follows from it is not told.
func TestOrder(t *testing.T) {
	for _, s := range []story{
		{
			name: "a claim that is missing comes before an old failure to start", causes: causes(v1.CauseClaimNotFound),
			facts: scene(v1.RunStrategyAlways, usesClaim(), crashed(2), instance(v1.VMIPhasePending, time.Minute, missing("data"))),
		},
		{
			name: "a node that is down comes before what its kubelet said last", causes: causes(v1.CauseNodeNotReady),
			facts: scene(v1.RunStrategyAlways, onNode(unreadyNode), instance(v1.VMIPhaseScheduling, time.Minute),
				launcher(corev1.PodPending, time.Minute), podEvent("FailedMount", "timed out")),
		},
		{
			name: "the same claim twice is one cause", causes: causes(v1.CauseClaimLost),
			facts: scene(v1.RunStrategyAlways, usesClaim(), usesClaim(), claim(corev1.ClaimLost, time.Hour),
				instance(v1.VMIPhasePending, time.Minute)),
		},
		{
			name: "two claims are two causes", causes: causes(v1.CauseClaimLost, v1.CauseClaimNotFound),
			facts: scene(v1.RunStrategyAlways, usesClaim(), claim(corev1.ClaimLost, time.Hour),
				instance(v1.VMIPhasePending, time.Minute, missing("other"))),
		},
		{
			name: "the scheduler may have several reasons", causes: causes(v1.CauseInsufficientCPU, v1.CauseNodesCordoned),
			facts: scene(v1.RunStrategyAlways, instance(v1.VMIPhaseScheduling, time.Minute), launcher(corev1.PodPending, time.Minute,
				unplaced("0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. preemption: 0/2 nodes are available: 1 No preemption victims found."))),
		},
		{
			name: "a machine that is off is not looked at further", notes: causes(v1.CauseHalted),
			facts: scene(v1.RunStrategyHalted, usesClaim(), claim(corev1.ClaimLost, time.Hour), crashed(3)),
		},
		{
			name: "an event about an earlier pod tells nothing", facts: scene(v1.RunStrategyAlways,
				instance(v1.VMIPhaseScheduling, time.Minute),
				launcher(corev1.PodPending, time.Minute), event(kindPod, "virt-launcher-vm", "earlier", corev1.EventTypeWarning,
					"FailedMount", "timed out")),
		},
	} {
		t.Run(s.name, s.check)
	}
}

func missing(claim string) func(*v1.VirtualMachineInstance) {
	return unsynchronized(v1.ReasonFailedPvcNotFound, "PersistentVolumeClaim "+claim+" not found, waiting for it")
}

func unreadyNode(node *corev1.Node) {
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionUnknown,
		Reason: "NodeStatusUnknown"}}
}
