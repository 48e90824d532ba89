package kubevirt

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"kubevirt.io/kubevirt/internal/component"
)

var noon = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

// somePod is one of virt-handler's, made from a template, ready since some time ago;
// negative for not at all.
func somePod(node, template string, ready time.Duration, change ...func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: "handler-" + node, Annotations: map[string]string{component.AnnotationTemplate: template},
		CreationTimestamp: metav1.NewTime(noon.Add(-time.Minute)),
	}}
	pod.Spec.NodeName = node
	status := corev1.ConditionTrue
	if ready < 0 {
		status = corev1.ConditionFalse
	}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: status, LastTransitionTime: metav1.NewTime(noon.Add(-max(ready, 0)))}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: component.Handler, Image: "kubevirt:v2", Ready: ready >= 0}}
	for _, do := range change {
		do(pod)
	}
	return pod
}

func crashed(pod *corev1.Pod) {
	status := &pod.Status.ContainerStatuses[0]
	status.RestartCount = 3
	status.State.Waiting = &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off 40s"}
	status.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 2, Message: "panic:\n no way"}
}

func unpullable(pod *corev1.Pod) {
	pod.Status.ContainerStatuses[0].State.Waiting = &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "not found"}
}

func restartedOnce(pod *corev1.Pod) { pod.Status.ContainerStatuses[0].RestartCount = 1 }

func old(pod *corev1.Pod) { pod.CreationTimestamp = metav1.NewTime(noon.Add(-time.Hour)) }

func ending(pod *corev1.Pod) { pod.DeletionTimestamp = ptr.To(metav1.NewTime(noon)) }

func many(n int, template string) []*corev1.Pod {
	var pods []*corev1.Pod
	for i := range n {
		pods = append(pods, somePod(fmt.Sprintf("x%02d", i), template, time.Hour))
	}
	return pods
}

