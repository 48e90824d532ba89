package launcherpod

import (
	"path/filepath"
	"strings"
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/api/ledger"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/test/leaf"
)

// TestEveryImplementedLeafMatters takes each leaf that the ledger says is seen in
// a case's pod out of that case: the pod, or the error, has to change.
func TestEveryImplementedLeafMatters(t *testing.T) {
	for _, kind := range []string{"VirtualMachineInstance", "KubeVirt"} {
		rows, err := ledger.Load(kind)
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, row := range rows {
			if name, ours := strings.CutPrefix(row.Where, "pod:"); ours {
				seen++
				t.Run(kind+"/"+row.Path, func(t *testing.T) { checkLeaf(t, kind, row.Path, filepath.Join("testdata", name)) })
			}
		}
		if seen == 0 {
			t.Errorf("the ledger of %s names no case", kind)
		}
	}
}

func checkLeaf(t *testing.T, kind, path, dir string) {
	t.Helper()
	vmi, config, options := readCase(t, dir)
	changed, changedConfig := vmi, config
	if kind == "KubeVirt" {
		kv := &v1.KubeVirt{}
		read(t, filepath.Join(dir, "kubevirt.yaml"), kv)
		changedConfig = clusterconfig.New(leaf.Without(t, kv, path))
	} else {
		changed = leaf.Without(t, vmi, path)
	}
	claims := readClaims(t, dir)
	if outcome(t, vmi, config, options, claims) == outcome(t, changed, changedConfig, options, claims) {
		t.Errorf("taking it out of %s changes nothing", dir)
	}
}

func outcome(t *testing.T, vmi *v1.VirtualMachineInstance, config *clusterconfig.Config, options Options, claims Claims) string {
	t.Helper()
	pod, err := Render(vmi, config, options, claims)
	if err != nil {
		return err.Error()
	}
	return string(toYAML(t, pod))
}
