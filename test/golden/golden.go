// Package golden compares what a test produced with a file under testdata, and
// rewrites the file when the test runs with -update.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files with what the tests produce")

// Equal fails the test unless the file at path holds exactly got. With -update
// it writes the file instead.
func Equal(t testing.TB, path string, got []byte) {
	t.Helper()
	if *update {
		Write(t, path, got)
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("reading the golden file (run with -update to make it): %v", err)
	}
	if difference := cmp.Diff(string(want), string(got)); difference != "" {
		t.Errorf("%s differs (-want +got, run with -update to accept):\n%s", path, difference)
	}
}

// Outcome compares the outcome of a case that may end in an error: the error's
// message with dir/error.txt, anything else with dir/name. Exactly one of the two
// files may exist, so that a case cannot quietly change its kind.
func Outcome(t testing.TB, dir, name string, got []byte, err error) {
	t.Helper()
	result, failure := filepath.Join(dir, name), filepath.Join(dir, "error.txt")
	want, unwanted, content := result, failure, got
	if err != nil {
		want, unwanted, content = failure, result, []byte(err.Error()+"\n")
	}
	if *update {
		if err := os.Remove(unwanted); err != nil && !os.IsNotExist(err) {
			t.Fatalf("removing the outdated golden file: %v", err)
		}
	} else if _, statErr := os.Stat(unwanted); statErr == nil {
		t.Fatalf("%s exists, but the case now gives: %s", unwanted, content)
	}
	Equal(t, want, content)
}

// Cases returns the directories that hold one golden case each: those below root
// in which a file called input lies. It fails the test when there are none.
func Cases(t testing.TB, root, input string) []string {
	t.Helper()
	var cases []string
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Name() == input {
			cases = append(cases, filepath.Dir(path))
		}
		return err
	})
	if err != nil {
		t.Fatalf("looking for cases: %v", err)
	}
	if len(cases) == 0 {
		t.Fatalf("no %s below %s", input, root)
	}
	return cases
}

// Write replaces a golden file, making its directory where needed.
func Write(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatalf("making the golden file's directory: %v", err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatalf("writing the golden file: %v", err)
	}
}
