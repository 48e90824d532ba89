package jsonlog

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"
)

type buffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

func TestLines(t *testing.T) {
	var log buffer
	w, err := Lines(New(&log, "launcher"), "other", strings.TrimSpace)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString(" one \none\n\none\n" + strings.Repeat("x", 1<<20) + "\ntwo\n"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); strings.Count(log.String(), "\n") < 2; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("logged %q", log.String())
		}
	}
	if lines := log.String(); strings.Count(lines, `"msg":"one"`) != 2 || strings.Count(lines, `"subcomponent":"other"`) != 2 {
		t.Errorf("logged %q", lines)
	}
}
