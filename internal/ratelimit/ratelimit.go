// Package ratelimit limits the requests of a component to the API server, at a rate
// that may be changed while it runs.
package ratelimit

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// Limiter is the flowcontrol.RateLimiter of a rest.Config. All clients made from that
// one share it.
type Limiter struct{ current atomic.Pointer[bucket] }

// bucket is what requests are taken from while a rate is in effect.
type bucket struct {
	*rate.Limiter
	// replaced is closed once another rate is.
	replaced chan struct{}
}

// New returns a limiter that begins with a rate.
func New(r clusterconfig.RequestRate) *Limiter {
	l := &Limiter{}
	l.current.Store(newBucket(r))
	return l
}

func newBucket(r clusterconfig.RequestRate) *bucket {
	return &bucket{rate.NewLimiter(rate.Limit(r.QPS), r.Burst), make(chan struct{})}
}

// Set changes the rate, for those who wait already as well: at a very low one they might
// wait for hours. A full bucket comes with it.
func (l *Limiter) Set(r clusterconfig.RequestRate) {
	now := l.current.Load()
	if now.Limit() != rate.Limit(r.QPS) || now.Burst() != r.Burst {
		close(l.current.Swap(newBucket(r)).replaced)
	}
}

// TryAccept implements flowcontrol.RateLimiter.
func (l *Limiter) TryAccept() bool { return l.current.Load().Allow() }

// Accept implements flowcontrol.RateLimiter.
func (l *Limiter) Accept() { _ = l.Wait(context.Background()) }

// Wait implements flowcontrol.RateLimiter.
func (l *Limiter) Wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("waiting for a turn at the API server: %w", err)
	}
	for {
		current := l.current.Load()
		mine := current.Reserve()
		turn := time.NewTimer(mine.Delay())
		select {
		case <-turn.C:
			return nil
		case <-current.replaced:
			turn.Stop() // and what was reserved is gone with the bucket
		case <-ctx.Done():
			turn.Stop()
			mine.Cancel()
			return fmt.Errorf("waiting for a turn at the API server: %w", ctx.Err())
		}
	}
}

// Stop implements flowcontrol.RateLimiter.
func (l *Limiter) Stop() {}

// QPS implements flowcontrol.RateLimiter.
func (l *Limiter) QPS() float32 { return float32(l.current.Load().Limit()) }
