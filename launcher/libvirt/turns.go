package libvirt

import (
	"context"
	"fmt"
	"sync/atomic"
)

// turns admits one conversation with the guest agent at a time. Who has given up
// gets no turn any more: what nobody waits for is not carried out.
type turns struct {
	slot chan struct{}
	// first counts those who go before all others.
	first atomic.Int32
}

func newTurns() *turns { return &turns{slot: make(chan struct{}, 1)} }

// take waits for a turn, which give ends.
func (t *turns) take(ctx context.Context, first bool) error {
	if first {
		t.first.Add(1)
		defer t.first.Add(-1)
	}
	for {
		select {
		case t.slot <- struct{}{}:
		case <-ctx.Done():
			return fmt.Errorf("waiting for the guest agent: %w", ctx.Err())
		}
		switch {
		case ctx.Err() != nil: // select takes either where both are possible
			t.give()
			return fmt.Errorf("waiting for the guest agent: %w", ctx.Err())
		case first || t.first.Load() == 0:
			return nil
		}
		t.give()
	}
}

func (t *turns) give() { <-t.slot }
