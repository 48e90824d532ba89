package unsupported

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// TestEveryFeatureHasItsPhrase reads the constants from the source: one without a
// phrase would make a sentence without a subject.
func TestEveryFeatureHasItsPhrase(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "unsupported.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	constants := 0
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == "Feature" {
				constants++
			}
		}
		return true
	})
	if constants == 0 || constants != len(phrases) {
		t.Errorf("%d features, %d phrases", constants, len(phrases))
	}
	if got, want := Sentence(Migrate), "live migration is not part of this version"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
