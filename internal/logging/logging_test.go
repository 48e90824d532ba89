package logging

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
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
