package libvirt

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns()
		order := make(chan string, 10)
		wait := func(ctx context.Context, name string, first bool) {
			go func() {
				if err := turns.take(ctx, first); err != nil {
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("%s: %v", name, err)
					}
					name += " gave up"
				} else {
					defer turns.give()
				}
				order <- name
				time.Sleep(time.Second)
			}()
			synctest.Wait()
		}
		short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		wait(t.Context(), "asked", false)
		wait(t.Context(), "asked later", false)
		wait(short, "impatient", false)
		wait(t.Context(), "freeze", true)
		wait(t.Context(), "thaw", true)
		time.Sleep(time.Minute)
		for _, want := range []string{"asked", "impatient gave up", "freeze", "thaw", "asked later"} {
			if got := <-order; got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
	})
}

// A free turn is none for who has given up already.
func TestTurnOfNobody(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	turns := newTurns()
	for range 100 {
		if err := turns.take(ended, false); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
	}
	if err := turns.take(t.Context(), false); err != nil {
		t.Error(err)
	}
}
