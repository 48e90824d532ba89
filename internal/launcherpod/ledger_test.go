package launcherpod

import (
	"path/filepath"
	"strings"
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/api/ledger"
	"kubevirt.io/kubevirt/test/leaf"
)

// TestEveryImplementedLeafMatters takes each leaf that the ledger says is seen in
// a case's pod out of that case: the pod, or the error, has to change.
func TestEveryImplementedLeafMatters(t *testing.T) {
	rows, err := ledger.Load("VirtualMachineInstance")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, row := range rows {
		name, ours := strings.CutPrefix(row.Where, "pod:")
		if !ours {
			continue
		}
		seen++
		t.Run(row.Path, func(t *testing.T) {
			dir := filepath.Join("testdata", name)
			vmi, config, options := readCase(t, dir)
			render := func(vmi *v1.VirtualMachineInstance) string {
				pod, err := Render(vmi, config, options)
				if err != nil {
					return err.Error()
				}
				return string(toYAML(t, pod))
			}
			if render(vmi) == render(leaf.Without(t, vmi, row.Path)) {
				t.Errorf("taking it out of %s changes nothing", dir)
			}
		})
	}
	if seen == 0 {
		t.Error("the ledger names no case")
	}
}
