package envtest

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// There is no scheduler and no kubelet here: the functions of this file say what
// they would.

// NewNamespace makes a namespace for one test.
func (c *Cluster) NewNamespace(t *testing.T) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	if err := c.Client.Create(context.Background(), ns); err != nil {
		t.Fatalf("creating a namespace: %v", err)
	}
	return ns.Name
}

// Bind places a pod on a node, as the scheduler does.
func (c *Cluster) Bind(t *testing.T, pod *corev1.Pod, node string) {
	t.Helper()
	binding := &corev1.Binding{Target: corev1.ObjectReference{Kind: "Node", Name: node}}
	if err := c.Client.SubResource("binding").Create(context.Background(), pod, binding); err != nil {
		t.Fatalf("binding pod %s: %v", pod.Name, err)
	}
	c.refresh(t, pod)
}

// SetPod changes a pod's status, as the kubelet does.
func (c *Cluster) SetPod(t *testing.T, pod *corev1.Pod, change func(*corev1.PodStatus)) {
	t.Helper()
	c.refresh(t, pod)
	change(&pod.Status)
	if err := c.Client.Status().Update(context.Background(), pod); err != nil {
		t.Fatalf("updating the status of pod %s: %v", pod.Name, err)
	}
}

// RemovePod ends a pod's existence, as the kubelet does once the containers are gone.
func (c *Cluster) RemovePod(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	err := c.Client.Delete(context.Background(), pod, client.GracePeriodSeconds(0))
	if client.IgnoreNotFound(err) != nil {
		t.Fatalf("removing pod %s: %v", pod.Name, err)
	}
}

func (c *Cluster) refresh(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	fresh := &corev1.Pod{}
	if err := c.Client.Get(context.Background(), client.ObjectKeyFromObject(pod), fresh); err != nil {
		t.Fatalf("reading pod %s: %v", pod.Name, err)
	}
	*pod = *fresh
}

// Running is the status of a pod whose containers all run, and are ready but for
// its readiness gates.
func Running(status *corev1.PodStatus) {
	status.Phase = corev1.PodRunning
	status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "compute", Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
	}}
	SetPodCondition(status, corev1.PodReady, corev1.ConditionFalse, "ReadinessGatesNotReady")
}

// Waiting is the status of a pod whose main container cannot start for a reason.
func Waiting(reason string) func(*corev1.PodStatus) {
	return func(status *corev1.PodStatus) {
		status.Phase = corev1.PodPending
		status.ContainerStatuses = []corev1.ContainerStatus{{
			Name: "compute", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "as told"}},
		}}
	}
}

// Ended is the status of a pod whose containers have exited.
func Ended(phase corev1.PodPhase) func(*corev1.PodStatus) {
	return func(status *corev1.PodStatus) {
		status.Phase = phase
		status.ContainerStatuses = []corev1.ContainerStatus{{
			Name: "compute", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}},
		}}
		SetPodCondition(status, corev1.PodReady, corev1.ConditionFalse, "PodCompleted")
	}
}

// SetPodCondition sets one condition of a pod.
func SetPodCondition(status *corev1.PodStatus, t corev1.PodConditionType, value corev1.ConditionStatus, reason string) {
	for i := range status.Conditions {
		if status.Conditions[i].Type == t {
			status.Conditions[i].Status, status.Conditions[i].Reason = value, reason
			return
		}
	}
	status.Conditions = append(status.Conditions, corev1.PodCondition{Type: t, Status: value, Reason: reason})
}
