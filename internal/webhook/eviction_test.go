package webhook

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/builder"
)

func TestDecideEviction(t *testing.T) {
	const allowed = ""
	now := metav1.Now()
	type change func(*corev1.Pod, *v1.VirtualMachineInstance)
	ended := func(phase corev1.PodPhase) change {
		return func(pod *corev1.Pod, _ *v1.VirtualMachineInstance) { pod.Status.Phase = phase }
	}
	migratable := func(_ *corev1.Pod, vmi *v1.VirtualMachineInstance) {
		vmi.Status.Conditions = []v1.Condition{{Type: v1.ConditionLiveMigratable, Status: corev1.ConditionTrue}}
	}
	blocked := func(_ *corev1.Pod, vmi *v1.VirtualMachineInstance) {
		vmi.Status.Conditions = []v1.Condition{{Type: v1.ConditionLiveMigratable, Status: corev1.ConditionFalse, Message: "its disk is local"}}
	}
	marked := func(node string) change {
		return func(_ *corev1.Pod, vmi *v1.VirtualMachineInstance) { vmi.Status.EvacuationNodeName = node }
	}
	both := func(changes ...change) change {
		return func(pod *corev1.Pod, vmi *v1.VirtualMachineInstance) {
			for _, change := range changes {
				change(pod, vmi)
			}
		}
	}
	const live, ifPossible, external, none = v1.EvictionStrategyLiveMigrate, v1.EvictionStrategyLiveMigrateIfPossible,
		v1.EvictionStrategyExternal, v1.EvictionStrategyNone
	for name, c := range map[string]struct {
		strategy v1.EvictionStrategy
		change   change
		mark     bool
		// refused is a part of the message, empty where the pod may go.
		refused string
	}{
		"no strategy":                         {"", nil, false, allowed},
		"None":                                {none, nil, false, allowed},
		"None, migratable":                    {none, migratable, false, allowed},
		"LiveMigrate, not known":              {live, nil, false, "cannot be live-migrated (see its condition LiveMigratable): stop it"},
		"LiveMigrate, not migratable":         {live, blocked, false, "cannot be live-migrated"},
		"LiveMigrate, migratable":             {live, migratable, true, "is marked to leave its node"},
		"LiveMigrate, marked":                 {live, both(migratable, marked("node01")), false, "is marked to leave its node"},
		"LiveMigrate, marked for a node past": {live, both(migratable, marked("node00")), true, "is marked to leave its node"},
		"IfPossible, not migratable":          {ifPossible, blocked, false, allowed},
		"IfPossible, migratable":              {ifPossible, migratable, true, "is marked"},
		"External":                            {external, nil, true, "waits for the controller that is to do it; without one, stop it"},
		"External, marked":                    {external, marked("node01"), false, "is marked"},
		"External, elsewhere":                 {external, func(pod *corev1.Pod, _ *v1.VirtualMachineInstance) { pod.Spec.NodeName = "node02" }, false, "try again"},
		"a pod that has ended":                {external, ended(corev1.PodSucceeded), false, allowed},
		"a pod that has failed":               {external, ended(corev1.PodFailed), false, allowed},
		"a pod that goes":                     {external, func(pod *corev1.Pod, _ *v1.VirtualMachineInstance) { pod.DeletionTimestamp = &now }, false, allowed},
		"an instance that goes":               {external, func(_ *corev1.Pod, vmi *v1.VirtualMachineInstance) { vmi.DeletionTimestamp = &now }, false, allowed},
		"an instance that has ended":          {external, func(_ *corev1.Pod, vmi *v1.VirtualMachineInstance) { vmi.Status.Phase = v1.VMIPhaseFailed }, false, allowed},
		"a pod that holds a claim's place": {external, func(pod *corev1.Pod, _ *v1.VirtualMachineInstance) {
			pod.Annotations = map[string]string{v1.AnnotationEphemeralProvisioning: "true"}
		}, false, allowed},
	} {
		t.Run(name, func(t *testing.T) {
			vmi := builder.VMI("ns", "guest")
			vmi.Status.Phase, vmi.Status.NodeName = v1.VMIPhaseRunning, "node01"
			if c.strategy != "" {
				vmi.Spec.EvictionStrategy = &c.strategy
			}
			pod := &corev1.Pod{Spec: corev1.PodSpec{NodeName: "node01"}}
			if c.change != nil {
				c.change(pod, vmi)
			}
			got := decideEviction(pod, vmi)
			if got.mark != c.mark || (got.refusal == "") != (c.refused == "") || !strings.Contains(got.refusal, c.refused) {
				t.Errorf("got %+v, want mark %v and %q", got, c.mark, c.refused)
			}
		})
	}
	if got := decideEviction(&corev1.Pod{}, nil); got != (eviction{}) {
		t.Errorf("a pod without a guest: %+v", got)
	}
}

// A pod whose guest never ran may go, even where the guest may not.
func TestEvictionBeforeTheGuestRuns(t *testing.T) {
	for _, c := range []struct {
		phase   v1.VirtualMachineInstancePhase
		node    string
		refused bool
	}{
		{v1.VMIPhasePending, "", false}, {v1.VMIPhaseScheduling, "", false}, {v1.VMIPhaseScheduling, "node01", false},
		{v1.VMIPhaseScheduled, "node01", true}, {v1.VMIPhaseRunning, "node01", true},
	} {
		for _, strategy := range []v1.EvictionStrategy{v1.EvictionStrategyLiveMigrate, v1.EvictionStrategyExternal} {
			vmi := builder.VMI("ns", "guest")
			vmi.Spec.EvictionStrategy, vmi.Status.Phase = &strategy, c.phase
			got := decideEviction(&corev1.Pod{Spec: corev1.PodSpec{NodeName: c.node}}, vmi)
			if got.mark || (got.refusal != "") != c.refused {
				t.Errorf("%s in phase %s with a pod on %q: %+v", strategy, c.phase, c.node, got)
			}
		}
	}
}

// Anybody may ask.
func TestRefusalsTellLittle(t *testing.T) {
	for _, strategy := range []v1.EvictionStrategy{v1.EvictionStrategyLiveMigrate, v1.EvictionStrategyLiveMigrateIfPossible, v1.EvictionStrategyExternal} {
		for _, status := range []corev1.ConditionStatus{corev1.ConditionTrue, corev1.ConditionFalse} {
			for _, node := range []string{"node01", "node02"} {
				vmi := builder.VMI("ns", "guest")
				vmi.Spec.EvictionStrategy, vmi.Status.Phase, vmi.Status.NodeName = &strategy, v1.VMIPhaseRunning, node
				vmi.Status.Conditions = []v1.Condition{{Type: v1.ConditionLiveMigratable, Status: status, Message: "its disk is local"}}
				refusal := decideEviction(&corev1.Pod{Spec: corev1.PodSpec{NodeName: "node01"}}, vmi).refusal
				for _, secret := range []string{"node0", "External", "IfPossible", "its disk is local"} {
					if strings.Contains(refusal, secret) {
						t.Errorf("%q tells of %s", refusal, secret)
					}
				}
			}
		}
	}
}
