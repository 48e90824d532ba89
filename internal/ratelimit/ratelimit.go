// Package ratelimit limits the requests of a component to the API server, at a rate
// that may be changed while it runs.
package ratelimit

import (
	"context"
	"fmt"

	"golang.org/x/time/rate"

	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// Limiter is the flowcontrol.RateLimiter of a rest.Config. All clients made from that
// one share it.
type Limiter struct{ bucket *rate.Limiter }

// New returns a limiter that begins with a rate.
func New(r clusterconfig.RequestRate) *Limiter {
	return &Limiter{bucket: rate.NewLimiter(rate.Limit(r.QPS), r.Burst)}
}

// Set changes the rate. Who waits already is let through when the old rate would.
func (l *Limiter) Set(r clusterconfig.RequestRate) {
	l.bucket.SetLimit(rate.Limit(r.QPS))
	l.bucket.SetBurst(r.Burst)
}

// TryAccept implements flowcontrol.RateLimiter.
func (l *Limiter) TryAccept() bool { return l.bucket.Allow() }

// Accept implements flowcontrol.RateLimiter.
func (l *Limiter) Accept() { _ = l.bucket.Wait(context.Background()) }

// Wait implements flowcontrol.RateLimiter.
func (l *Limiter) Wait(ctx context.Context) error {
	if err := l.bucket.Wait(ctx); err != nil {
		return fmt.Errorf("waiting for a turn at the API server: %w", err)
	}
	return nil
}

// Stop implements flowcontrol.RateLimiter.
func (l *Limiter) Stop() {}

// QPS implements flowcontrol.RateLimiter.
func (l *Limiter) QPS() float32 { return float32(l.bucket.Limit()) }
