package turns

import "testing"

func TestTurns(t *testing.T) {
	turns := New(5, 3)
	take := func(key string, weight int, want bool) func() {
		t.Helper()
		leave, ok := turns.Take(key, weight)
		if ok != want {
			t.Fatalf("%d for %s: %v, want %v", weight, key, ok, want)
		}
		return leave
	}
	leave := take("a", 2, true)
	take("a", 2, false) // it has had most of its own
	last := take("a", 1, true)
	take("b", 3, false) // there is not so much left
	other := take("b", 2, true)
	take("c", 1, false)
	leave()
	take("c", 3, false)
	take("c", 2, true)()
	last()
	other()
	if turns.taken != 0 || len(turns.of) != 0 {
		t.Errorf("%d taken, %v are left", turns.taken, turns.of)
	}
	take("a", 4, false)
	if _, ok := (*Turns)(nil).Take("a", 100); !ok {
		t.Error("nobody bounds this")
	}
}
