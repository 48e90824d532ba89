package footprint

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// resident returns how much of files is in this process's memory, in KiB.
func resident(t *testing.T) (size int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "RssFile:"); ok {
			if _, err := fmt.Sscan(rest, &size); err != nil {
				t.Fatal(err)
			}
			return size
		}
	}
	t.Fatal("the kernel does not say")
	return 0
}

// touch reads the whole of the program's code and constants, as a start might.
func touch(t *testing.T) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	memory, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	own, _ := os.Readlink("/proc/self/exe")
	for line := range strings.Lines(string(maps)) {
		var start, end int64
		if !strings.Contains(line, own) || !strings.Contains(line, " r") {
			continue
		}
		if _, err := fmt.Sscanf(line, "%x-%x", &start, &end); err != nil {
			t.Fatal(err)
		}
		if _, err := memory.ReadAt(make([]byte, end-start), start); err != nil {
			t.Fatalf("reading mapping %s: %v", line, err)
		}
	}
}

func TestReleasing(t *testing.T) {
	touch(t)
	before := resident(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Release(ctx, time.Millisecond, 10*time.Millisecond) }()
	for range 2 {
		released := func() bool { return resident(t) <= before*3/4 }
		for end := time.Now().Add(20 * time.Second); !released(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("more than %d KiB of %d KiB stay", before*3/4, before)
			}
		}
		// What comes back goes again.
		touch(t)
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	// The program goes on.
	if got := strings.ToUpper(fmt.Sprint("still ", 1)); got != "STILL 1" {
		t.Errorf("got %q", got)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Release(ctx, time.Hour, time.Hour); err != nil {
		t.Error(err)
	}
}
