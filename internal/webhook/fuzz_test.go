package webhook

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/defaults"
	"kubevirt.io/kubevirt/internal/validate"
)

// FuzzInstance sends any JSON the way of an instance through admission: what it is
// made from is a user's, and whatever he sends gets an answer. What has been filled
// in once must not change when it is filled in again, as an update of it is.
func FuzzInstance(f *testing.F) {
	for _, pattern := range []string{"../validate/testdata/*.yaml", "../defaults/testdata/*.yaml", "../launcherpod/testdata/*/*/vmi.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("no seeds at %s: %v", pattern, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			for _, doc := range strings.Split(string(data), "\n---\n") {
				f.Add(seed(f, doc))
			}
		}
	}
	cfg := clusterconfig.New(nil)
	uuid := func() types.UID { return "5d307ca9-b3ef-428c-8861-06e72d69f223" }
	f.Fuzz(func(t *testing.T, data []byte) {
		vmi, err := decode[v1.VirtualMachineInstance](data)
		if err != nil {
			return
		}
		vm := &v1.VirtualMachine{Spec: v1.VirtualMachineSpec{Template: &v1.VirtualMachineInstanceTemplateSpec{Spec: *vmi.Spec.DeepCopy()}}}
		fill := func(vmi *v1.VirtualMachineInstance) { defaults.VirtualMachineInstance(vmi, cfg, metav1.Time{}, uuid) }
		defaults.VirtualMachine(vm, cfg, true, uuid)
		_ = validate.VirtualMachine(vm, cfg, fill)
		fill(vmi)
		_ = validate.VirtualMachineInstance(vmi, cfg)
		once, err := json.Marshal(vmi)
		if err != nil {
			t.Skip(err)
		}
		fill(vmi)
		if twice, _ := json.Marshal(vmi); string(twice) != string(once) {
			t.Errorf("filled in once:\n%s\ntwice:\n%s", once, twice)
		}
	})
}

// seed is the instance of a manifest, or that of a machine's template, as JSON.
func seed(f *testing.F, manifest string) []byte {
	var object map[string]any
	if err := yaml.Unmarshal([]byte(manifest), &object); err != nil {
		f.Fatal(err)
	}
	if spec, ok := object["spec"].(map[string]any); ok && spec["template"] != nil {
		object = spec["template"].(map[string]any)
	}
	data, err := json.Marshal(object)
	if err != nil {
		f.Fatal(err)
	}
	return data
}
