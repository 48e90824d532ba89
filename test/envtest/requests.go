package envtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Requests counts what a client asks of the API server, as its audit log would.
type Requests struct {
	mutex  sync.Mutex
	writes []string
}

// Take returns the writes since the last call, oldest first: method, path and,
// for a failed one, the status code. Events and Leases are left out.
func (r *Requests) Take() []string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	taken := r.writes
	r.writes = nil
	return taken
}

func (r *Requests) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		answer, err := next.RoundTrip(req)
		if err == nil && req.Method != http.MethodGet {
			r.note(req, answer.StatusCode)
		}
		return answer, err
	})
}

func (r *Requests) note(req *http.Request, code int) {
	parts := strings.Split(req.URL.Path, "/")
	if slices.Contains(parts, "events") || slices.Contains(parts, "leases") {
		return
	}
	line := req.Method + " " + strings.TrimPrefix(strings.TrimPrefix(req.URL.Path, "/apis"), "/api")
	if code >= http.StatusBadRequest {
		line += fmt.Sprintf(" %d", code)
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.writes = append(r.writes, line)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
