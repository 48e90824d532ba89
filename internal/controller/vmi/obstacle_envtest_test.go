//go:build envtest

package vmi

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/envtest"
)

// says has the kubelet emit an event about the launcher pod.
func (s *suite) says(name, reason, message string) {
	s.Helper()
	pod := s.pod()
	event := &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: pod.Namespace, Name: name},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
		Reason:         reason, Message: message, Type: corev1.EventTypeWarning, LastTimestamp: metav1.NewTime(s.clock.Now()),
	}
	if err := cluster.Client.Create(s.ctx, event); err != nil {
		s.Fatal(err)
	}
}

// A Secret that a volume names is missing, and comes.
func TestMissingSecret(t *testing.T) {
	s := newSuite(t)
	s.reconcile("POST pod", "PATCH vmi")
	s.wantEvents("Normal SuccessfulCreate")
	pod := s.pod()
	cluster.Bind(t, pod, testNode)
	cluster.SetPod(t, pod, func(status *corev1.PodStatus) {
		status.Phase = corev1.PodPending
		status.Conditions = []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(s.clock.Now()),
		}}
	})
	s.says("mount.1", failedMount, `MountVolume.SetUp failed for volume "x" : secret "my-secret" not found`)
	if result := s.reconcile(); result.RequeueAfter < patience-2*time.Second {
		t.Errorf("asks after %v", result.RequeueAfter)
	}
	s.wantCondition(v1.ConditionSynchronized, "")

	s.clock.SetTime(s.clock.Now().Add(patience + time.Second))
	if result := s.reconcile("PATCH vmi"); result.RequeueAfter < patience || result.RequeueAfter > 2*patience {
		t.Errorf("asks again after %v", result.RequeueAfter)
	}
	s.wantCondition(v1.ConditionSynchronized, "False FailedMount")
	s.wantEvents("Warning FailedMount")
	s.says("mount.2", failedMount, `MountVolume.SetUp failed for volume "x" : secret "my-secret" not found`)
	s.reconcile()
	s.wantEvents()

	cluster.SetPod(t, pod, envtest.Running)
	s.reconcile("PATCH vmi")
	s.wantCondition(v1.ConditionSynchronized, "")
	s.wantPhase(v1.VMIPhaseScheduled)
}

func TestMissingImageIsToldOnce(t *testing.T) {
	s := newSuite(t)
	s.reconcile("POST pod", "PATCH vmi")
	s.wantEvents("Normal SuccessfulCreate")
	pod := s.pod()
	cluster.Bind(t, pod, testNode)
	cluster.SetPod(t, pod, envtest.Waiting("ErrImagePull"))
	s.reconcile("PATCH vmi")
	s.wantEvents("Warning ErrImagePull")
	cluster.SetPod(t, pod, envtest.Waiting("ImagePullBackOff"))
	s.reconcile("PATCH vmi")
	s.wantEvents()
}
