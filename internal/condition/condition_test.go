package condition

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)

func TestSet(t *testing.T) {
	ready := func(s corev1.ConditionStatus, reason string) v1.Condition {
		return v1.Condition{Type: v1.ConditionReady, Status: s, Reason: reason}
	}
	cases := map[string]struct {
		first, then v1.Condition
		changed     bool
		transition  time.Duration
	}{
		"the same":             {ready("False", "A"), ready("False", "A"), false, 0},
		"another reason":       {ready("False", "A"), ready("False", "B"), true, 0},
		"another status":       {ready("False", "A"), ready("True", ""), true, time.Minute},
		"times do not matter":  {ready("True", ""), v1.Condition{Type: v1.ConditionReady, Status: "True", LastTransitionTime: second(start.Add(time.Hour))}, false, 0},
		"unknown is a change":  {ready("True", ""), ready("Unknown", "C"), true, time.Minute},
		"another type is kept": {ready("True", ""), ready("True", ""), false, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			list := []v1.Condition{{Type: v1.ConditionPaused, Status: "True"}}
			if !Set(&list, c.first, start) {
				t.Fatal("adding a condition is a change")
			}
			if got := Set(&list, c.then, start.Add(time.Minute)); got != c.changed {
				t.Errorf("changed = %v, want %v", got, c.changed)
			}
			if len(list) != 2 || list[0].Type != v1.ConditionPaused {
				t.Fatalf("the other condition was touched: %v", list)
			}
			got := list[1]
			if got.Status != c.then.Status || got.Reason != c.then.Reason {
				t.Errorf("got %s/%s, want %s/%s", got.Status, got.Reason, c.then.Status, c.then.Reason)
			}
			if want := second(start.Add(c.transition)); !got.LastTransitionTime.Equal(&want) {
				t.Errorf("transition at %v, want %v", got.LastTransitionTime, want)
			}
		})
	}
}

func TestRemove(t *testing.T) {
	list := []v1.Condition{{Type: v1.ConditionPaused}, {Type: v1.ConditionReady}}
	if !Remove(&list, v1.ConditionPaused) || Remove(&list, v1.ConditionPaused) {
		t.Error("Remove must report a removal exactly once")
	}
	if len(list) != 1 || list[0].Type != v1.ConditionReady {
		t.Errorf("left %v", list)
	}
}
