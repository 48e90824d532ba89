package vm

import (
	"context"
	"errors"
	"fmt"
)

// How much is done at once for those who ask something of the guest.
const (
	// maxQuestions are for the agent or the display, maxPrograms those waited for.
	maxQuestions = 8
	maxPrograms  = 16
	// maxLeftovers are programs that nobody waits for any more.
	maxLeftovers = 16
	// maxLarge are answers of some MiB that are collected and encoded.
	maxLarge = 2
)

// ErrBusy says that as much is asked of the guest as is allowed at once.
var ErrBusy = errors.New("too much is asked of the guest at once; try again when some of it is answered")

// places bounds how much is done at once.
type places chan struct{}

// enter refuses whom there is no place for.
func (p places) enter() error {
	select {
	case p <- struct{}{}:
		return nil
	default:
		return ErrBusy
	}
}

// wait waits for a place until ctx ends.
func (p places) wait(ctx context.Context) error {
	select {
	case p <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for earlier answers: %w", ctx.Err())
	}
}

func (p places) leave() { <-p }
