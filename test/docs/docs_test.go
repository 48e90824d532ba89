// Package docs holds the documentation to the code: its manifests are admitted, and its
// links lead somewhere.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/defaults"
	"kubevirt.io/kubevirt/internal/validate"
	"kubevirt.io/kubevirt/internal/webhook/kubevirt"
)

const root = "../.."

var (
	block = regexp.MustCompile("(?s)```yaml\n(.*?)```")
	link  = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
)

// pages returns the texts by their paths.
func pages(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, path := range append(paths, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = string(text)
	}
	return texts
}

func TestManifestsAreAdmitted(t *testing.T) {
	machines := 0
	for path, text := range pages(t) {
		for _, found := range block.FindAllStringSubmatch(text, -1) {
			manifest := []byte(found[1])
			var kind metav1.TypeMeta
			if err := yaml.Unmarshal(manifest, &kind); err != nil {
				t.Errorf("%s: %v\n%s", path, err, manifest)
				continue
			}
			switch kind.Kind {
			case v1.KindVirtualMachine:
				machines++
				admitted(t, path, manifest)
			case v1.KindKubeVirt:
				kv := &v1.KubeVirt{}
				if err := yaml.UnmarshalStrict(manifest, kv); err != nil {
					t.Errorf("%s: %v\n%s", path, err, manifest)
				}
				if errs := kubevirt.Validate(kv); len(errs) > 0 {
					t.Errorf("%s: %v\n%s", path, errs.ToAggregate(), manifest)
				}
			}
		}
	}
	if machines < 5 {
		t.Errorf("found %d machines in the documentation", machines)
	}
}

// admitted sends a machine through admission, with the gates open that it may need.
func admitted(t *testing.T, path string, manifest []byte) {
	t.Helper()
	kv := &v1.KubeVirt{}
	kv.Spec.Configuration.DeveloperConfiguration = &v1.DeveloperConfiguration{
		FeatureGates: []string{string(clusterconfig.GateEnableVirtioFsStorageVolumes)},
	}
	cfg := clusterconfig.New(kv)
	vm := &v1.VirtualMachine{}
	if err := yaml.UnmarshalStrict(manifest, vm); err != nil {
		t.Errorf("%s: %v\n%s", path, err, manifest)
		return
	}
	newUUID := func() types.UID { return "11111111-2222-3333-4444-555555555555" }
	defaults.VirtualMachine(vm, cfg, true, newUUID)
	errs := validate.VirtualMachine(vm, cfg, func(vmi *v1.VirtualMachineInstance) {
		defaults.VirtualMachineInstance(vmi, cfg, metav1.Now(), newUUID)
	})
	if len(errs) > 0 {
		t.Errorf("%s: %v\n%s", path, errs.ToAggregate(), manifest)
	}
}

func TestNothingIsLeftToBeWritten(t *testing.T) {
	blank := regexp.MustCompile(`[A-Z]+_SECTION|\b(TODO|TBD|FIXME)\b`)
	for path, text := range pages(t) {
		if found := blank.FindString(text); found != "" {
			t.Errorf("%s: %s", path, found)
		}
	}
}

func TestLinksLeadSomewhere(t *testing.T) {
	for path, text := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			if target := filepath.Join(filepath.Dir(path), found[1]); !strings.HasPrefix(found[1], "http") {
				if _, err := os.Stat(target); err != nil {
					t.Errorf("%s: link to %s: %v", path, found[1], err)
				}
			}
		}
	}
}
