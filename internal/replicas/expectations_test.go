package replicas

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func object(uid types.UID) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: string(uid), UID: uid}}
}

func TestExpectations(t *testing.T) {
	owner, now := client.ObjectKey{Namespace: "a", Name: "set"}, time.Now()
	leaving := object("one")
	leaving.DeletionTimestamp = &metav1.Time{Time: now}
	one, two := object("one"), object("two")
	type expectations = Expectations[*corev1.Pod]
	for name, c := range map[string]struct {
		prepare func(*expectations)
		cached  []*corev1.Pod
		after   time.Duration
		want    bool
	}{
		"nothing expected":           {func(*expectations) {}, nil, 0, true},
		"created, not shown":         {func(e *expectations) { e.Created(owner, one, now) }, []*corev1.Pod{two}, 0, false},
		"created, shown":             {func(e *expectations) { e.Created(owner, one, now) }, []*corev1.Pod{two, one}, 0, true},
		"created, one of two shown":  {func(e *expectations) { e.Created(owner, one, now); e.Created(owner, two, now) }, []*corev1.Pod{one}, 0, false},
		"created, shown as leaving":  {func(e *expectations) { e.Created(owner, one, now) }, []*corev1.Pod{leaving}, 0, true},
		"created, came and went":     {func(e *expectations) { e.Created(owner, one, now); e.Gone(owner, one) }, nil, 0, true},
		"created, never shown":       {func(e *expectations) { e.Created(owner, one, now) }, nil, Patience + 1, true},
		"created, not shown for now": {func(e *expectations) { e.Created(owner, one, now) }, nil, Patience, false},
		"deleted, still shown":       {func(e *expectations) { e.Deleted(owner, one, now) }, []*corev1.Pod{one}, 0, false},
		"deleted, shown as leaving":  {func(e *expectations) { e.Deleted(owner, one, now) }, []*corev1.Pod{leaving}, 0, true},
		"deleted, gone":              {func(e *expectations) { e.Deleted(owner, one, now) }, []*corev1.Pod{two}, 0, true},
		"created, then deleted":      {func(e *expectations) { e.Created(owner, one, now); e.Deleted(owner, one, now) }, nil, 0, true},
		"another owner's":            {func(e *expectations) { e.Created(client.ObjectKey{Name: "x"}, one, now) }, nil, 0, true},
		"forgotten":                  {func(e *expectations) { e.Created(owner, one, now); e.Forget(owner) }, nil, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			e := &expectations{}
			c.prepare(e)
			if got := e.Met(owner, c.cached, now.Add(c.after)); got != c.want {
				t.Errorf("met: %v", got)
			}
		})
	}
}

// What was shown once is not waited for again.
func TestExpectationsAreMetOnce(t *testing.T) {
	var e Expectations[*corev1.Pod]
	owner, now := client.ObjectKey{Name: "set"}, time.Now()
	e.Created(owner, object("one"), now)
	e.Created(owner, object("two"), now)
	if e.Met(owner, []*corev1.Pod{object("one")}, now) || !e.Met(owner, []*corev1.Pod{object("two")}, now) || !e.Met(owner, nil, now) {
		t.Error("one is waited for although it was shown")
	}
}

func TestSlowStart(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		n, failing  int
		done, calls int
	}{
		"nothing":                  {0, -1, 0, 0},
		"less than nothing":        {-2, -1, 0, 0},
		"all":                      {10, -1, 10, 10},
		"the first":                {10, 0, 0, 1},
		"in the third batch":       {10, 4, 6, 7},
		"in the last, partial one": {9, 8, 8, 9},
	} {
		t.Run(name, func(t *testing.T) {
			var mutex sync.Mutex
			var calls []int
			done, err := SlowStart(c.n, func(i int) error {
				mutex.Lock()
				defer mutex.Unlock()
				if calls = append(calls, i); i == c.failing {
					return broken
				}
				return nil
			})
			if done != c.done || len(calls) != c.calls || (c.failing >= 0) != errors.Is(err, broken) {
				t.Errorf("%d of %d done, error %v; want %d of %d", done, len(calls), err, c.done, c.calls)
			}
			slices.Sort(calls)
			for i, call := range calls {
				if i != call {
					t.Fatalf("calls: %v", calls)
				}
			}
		})
	}
}
