package vm

import (
	"os"
	"path/filepath"
	"testing"
)

func TestEmptyIfLong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := emptyIfLong(path, 10); err != nil {
		t.Errorf("no log yet: %v", err)
	}
	for content, want := range map[string]int64{"0123456789": 10, "0123456789x": 0} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := emptyIfLong(path, 10); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() != want {
			t.Errorf("%d bytes: %d left, %v; want %d", len(content), info.Size(), err, want)
		}
	}
}
