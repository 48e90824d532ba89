// Package turns bounds how much goes on at a time.
package turns

import "sync"

// Turns admits so much in all, and so much of one key. Nobody waits: who gets no turn
// is to try again.
type Turns struct {
	all, each int

	mutex sync.Mutex
	taken int
	of    map[string]int
}

// New returns turns for a weight of all together, and of each key.
func New(all, each int) *Turns { return &Turns{all: all, each: each, of: map[string]int{}} }

// Take takes a turn of a weight for a key, which leave ends; false if there is none.
// A nil *Turns has one for everybody.
func (t *Turns) Take(key string, weight int) (leave func(), ok bool) {
	if t == nil {
		return func() {}, true
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.taken > t.all-weight || t.of[key] > t.each-weight {
		return nil, false
	}
	t.add(key, weight)
	return func() {
		t.mutex.Lock()
		defer t.mutex.Unlock()
		t.add(key, -weight)
	}, true
}

func (t *Turns) add(key string, weight int) {
	t.taken += weight
	if t.of[key] += weight; t.of[key] == 0 {
		delete(t.of, key)
	}
}
