package domain

import (
	"path/filepath"
	"strings"
	"testing"

	"kubevirt.io/kubevirt/api/ledger"
	"kubevirt.io/kubevirt/test/leaf"
)

// TestEveryImplementedLeafMatters takes each leaf that the ledger says is seen in
// a case's domain out of that case: the domain, or the error, has to change.
func TestEveryImplementedLeafMatters(t *testing.T) {
	rows, err := ledger.Load("VirtualMachineInstance")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, row := range rows {
		name, ours := strings.CutPrefix(row.Where, "domain:")
		if !ours {
			continue
		}
		seen++
		t.Run(row.Path, func(t *testing.T) {
			dir := filepath.Join("testdata", name)
			vmi := readVMI(t, dir)
			without := leaf.Without(t, vmi, row.Path)
			feature, host := filepath.Dir(name), hostFor(t, dir, vmi)
			render := func(build func() (string, error)) string {
				document, err := build()
				if err != nil {
					return err.Error()
				}
				return document
			}
			before := render(func() (string, error) { return documentOf(feature, vmi, host) })
			after := render(func() (string, error) { return documentOf(feature, without, host) })
			if before == after {
				t.Errorf("taking it out of %s changes nothing", dir)
			}
		})
	}
	if seen == 0 {
		t.Error("the ledger names no case")
	}
}
