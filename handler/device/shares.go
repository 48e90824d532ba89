package device

import "sync"

// mostShares is how many guests share a device where nobody bounds them. The devices
// themselves have no limit, so it is only more than the pods a node can run.
const mostShares = 1000

// shares is how many guests may share each device.
type shares struct {
	mutex   sync.Mutex
	number  int
	changed chan struct{}
}

func newShares() *shares { return &shares{number: mostShares, changed: make(chan struct{})} }

// get returns the number, and what is closed when it is another.
func (s *shares) get() (number int, changed <-chan struct{}) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.number, s.changed
}

func (s *shares) set(guests *int) {
	number := mostShares
	if guests != nil {
		number = min(max(*guests, 0), mostShares)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if number != s.number {
		close(s.changed)
		s.number, s.changed = number, make(chan struct{})
	}
}
