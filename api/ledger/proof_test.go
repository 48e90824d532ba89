package ledger

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// proof is how a row names a test: by its package and its name.
var proof = regexp.MustCompile(`^([a-z0-9/]+):(Test[A-Za-z0-9_]+)$`)

// A row names what proves its state: a case, which the tests of pods, domains and
// components take up, or a test that is there. One that says that nothing is done with
// the leaf, and what only the status' writer knows, may do without.
func TestProofsExist(t *testing.T) {
	tests := map[string][]byte{}
	for _, kind := range Kinds() {
		rows, err := Load(kind)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if row.Where == "" && row.State != Implemented || isCase(row.Where) {
				continue
			}
			match := proof.FindStringSubmatch(row.Where)
			if match == nil {
				t.Errorf("%s %s: %q is neither a case nor a test", kind, row.Path, row.Where)
				continue
			}
			if tests[match[1]] == nil {
				tests[match[1]] = testsOf(t, match[1])
			}
			if !regexp.MustCompile(`(?m)^func ` + match[2] + `\(`).Match(tests[match[1]]) {
				t.Errorf("%s %s: %s names no test", kind, row.Path, row.Where)
			}
		}
	}
}

func isCase(where string) bool {
	for _, area := range []string{"pod:", "domain:", "component:"} {
		if strings.HasPrefix(where, area) {
			return true
		}
	}
	return false
}

// testsOf returns the text of a package's tests.
func testsOf(t *testing.T, pkg string) []byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	text := []byte{'\n'}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, content...)
	}
	return text
}
