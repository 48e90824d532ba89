package v1

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
)

// TestFittingName has values in it that are on the pods of running guests: they may
// not change.
func TestFittingName(t *testing.T) {
	for name, want := range map[string]string{
		"vm":                          "vm",
		strings.Repeat("n", 63):       strings.Repeat("n", 63),
		strings.Repeat("n", 64):       strings.Repeat("n", 54) + "-ce068a19",
		strings.Repeat("n", 63) + "m": strings.Repeat("n", 54) + "-9d4ba379",
		strings.Repeat("n", 53) + "." + strings.Repeat("n", 30): strings.Repeat("n", 53) + "-83d86c1b",
	} {
		got := FittingName(name)
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if problems := validation.IsValidLabelValue(got); len(problems) > 0 {
			t.Errorf("%s: %q: %v", name, got, problems)
		}
	}
}
