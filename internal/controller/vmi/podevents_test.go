package vmi

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// eventServer has an obstacle of each pod in a namespace, and counts who asks.
type eventServer struct {
	client.Reader
	lists int
}

func (e *eventServer) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	e.lists++
	for _, uid := range []types.UID{"a", "b"} {
		for _, reason := range []string{failedMount, "Unhealthy"} {
			list.(*corev1.EventList).Items = append(list.(*corev1.EventList).Items, corev1.Event{
				InvolvedObject: corev1.ObjectReference{UID: uid}, Reason: reason, Message: string(uid),
			})
		}
	}
	return nil
}

func TestPodsShareAListOfEvents(t *testing.T) {
	server, events, now := &eventServer{}, &podEvents{}, time.Unix(1000, 0)
	ask := func(namespace string, uid types.UID, want int) {
		t.Helper()
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, UID: uid}}
		found, err := events.of(t.Context(), server, pod, now)
		if err != nil || len(found) != 1 || found[0].Message != string(uid) {
			t.Errorf("%v, %v", found, err)
		}
		if server.lists != want {
			t.Errorf("%d lists, want %d", server.lists, want)
		}
	}
	ask("one", "a", 1)
	ask("one", "b", 1)
	ask("two", "a", 2)
	now = now.Add(sharedFor)
	ask("one", "a", 3)
	now = now.Add(2 * sharedFor)
	ask("one", "b", 4)
	if len(events.lists) != 1 {
		t.Errorf("%d lists are kept", len(events.lists))
	}
}

func TestAskAgain(t *testing.T) {
	for age, want := range map[time.Duration]time.Duration{
		0: patience, patience: patience, time.Minute: time.Minute, time.Hour: seldom,
	} {
		if got := askAgain(age); got != want {
			t.Errorf("at %v: after %v, want %v", age, got, want)
		}
	}
}
