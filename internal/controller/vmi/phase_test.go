package vmi

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func container(name string, ready bool, state corev1.ContainerState) corev1.ContainerStatus {
	return corev1.ContainerStatus{Name: name, Ready: ready, State: state}
}

var (
	runs    = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	waits   = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{}}
	stopped = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}
)

func TestHandOver(t *testing.T) {
	pod := func(phase corev1.PodPhase, node string, containers ...corev1.ContainerStatus) *corev1.Pod {
		return &corev1.Pod{Spec: corev1.PodSpec{NodeName: node}, Status: corev1.PodStatus{Phase: phase, ContainerStatuses: containers}}
	}
	leaving := pod(corev1.PodRunning, "n", container("compute", true, runs))
	now := metav1.Now()
	leaving.DeletionTimestamp = &now
	cases := map[string]struct {
		pod  *corev1.Pod
		want bool
	}{
		"compute runs":                       {pod(corev1.PodRunning, "n", container("compute", true, runs)), true},
		"compute runs, its probe fails":      {pod(corev1.PodRunning, "n", container("compute", false, runs)), true},
		"compute waits":                      {pod(corev1.PodPending, "n", container("compute", false, waits)), false},
		"compute has ended":                  {pod(corev1.PodRunning, "n", container("compute", false, stopped)), false},
		"a disk's container is ready":        {pod(corev1.PodRunning, "n", container("volumea", true, runs), container("compute", false, runs)), true},
		"a disk's container is not ready":    {pod(corev1.PodRunning, "n", container("compute", true, runs), container("volumea", false, runs)), false},
		"the mesh's proxy runs, but unready": {pod(corev1.PodRunning, "n", container("compute", true, runs), container("istio-proxy", false, runs)), true},
		"the mesh's proxy waits":             {pod(corev1.PodRunning, "n", container("compute", true, runs), container("istio-proxy", false, waits)), false},
		"no status of compute":               {pod(corev1.PodRunning, "n", container("volumea", true, runs)), false},
		"no node, which cannot be":           {pod(corev1.PodRunning, "", container("compute", true, runs)), false},
		"the pod is being deleted":           {leaving, false},
		"the pod has ended":                  {pod(corev1.PodSucceeded, "n", container("compute", false, stopped)), false},
	}
	for name, c := range cases {
		if got := handOver(c.pod); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestPhasesFor(t *testing.T) {
	up := &corev1.Pod{Spec: corev1.PodSpec{NodeName: "n"}, Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{container("compute", false, runs)}}}
	in := func(phase corev1.PodPhase) *corev1.Pod { return &corev1.Pod{Status: corev1.PodStatus{Phase: phase}} }
	cases := map[string]struct {
		from     v1.VirtualMachineInstancePhase
		pod      *corev1.Pod
		deleting bool
		want     []v1.VirtualMachineInstancePhase
	}{
		"admission was away":                {v1.VMIPhaseUnset, in(corev1.PodPending), false, []v1.VirtualMachineInstancePhase{v1.VMIPhasePending, v1.VMIPhaseScheduling}},
		"no pod yet":                        {v1.VMIPhasePending, nil, false, nil},
		"a pod":                             {v1.VMIPhasePending, in(corev1.PodPending), false, []v1.VirtualMachineInstancePhase{v1.VMIPhaseScheduling}},
		"the controller was away":           {v1.VMIPhasePending, up, false, []v1.VirtualMachineInstancePhase{v1.VMIPhaseScheduling, v1.VMIPhaseScheduled}},
		"away, and the pod has failed":      {v1.VMIPhasePending, in(corev1.PodFailed), false, []v1.VirtualMachineInstancePhase{v1.VMIPhaseScheduling, v1.VMIPhaseFailed}},
		"nobody hands over what is leaving": {v1.VMIPhaseScheduling, up, true, nil},
		"Running is not ours to say":        {v1.VMIPhaseScheduled, up, false, nil},
		"the end is virt-handler's to say":  {v1.VMIPhaseRunning, up, true, nil},
		"final stays":                       {v1.VMIPhaseSucceeded, in(corev1.PodFailed), false, nil},
		"final stays without a pod":         {v1.VMIPhaseFailed, nil, true, nil},
	}
	for name, c := range cases {
		s := &scope{vmi: &v1.VirtualMachineInstance{}, pod: c.pod}
		s.vmi.Status.Phase = c.from
		if c.deleting {
			now := metav1.Now()
			s.vmi.DeletionTimestamp = &now
		}
		got := phasesFor(s)
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
	}
}