var waves = map[string]struct {
	pods     []*corev1.Pod
	desired  int32
	lost     []string
	trusting bool
	// remove are the nodes whose pods are replaced next; waiting and trouble parts of what is said.
	remove           string
	waiting, trouble string
}{
	"one pod is the first": {pods: []*corev1.Pod{somePod("a", "v1", time.Hour), somePod("b", "v1", time.Hour)}, desired: 2,
		remove: "a", waiting: "0 of 2 pods updated"},
	"nothing beside it while it ends":           {pods: []*corev1.Pod{somePod("a", "v1", time.Hour, ending), somePod("b", "v1", time.Hour)}, desired: 2, waiting: "0 of 2"},
	"nothing while its node has none":           {pods: []*corev1.Pod{somePod("b", "v1", time.Hour)}, desired: 2, waiting: "0 of 2"},
	"nothing while it starts":                   {pods: []*corev1.Pod{somePod("a", "v2", -1), somePod("b", "v1", time.Hour)}, desired: 2, waiting: "0 of 2"},
	"nor when it has only just begun":           {pods: []*corev1.Pod{somePod("a", "v2", time.Second), somePod("b", "v1", time.Hour)}, desired: 2, waiting: "0 of 2"},
	"nor when it fell before":                   {pods: []*corev1.Pod{somePod("a", "v2", 30*time.Second, restartedOnce), somePod("b", "v1", time.Hour)}, desired: 2, waiting: "0 of 2"},
	"the next when it has proven itself":        {pods: []*corev1.Pod{somePod("a", "v2", 11*time.Second), somePod("b", "v1", time.Hour)}, desired: 2, remove: "b", waiting: "1 of 2"},
	"also when it fell before, but not of late": {pods: []*corev1.Pod{somePod("a", "v2", 2*time.Minute, restartedOnce), somePod("b", "v1", time.Hour)}, desired: 2, remove: "b", waiting: "1 of 2"},
	"then a tenth at a time": {pods: append([]*corev1.Pod{somePod("a", "v2", time.Minute)}, many(29, "v1")...), desired: 30,
		remove: "x00 x01 x02", waiting: "1 of 30"},
	"less those that are away": {pods: append([]*corev1.Pod{somePod("a", "v2", time.Minute), somePod("b", "v2", -1)}, many(28, "v1")...), desired: 30,
		remove: "x00 x01", waiting: "1 of 30"},
	"all done":                         {pods: []*corev1.Pod{somePod("a", "v2", time.Minute), somePod("b", "v2", time.Minute)}, desired: 2},
	"the last has to prove itself too": {pods: []*corev1.Pod{somePod("a", "v2", time.Minute), somePod("b", "v2", 0)}, desired: 2, waiting: "1 of 2"},
	"but not where nothing is updated": {pods: []*corev1.Pod{somePod("a", "v2", time.Minute), somePod("b", "v2", 0)}, desired: 2, trusting: true},

	"a first that keeps ending halts": {pods: []*corev1.Pod{somePod("a", "v2", -1, crashed), somePod("b", "v1", time.Hour)}, desired: 2,
		waiting: "0 of 2", trouble: "pod handler-a on node a: container virt-handler keeps ending: exit code 2, panic: no way"},
	"one without its image halts": {pods: []*corev1.Pod{somePod("a", "v2", -1, unpullable), somePod("b", "v1", time.Hour)}, desired: 2,
		waiting: "0 of 2", trouble: "pod handler-a on node a: container virt-handler cannot get its image kubevirt:v2: not found"},
	"one that takes too long halts": {pods: []*corev1.Pod{somePod("a", "v2", -1, old), somePod("b", "v1", time.Hour)}, desired: 2,
		waiting: "0 of 2", trouble: "not ready after 5m0s"},
	"a later one halts where it uses up what may be away": {pods: []*corev1.Pod{somePod("a", "v2", time.Hour), somePod("b", "v2", -1, crashed), somePod("c", "v1", time.Hour)}, desired: 3,
		waiting: "1 of 3", trouble: "node b"},
	"and not where more may": {pods: append([]*corev1.Pod{somePod("a", "v2", time.Hour), somePod("b", "v2", -1, crashed)}, many(28, "v1")...), desired: 30,
		remove: "x00 x01", waiting: "1 of 30"},

	"going back leaves the one that failed to the DaemonSet controller": {pods: []*corev1.Pod{somePod("a", "bad", -1, crashed), somePod("b", "v2", time.Hour)}, desired: 2},
	"going on begins with the one that failed":                          {pods: []*corev1.Pod{somePod("a", "v1", time.Hour), somePod("b", "bad", -1, crashed)}, desired: 2, remove: "b", waiting: "0 of 2"},

	"a node's own fault is no first": {pods: []*corev1.Pod{somePod("a", "v1", -1, crashed), somePod("b", "v1", time.Hour)}, desired: 2, remove: "b", waiting: "left for the end because they failed before: a"},
	"nor waited for":                 {pods: []*corev1.Pod{somePod("a", "v1", -1, crashed), somePod("b", "v2", time.Hour)}, desired: 2},
	"but begins where all fail":      {pods: []*corev1.Pod{somePod("a", "v1", -1, crashed), somePod("b", "v1", -1, crashed)}, desired: 2, remove: "a", waiting: "0 of 2"},
	"still halted where it serves for a moment": {pods: []*corev1.Pod{somePod("a", "v2", time.Second, crashed), somePod("b", "v1", time.Hour)}, desired: 2,
		waiting: "0 of 2", trouble: "keeps ending"},
	"nor trusted where nothing is updated": {pods: []*corev1.Pod{somePod("a", "v2", time.Second, crashed), somePod("b", "v2", time.Hour)}, desired: 2, trusting: true,
		waiting: "1 of 2", trouble: "keeps ending"},

	"a node that does not answer is left out": {pods: []*corev1.Pod{somePod("a", "v1", -1), somePod("b", "v1", time.Hour)}, desired: 2, lost: []string{"a"},
		remove: "b", waiting: "left out because they do not answer: a"},
	"and not waited for": {pods: []*corev1.Pod{somePod("a", "v1", -1), somePod("b", "v2", time.Hour)}, desired: 2, lost: []string{"a"}},
	"but halts where the first takes its node along": {pods: []*corev1.Pod{somePod("a", "v2", -1), somePod("b", "v1", time.Hour)}, desired: 2, lost: []string{"a"},
		waiting: "0 of 2", trouble: "node a: the node does not answer since it got this pod"},
	"and goes on where it had it for long": {pods: []*corev1.Pod{somePod("a", "v2", -1, old), somePod("b", "v1", time.Hour)}, desired: 2, lost: []string{"a"},
		remove: "b", waiting: "0 of 2"},
	"one of unknown state is not the first": {pods: []*corev1.Pod{somePod("a", "v1", -1), somePod("b", "v1", time.Hour)}, desired: 2, remove: "b", waiting: "0 of 2"},
	"nowhere to run":                        {},
}

