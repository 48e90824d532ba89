package filesystem

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDirectory(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(root, "real/inside"), 0o755))
	must(os.WriteFile(filepath.Join(root, "file"), nil, 0o644))
	for link, target := range map[string]string{
		"link": "real", "processes": "/proc", "up": "/", "deep": "link/../devices", "devices": "/dev", "nowhere": "missing",
	} {
		must(os.Symlink(target, filepath.Join(root, link)))
	}
	for path, want := range map[string]struct{ directory, err string }{
		"real":         {directory: "real"},
		"real/inside/": {directory: "real/inside"},
		"link/inside":  {directory: "real/inside"},
		"processes":    {err: "launcher's own"},
		"processes/1":  {err: "launcher's own"},
		"up":           {err: "launcher's own"},
		"up/dev/shm":   {err: "launcher's own"},
		"deep":         {err: "launcher's own"},
		"file":         {err: "not a directory"},
		"nowhere":      {err: "no such file"},
		"missing":      {err: "no such file"},
	} {
		directory, err := Directory(root + "/" + path)
		switch {
		case want.err == "" && (err != nil || pathOf(t, directory) != filepath.Join(root, want.directory)):
			t.Errorf("%s: %v", path, err)
		case want.err != "" && (err == nil || !strings.Contains(err.Error(), want.err)):
			t.Errorf("%s: %v, want %q", path, err, want.err)
		}
	}
	if _, err := Directory("real"); err == nil {
		t.Error("a path that is not absolute is taken")
	}
}

func pathOf(t *testing.T, directory *os.File) string {
	t.Helper()
	defer directory.Close()
	path, err := os.Readlink(throughFD(int(directory.Fd())))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Links that take the place of what was looked at lead nowhere, before it is opened and
// after.
func TestSwappedDirectory(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	real, away := filepath.Join(root, "real"), filepath.Join(root, "away")
	if err := os.MkdirAll(filepath.Join(real, "inside"), 0o755); err != nil {
		t.Fatal(err)
	}
	opened, err := Directory(real + "/inside")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(real, away); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/proc", real); err != nil {
		t.Fatal(err)
	}
	if got := pathOf(t, opened); got != away+"/inside" {
		t.Errorf("what is shared is %s", got)
	}
	for _, path := range []string{real, real + "/self"} {
		if directory, err := openExactly(path); err == nil {
			t.Errorf("%s is opened: %s", path, pathOf(t, directory))
		}
	}
}
