package explain

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func requests(name corev1.ResourceName, quantity string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Spec.Containers[0].Resources.Requests[name] = resource.MustParse(quantity) }
}

func schedulingStories() []story {
	// told is what the scheduler says of two nodes, in its own words.
	told := func(name, reason, verdict, says string, changes ...func(*corev1.Pod)) story {
		message := "0/2 nodes are available: " + verdict + ". no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
		changes = append([]func(*corev1.Pod){unplaced(message)}, changes...)
		return story{
			name: name, causes: causes(reason), says: says,
			facts: scene(v1.RunStrategyAlways, instance(v1.VMIPhaseScheduling, time.Minute),
				launcher(corev1.PodPending, time.Minute, changes...)),
		}
	}
	const selector = "2 node(s) didn't match Pod's node affinity/selector"
	affinity := func(pod *corev1.Pod) {
		pod.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{}}}
	}
	byInstance := scene(v1.RunStrategyAlways,
		spec(func(s *v1.VirtualMachineInstanceSpec) { s.NodeSelector = map[string]string{"disk": "ssd"} }),
		instance(v1.VMIPhaseScheduling, time.Minute, says(v1.ConditionPodScheduled, corev1.ConditionFalse, v1.ReasonUnschedulable,
			"0/2 nodes are available: "+selector+".")))
	byInstance.Nodes = nil
	return []story{
		told("memory", v1.CauseInsufficientMemory, "2 Insufficient memory", "2 of 2 nodes have too little memory",
			requests(corev1.ResourceMemory, "4Gi")),
		told("cpu", v1.CauseInsufficientCPU, "1 Insufficient cpu", "1 of 2 nodes has too little CPU time"),
		told("huge pages", v1.CauseInsufficientResource, "2 Insufficient hugepages-2Mi", "hugepages-2Mi"),
		told("pods", v1.CauseInsufficientResource, "2 Too many pods", "full"),
		told("kvm", v1.CauseDeviceUnavailable, "2 Insufficient devices.kubevirt.io/kvm", "hardware virtualization",
			requests("devices.kubevirt.io/kvm", "1")),
		told("gpu", v1.CauseDeviceUnavailable, "2 Insufficient example.com/gpu", "No node offers", requests("example.com/gpu", "1")),
		told("no guests", v1.CauseNoNodeRunsGuests, selector, "virt-handler", selects(v1.LabelSchedulable, "soon")),
		told("architecture", v1.CauseArchitectureUnavailable, selector, "s390x", selects(corev1.LabelArchStable, "s390x")),
		told("cpu model", v1.CauseCPUModelUnavailable, selector, "EPYC", selects("cpu-model.node.kubevirt.io/EPYC", "true")),
		told("cpu feature", v1.CauseCPUFeatureUnavailable, selector, "avx512f",
			selects("cpu-feature.node.kubevirt.io/avx512f", "true")),
		told("machine type", v1.CauseMachineTypeUnavailable, selector, "pc-q35-9.2",
			selects("machine-type.node.kubevirt.io/pc-q35-9.2", "true")),
		told("selector", v1.CauseNodeSelectorUnmatched, selector, "disk=ssd", selects("disk", "ssd")),
		told("selector that no node matches in all", v1.CauseNodeSelectorUnmatched, selector, "2 of 2 nodes are without"),
		{name: "selector, says the instance", facts: byInstance, causes: causes(v1.CauseNodeSelectorUnmatched)},
		told("affinity", v1.CauseNodeAffinityUnmatched, selector, "node affinity", affinity),
		told("anti-affinity", v1.CausePodAffinityUnmatched, "2 node(s) didn't match pod anti-affinity rules",
			"2 of 2 nodes are ruled out"),
		told("taint", v1.CauseTaintUntolerated, "2 node(s) had untolerated taint(s)", "2 of 2 nodes are kept free"),
		told("cordoned", v1.CauseNodesCordoned, "2 node(s) were unschedulable", "closed"),
		told("memory on the one node that is for guests", v1.CauseInsufficientMemory,
			"1 Insufficient memory, 1 node(s) didn't match Pod's node affinity/selector", "1 of 2"),
		told("something new", v1.CauseUnschedulable, "2 node(s) are in a bad mood", "bad mood"),
		{name: "no nodes", causes: causes(v1.CauseNoNodes), facts: scene(v1.RunStrategyAlways,
			instance(v1.VMIPhaseScheduling, time.Minute),
			launcher(corev1.PodPending, time.Minute, unplaced("no nodes available to schedule pods")))},
		{name: "no scheduler", causes: causes(v1.CauseSchedulerSilent), says: "mine", facts: scene(v1.RunStrategyAlways,
			spec(func(s *v1.VirtualMachineInstanceSpec) { s.SchedulerName = "mine" }), instance(v1.VMIPhaseScheduling, 10*time.Minute),
			launcher(corev1.PodPending, 10*time.Minute, func(pod *corev1.Pod) {
				pod.Spec.NodeName, pod.Spec.SchedulerName, pod.Status.Conditions = "", "mine", nil
			}))},
	}
}

func TestVerdicts(t *testing.T) {
	total, list := verdicts("0/5 nodes are available: 1 Insufficient cpu, 3 node(s) had untolerated taint {a: b}, 1 Insufficient memory. " +
		"preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling.")
	want := []verdict{{1, "Insufficient cpu"}, {3, "node(s) had untolerated taint {a: b}"}, {1, "Insufficient memory"}}
	if total != 5 || len(list) != len(want) {
		t.Fatalf("%d nodes, %v; want 5, %v", total, list, want)
	}
	for i := range want {
		if list[i] != want[i] {
			t.Errorf("verdict %d is %v, want %v", i, list[i], want[i])
		}
	}
}
