package version

import (
	"os"
	"strings"
	"testing"

	utilversion "k8s.io/apimachinery/pkg/util/version"
)

func TestReportedIsSemver(t *testing.T) {
	parsed, err := utilversion.ParseSemantic(Reported())
	if err != nil {
		t.Fatalf("the reported version is not semver: %v", err)
	}
	if parsed.BuildMetadata() != Build {
		t.Errorf("build metadata %q, want our build %q", parsed.BuildMetadata(), Build)
	}
	if parsed.Major() != 1 || parsed.PreRelease() != "" {
		t.Errorf("%s: clients look for a released v1 of the API", parsed)
	}
}

func TestVersionFileIsSemver(t *testing.T) {
	content, err := os.ReadFile("../../VERSION")
	if err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSuffix(string(content), "\n")
	if _, err := utilversion.ParseSemantic(line); err != nil || !strings.HasPrefix(line, "v") {
		t.Errorf("VERSION holds %q, want one line with a semantic version with a leading v", line)
	}
}