// TestWaves walks an update of virt-handler, node by node.
func TestWaves(t *testing.T) {
	for name, c := range waves {
		t.Run(name, func(t *testing.T) {
			set := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: component.Handler}}
			set.Spec.Template.Annotations = map[string]string{component.AnnotationTemplate: "v2"}
			set.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateDaemonSet{MaxUnavailable: ptr.To(intstr.FromString("10%"))}
			set.Status.DesiredNumberScheduled = c.desired
			lost := map[string]bool{}
			for _, node := range c.lost {
				lost[node] = true
			}
			slices.Reverse(c.pods) // Their order must not matter.
			got := rollout{set: set, pods: c.pods, lost: lost, now: noon, trusting: c.trusting}.next()
			var removed []string
			for _, pod := range got.remove {
				removed = append(removed, pod.Spec.NodeName)
			}
			if strings.Join(removed, " ") != c.remove {
				t.Errorf("replaces %v, want %s", removed, c.remove)
			}
			if !strings.Contains(got.waiting, c.waiting) || (c.waiting == "") != (got.waiting == "") {
				t.Errorf("waits: %q, want %q", got.waiting, c.waiting)
			}
			switch {
			case got.trouble == nil && c.trouble != "", got.trouble != nil && c.trouble == "":
				t.Errorf("trouble %v, want %q", got.trouble, c.trouble)
			case got.trouble != nil && !strings.Contains(got.trouble.String(), c.trouble):
				t.Errorf("trouble %q, want %q", got.trouble, c.trouble)
			}
		})
	}
}

func TestTrouble(t *testing.T) {
	tests := map[string]struct {
		pod  *corev1.Pod
		want string
	}{
		"on its way":        {somePod("a", "v2", -1), ""},
		"one fall is none":  {somePod("a", "v2", -1, restartedOnce), ""},
		"between two falls": {somePod("a", "v2", -1, crashed, func(p *corev1.Pod) { p.Status.ContainerStatuses[0].State.Waiting = nil }), "keeps ending: exit code 2"},
		"at work again":     {somePod("a", "v2", 2*time.Minute, crashed, func(p *corev1.Pod) { p.Status.ContainerStatuses[0].State.Waiting = nil }), ""},
		"in its beginning": {somePod("a", "v2", -1, func(p *corev1.Pod) {
			p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "virt-launcher", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CreateContainerError", Message: "no\nspace"}}}}
		}), "container virt-launcher cannot be started: no space"},
		"without a node": {somePod("", "v2", -1, old, func(p *corev1.Pod) {
			p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Message: "insufficient memory"})
		}), "pod handler-: not ready after 5m0s: insufficient memory"},
		"at length": {somePod("a", "v2", -1, crashed, func(p *corev1.Pod) {
			p.Status.ContainerStatuses[0].LastTerminationState.Terminated.Message = strings.Repeat("x", 5000) + " the end"
		}), "the end"},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			got := ""
			if trouble := troubleOf(c.pod, noon); trouble != nil {
				got = trouble.String()
			}
			if !strings.Contains(got, c.want) || (got == "") != (c.want == "") || len(got) > longestWord+200 {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestOlderVersion(t *testing.T) {
	for _, c := range []struct {
		one, other string
		older      bool
	}{
		{"v1.10.0+v0.1.0", "v1.10.0+v0.2.0", true},
		{"v1.10.0+v0.2.0", "v1.10.0+v0.1.0", false},
		{"v1.10.0+v0.2.0", "v1.10.0+v0.2.0", false},
		{"v1.9.3+v0.9.0", "v1.10.0+v0.1.0", true},
		{"devel", "v1.10.0+v0.1.0", false},
		{"v1.10.0", "", false},
	} {
		if got := olderVersion(c.one, c.other); got != c.older {
			t.Errorf("%s is older than %s: %v", c.one, c.other, got)
		}
	}
}
