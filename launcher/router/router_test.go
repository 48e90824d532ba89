package router

import (
	"testing"
	"testing/synctest"
	"time"
)

// A guest that asks without end is not answered without end, and one that asks once
// is answered at once.
func TestAdvertisementsKeepAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, done := make(chan struct{}, 1), make(chan struct{})
		begin := time.Now()
		var sent []time.Duration
		go advertise(asked, done, func() { sent = append(sent, time.Since(begin)) })
		for range 100 { // for 10 seconds
			select {
			case asked <- struct{}{}:
			default:
			}
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		if len(sent) != 4 || sent[0] != 0 || sent[1] != 3*time.Second {
			t.Errorf("advertised after %v", sent)
		}
		time.Sleep(21 * time.Minute)
		synctest.Wait()
		if len(sent) != 7 { // the one asked for meanwhile, and two reminders
			t.Errorf("advertised after %v", sent)
		}
		close(done)
	})
}
