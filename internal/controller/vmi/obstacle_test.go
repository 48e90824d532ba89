package vmi

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func TestNodeFailure(t *testing.T) {
	now := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	event := func(age time.Duration, reason, message string) corev1.Event {
		return corev1.Event{Reason: reason, Message: message, LastTimestamp: metav1.NewTime(now.Add(-age))}
	}
	const secret = `MountVolume.SetUp failed for volume "init-udata" : secret "my-secret" not found`
	const configMap = `MountVolume.SetUp failed for volume "files" : configmap "my-files" not found`
	for name, tc := range map[string]struct {
		events []corev1.Event
		// reason is the failure's, empty for none; message a part of its message.
		reason, message string
	}{
		"nothing":          {},
		"a healthy start":  {[]corev1.Event{event(0, "Scheduled", "assigned"), event(0, "Pulling", "image")}, "", ""},
		"a missing secret": {[]corev1.Event{event(0, "FailedMount", secret)}, "FailedMount", "Not found, waiting for it: secret my-secret; create it"},
		"two things": {
			[]corev1.Event{event(time.Minute, "FailedMount", secret), event(0, "FailedMount", configMap), event(0, "FailedMount", secret)},
			"FailedMount", "waiting for it: configmap my-files, secret my-secret;",
		},
		"beside a time-out": {
			[]corev1.Event{event(time.Minute, "FailedMount", secret), event(0, "FailedMount", "Unable to attach or mount volumes")},
			"FailedMount", "secret my-secret",
		},
		"long ago":       {[]corev1.Event{event(time.Hour, "FailedMount", secret)}, "", ""},
		"a bad mount":    {[]corev1.Event{event(0, "FailedMount", "exit status 32")}, "FailedMount", "exit status 32"},
		"the newest":     {[]corev1.Event{event(time.Second, "FailedMount", "old"), event(0, "FailedMount", "new")}, "FailedMount", "new"},
		"an attachment":  {[]corev1.Event{event(0, "FailedAttachVolume", "Multi-Attach error")}, "FailedAttachVolume", "Multi-Attach"},
		"no network":     {[]corev1.Event{event(0, "FailedCreatePodSandBox", "plugin failed")}, "FailedCreatePodSandBox", "plugin failed"},
		"mount, network": {[]corev1.Event{event(0, "FailedCreatePodSandBox", "x"), event(time.Second, "FailedMount", "y")}, "FailedMount", "y"},
	} {
		f := nodeFailure(tc.events, now)
		switch {
		case tc.reason == "" && f == nil:
		case f == nil || f.reason != tc.reason || !strings.Contains(f.message, tc.message):
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestWaitsForNode(t *testing.T) {
	pod := func(scheduled, ready corev1.ConditionStatus) *corev1.Pod {
		p := &corev1.Pod{}
		for kind, status := range map[corev1.PodConditionType]corev1.ConditionStatus{
			corev1.PodScheduled: scheduled, corev1.PodReadyToStartContainers: ready,
		} {
			if status != "" {
				p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: kind, Status: status})
			}
		}
		return p
	}
	for name, tc := range map[string]struct {
		pod  *corev1.Pod
		want bool
	}{
		"not scheduled":             {pod("", ""), false},
		"unschedulable":             {pod("False", ""), false},
		"on an older kubelet":       {pod("True", ""), true},
		"no sandbox yet":            {pod("True", "False"), true},
		"only the images are awful": {pod("True", "True"), false},
	} {
		if _, got := waitsForNode(tc.pod); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestRetold(t *testing.T) {
	for name, tc := range map[string]struct {
		present v1.Condition
		now     failure
		want    bool
	}{
		"tries and waits": {v1.Condition{Reason: "ErrImagePull", Message: "a"}, failure{"ImagePullBackOff", "b"}, true},
		"other words":     {v1.Condition{Reason: "FailedCreatePodSandBox", Message: "sandbox 1"}, failure{"FailedCreatePodSandBox", "sandbox 2"}, true},
		"another thing":   {v1.Condition{Reason: "FailedMount", Message: notFound + "secret a"}, failure{"FailedMount", notFound + "secret b"}, false},
		"found, but bad":  {v1.Condition{Reason: "FailedMount", Message: notFound + "secret a"}, failure{"FailedMount", "exit status 32"}, false},
		"another reason":  {v1.Condition{Reason: "FailedMount", Message: "a"}, failure{"ErrImagePull", "a"}, false},
	} {
		if got := retold(&tc.present, tc.now); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
