//go:build envtest

package kubevirt

import (
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubevirt.io/kubevirt/internal/component"
)

// nodes are those on which virt-handler runs.
var nodes = []string{"node-a", "node-b", "node-c"}

// daemons does what the DaemonSet controller and the kubelets would: one pod on
// each node, deleted ones replaced. become says what becomes of a pod.
func (s *suite) daemons(set *appsv1.DaemonSet, become func(*corev1.Pod)) {
	s.Helper()
	if set.DeletionTimestamp != nil {
		return
	}
	pods := s.handlerPods()
	for _, pod := range pods {
		if pod.DeletionTimestamp != nil {
			s.must(client.IgnoreNotFound(admin.Delete(s.ctx, pod, client.GracePeriodSeconds(0))), "ending a pod")
		}
	}
	for _, node := range nodes {
		if slices.ContainsFunc(pods, func(p *corev1.Pod) bool { return p.Spec.NodeName == node && p.DeletionTimestamp == nil }) {
			continue
		}
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			Namespace: set.Namespace, GenerateName: set.Name + "-", Labels: set.Spec.Selector.MatchLabels, Annotations: set.Spec.Template.Annotations,
		}}
		pod.Spec = corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{Name: component.Handler, Image: set.Spec.Template.Spec.Containers[0].Image}}}
		s.must(admin.Create(s.ctx, pod), "creating a pod")
	}
	status := appsv1.DaemonSetStatus{ObservedGeneration: set.Generation, DesiredNumberScheduled: int32(len(nodes)), CurrentNumberScheduled: int32(len(nodes))}
	for _, pod := range s.handlerPods() {
		before := pod.DeepCopy()
		become(pod)
		s.must(admin.Status().Patch(s.ctx, pod, client.MergeFrom(before)), "saying how a pod is")
		if hasTemplate(pod, &set.Spec.Template) {
			status.UpdatedNumberScheduled++
		}
		if isReady(pod) {
			status.NumberReady++
		}
	}
	set.Status = status
	s.must(admin.Status().Update(s.ctx, set), "updating a DaemonSet's status")
}

// wellDone is a pod that has been ready for a while.
func (s *suite) wellDone(pod *corev1.Pod) {
	since := metav1.NewTime(s.clock.Now().Add(-time.Hour))
	pod.Status.Phase = corev1.PodRunning
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: since}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: component.Handler, Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
}

// crashing is a pod whose program has ended several times.
func (s *suite) crashing(pod *corev1.Pod) {
	pod.Status.Phase = corev1.PodRunning
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse, LastTransitionTime: metav1.NewTime(s.clock.Now())}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: component.Handler, RestartCount: 3,
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ExitCode: 2, Reason: "Error", Message: fmt.Sprintf("%s panic: no way", s.clock.Now().Format(time.RFC3339Nano)),
		}},
	}}
}

func (s *suite) handlerPods() []*corev1.Pod {
	s.Helper()
	list := &corev1.PodList{}
	s.must(admin.List(s.ctx, list, client.InNamespace(namespace), client.MatchingLabels{"kubevirt.io": component.Handler}), "listing pods")
	pods := make([]*corev1.Pod, 0, len(list.Items))
	for i := range list.Items {
		pods = append(pods, &list.Items[i])
	}
	slices.SortFunc(pods, func(a, b *corev1.Pod) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	return pods
}
