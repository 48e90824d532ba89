package validate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// TestVirtualMachine reads testdata/*.yaml: a spec as a user writes it, and in
// comment lines "# want: PATH: PART OF THE MESSAGE" every rule that it breaks, of
// the schema or of this package. A rule that both had would be broken twice. Lines
// "# gate: NAME" switch feature gates on; "# network: YAML" is the cluster's
// configuration of networks.
func TestVirtualMachine(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for i, doc := range strings.Split(string(data), "\n---\n") {
				check(t, i, doc)
			}
		})
	}
}

func check(t *testing.T, i int, doc string) {
	t.Helper()
	var wants []string
	kv := &v1.KubeVirt{}
	kv.Spec.Configuration.DeveloperConfiguration = &v1.DeveloperConfiguration{}
	for _, line := range strings.Split(doc, "\n") {
		if want, ok := strings.CutPrefix(line, "# want: "); ok {
			wants = append(wants, want)
		}
		if gate, ok := strings.CutPrefix(line, "# gate: "); ok {
			gates := &kv.Spec.Configuration.DeveloperConfiguration.FeatureGates
			*gates = append(*gates, gate)
		}
		if network, ok := strings.CutPrefix(line, "# network: "); ok {
			if err := yaml.UnmarshalStrict([]byte(network), &kv.Spec.Configuration.Network); err != nil {
				t.Fatalf("document %d: network: %v", i, err)
			}
		}
	}
	vm := &v1.VirtualMachine{}
	if err := yaml.UnmarshalStrict([]byte(doc), vm); err != nil {
		t.Fatalf("document %d: %v", i, err)
	}
	cfg := clusterconfig.New(kv)
	errs := append(bySchema(t, v1.KindVirtualMachine, doc), VirtualMachine(vm, cfg, func(vmi *v1.VirtualMachineInstance) {
		fill(vmi, cfg)
	})...)
	for _, want := range wants {
		path, message, _ := strings.Cut(want, ": ")
		found := false
		for _, err := range errs {
			found = found || err.Field == path && strings.Contains(err.ErrorBody(), message)
		}
		if !found {
			t.Errorf("document %d: no error %q; got %v", i, want, errs.ToAggregate())
		}
	}
	if len(errs) != len(wants) {
		t.Errorf("document %d: %d errors, want %d: %v", i, len(errs), len(wants), errs.ToAggregate())
	}
}

// fill does what the defaults that rules rely on do; the defaults themselves
// have their own tests.
func fill(vmi *v1.VirtualMachineInstance, cfg *clusterconfig.Config) {
	vmi.Spec.Architecture = "amd64"
	if vmi.Spec.Domain.Machine == nil {
		vmi.Spec.Domain.Machine = &v1.Machine{Type: cfg.MachineType("amd64")}
	}
	vmi.UID, vmi.CreationTimestamp = types.UID("1"), metav1.Now()
}
