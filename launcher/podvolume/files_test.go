package podvolume

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// mount lays files out as the kubelet does, replacing an earlier state.
func mount(t *testing.T, dir, state string, files map[string]string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, content := range files {
		target := filepath.Join(dir, state, path)
		must(os.MkdirAll(filepath.Dir(target), 0o755))
		must(os.WriteFile(target, []byte(content), 0o640))
	}
	must(os.MkdirAll(filepath.Join(dir, state), 0o755))
	must(os.Symlink(state, filepath.Join(dir, "..tmp")))
	must(os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, current)))
	entries, err := os.ReadDir(filepath.Join(dir, state))
	must(err)
	for _, entry := range entries {
		if err := os.Symlink(current+"/"+entry.Name(), filepath.Join(dir, entry.Name())); !os.IsExist(err) {
			must(err)
		}
	}
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := Files(dir)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for path, content := range files {
		texts[path] = string(content)
	}
	return texts
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	want := map[string]string{"key": "a", "My.Key_1": "", "pod/labels": "x=\"y\"", "pod/deep/er": "z"}
	mount(t, dir, "..2026_01", want)
	first := Version(dir)
	if got := contents(t, dir); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	mount(t, dir, "..2026_02", map[string]string{"key": "b"})
	if got := contents(t, dir); !maps.Equal(got, map[string]string{"key": "b"}) {
		t.Errorf("after a change: %v", got)
	}
	if second := Version(dir); first == "" || second == first {
		t.Errorf("versions %q, %q", first, second)
	}
}

// TestNothing is what a missing optional object leaves.
func TestNothing(t *testing.T) {
	dir := t.TempDir()
	if got := contents(t, dir); len(got) != 0 || Version(dir) != "" {
		t.Errorf("%v, version %q", got, Version(dir))
	}
	if _, err := Files(filepath.Join(dir, "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestNoWayOut leaves files outside alone, whatever leads there.
func TestNoWayOut(t *testing.T) {
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(outside, "secret"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, dir); len(got) != 0 {
		t.Errorf("through a link: %v", got)
	}
	if err := os.Symlink(outside, filepath.Join(dir, current)); err != nil {
		t.Fatal(err)
	}
	if files, err := Files(dir); err == nil {
		t.Errorf("through the kubelet's link: %v", files)
	}
}

func TestTooLarge(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, maxSize/2+1), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Files(dir); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}
