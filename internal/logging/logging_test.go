package logging

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
)

func TestLines(t *testing.T) {
	var out bytes.Buffer
	log := newLogger(&out, "virt-test", 2)
	log.Info("first", "name", "a", "namespace", "b")
	log.V(2).Info("second")
	log.V(3).Info("unwanted")
	log.Error(errors.New("broken"), "third")

	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("want 3 lines, got %d:\n%s", len(lines), out.String())
	}
	for i, want := range []struct{ level, msg string }{{"info", "first"}, {"info", "second"}, {"error", "third"}} {
		var line map[string]string
		if err := json.Unmarshal([]byte(lines[i]), &line); err != nil {
			t.Fatalf("line %d is not a JSON object of strings: %v: %s", i, err, lines[i])
		}
		if line["level"] != want.level || line["msg"] != want.msg || line["component"] != "virt-test" {
			t.Errorf("line %d is %s", i, lines[i])
		}
		if _, err := time.Parse(time.RFC3339Nano, line["timestamp"]); err != nil {
			t.Errorf("line %d has no time: %v", i, err)
		}
	}
	if !strings.Contains(lines[0], `"namespace":"b"`) || !strings.Contains(lines[2], "broken") {
		t.Errorf("values are missing:\n%s", out.String())
	}
}

// klog has one level for all components of a process.
func TestLibrariesWriteWhatAnyComponentIsToWrite(t *testing.T) {
	clear(libraries.of)
	api, controller := newLogger(io.Discard, "virt-api", 2), newLogger(io.Discard, "virt-controller", 2)
	for _, step := range []struct {
		log  logr.Logger
		set  uint
		want int
	}{{controller, 6, 6}, {api, 1, 6}, {api, 4, 6}, {controller, 3, 4}, {api, 0, 3}, {controller, 0, 2}} {
		SetVerbosity(step.log, step.set)
		if !klog.V(klog.Level(step.want)).Enabled() || klog.V(klog.Level(step.want+1)).Enabled() {
			t.Errorf("after %d the libraries do not write at %d", step.set, step.want)
		}
	}
}

func TestSetVerbosity(t *testing.T) {
	clear(libraries.of)
	var out bytes.Buffer
	log := newLogger(&out, "virt-test", 2)
	derived := log.WithName("part").WithValues("name", "a")
	for _, step := range []struct {
		set  uint
		want int
	}{{0, 2}, {5, 5}, {1, 1}, {0, 2}, {9, detailed}, {1 << 40, detailed}} {
		SetVerbosity(derived, step.set)
		for n := range 12 {
			if on := n <= step.want; log.V(n).Enabled() != on || derived.V(n).Enabled() != on || klog.V(klog.Level(n)).Enabled() != on {
				t.Errorf("verbosity %d: lines of V(%d): %t, %t, %t; want %t", step.set, n,
					log.V(n).Enabled(), derived.V(n).Enabled(), klog.V(klog.Level(n)).Enabled(), on)
			}
		}
	}
	if newLogger(&out, "virt-test", 10).V(detailed + 1).Enabled() {
		t.Error("a process can be started with more than it may write")
	}
	SetVerbosity(logr.Discard(), 5)
}
