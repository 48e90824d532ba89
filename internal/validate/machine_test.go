package validate

import (
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// TestEmulatedMachines asks for one machine type where the cluster allows it, and
// where it does not.
func TestEmulatedMachines(t *testing.T) {
	domain := &v1.DomainSpec{Machine: &v1.Machine{Type: "pc-i440fx-10.0"}}
	for configuration, allowed := range map[string]bool{
		`{}`:                          false,
		`{emulatedMachines: ["pc*"]}`: true,
		`{emulatedMachines: ["q35"]}`: false,
		`{architectureConfiguration: {amd64: {emulatedMachines: ["pc*"]}}}`: true,
		`{architectureConfiguration: {arm64: {emulatedMachines: ["pc*"]}}}`: false,
	} {
		kv := &v1.KubeVirt{}
		if err := yaml.UnmarshalStrict([]byte(configuration), &kv.Spec.Configuration); err != nil {
			t.Fatal(err)
		}
		if errs := machine(field.NewPath("domain"), domain, "amd64", clusterconfig.New(kv)); (len(errs) == 0) != allowed {
			t.Errorf("%s: %v, want it allowed: %t", configuration, errs, allowed)
		}
	}
}
