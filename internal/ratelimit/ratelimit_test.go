package ratelimit

import (
	"context"
	"errors"
	"testing"
	"time"

	"k8s.io/client-go/util/flowcontrol"

	"kubevirt.io/kubevirt/internal/clusterconfig"
)

var _ flowcontrol.RateLimiter = &Limiter{}

// taken is how many requests pass at once.
func taken(l *Limiter) (n int) {
	for l.TryAccept() {
		n++
	}
	return n
}

func TestSet(t *testing.T) {
	// So slow that no request is added while the test runs.
	l := New(clusterconfig.RequestRate{QPS: 0.001, Burst: 3})
	if n := taken(l); n != 3 || l.QPS() != 0.001 {
		t.Errorf("%d at once, %v a second; want 3, 0.001", n, l.QPS())
	}
	expired, cancel := context.WithDeadline(t.Context(), time.Now().Add(time.Millisecond))
	defer cancel()
	if err := l.Wait(expired); err == nil {
		t.Error("a request passed an empty bucket")
	}
	l.Set(clusterconfig.RequestRate{QPS: 1000, Burst: 5})
	began := time.Now()
	l.Accept()
	if err := l.Wait(t.Context()); err != nil || time.Since(began) > 10*time.Second {
		t.Errorf("after the change: %v, after %s", err, time.Since(began))
	}
	if l.QPS() != 1000 {
		t.Errorf("%v a second, want 1000", l.QPS())
	}
	l.Set(clusterconfig.RequestRate{QPS: 0.001, Burst: 2})
	if n := taken(l); n > 2 {
		t.Errorf("%d at once, want 2", n)
	}
}

// Who waits for a turn that is hours away gets one when the rate has been corrected.
func TestSetReachesThoseWhoWait(t *testing.T) {
	l := New(clusterconfig.RequestRate{QPS: 0.001, Burst: 1})
	taken(l)
	const waiters = 20
	passed := make(chan error, waiters)
	for range waiters {
		go func() { passed <- l.Wait(t.Context()) }()
	}
	for l.current.Load().Tokens() > 0.5-waiters { // until all have reserved theirs
		time.Sleep(time.Millisecond)
	}
	l.Set(clusterconfig.RequestRate{QPS: 0.001, Burst: 1}) // changes nothing, and gives nothing
	if len(passed) > 0 || l.TryAccept() {
		t.Error("a request passed an empty bucket")
	}
	l.Set(clusterconfig.RequestRate{QPS: 1000, Burst: 5})
	for range waiters {
		select {
		case err := <-passed:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("somebody waits still")
		}
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := New(clusterconfig.RequestRate{QPS: 1, Burst: 1}).Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
