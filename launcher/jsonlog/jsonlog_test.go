package jsonlog

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
)

func TestSetVerbosity(t *testing.T) {
	var out bytes.Buffer
	log := New(&out, "launcher", "name", "a")
	derived := log.With("part", "b").WithGroup("c")
	for _, step := range []struct{ set, want uint32 }{{0, initial}, {5, 5}, {1, 1}, {0, initial}, {1 << 31, 127}} {
		SetVerbosity(derived, step.set)
		for n := range uint32(130) {
			if on := n <= step.want || n > 127 && step.want == 127; log.Enabled(context.Background(), Detail(n)) != on {
				t.Errorf("verbosity %d: lines of %d: %t", step.set, n, !on)
			}
		}
	}
	log.Log(context.Background(), Detail(4), "seen")
	if line := out.String(); !strings.Contains(line, `"level":"info"`) || !strings.Contains(line, `"msg":"seen"`) {
		t.Errorf("logged %q", line)
	}
	SetVerbosity(slog.New(slog.DiscardHandler), 5)
}
