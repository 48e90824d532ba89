package defaults

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

const uuid = types.UID("5d307ca9-b3ef-428c-8861-06e72d69f223")

func newUUID() types.UID { return uuid }

// TestVirtualMachineInstance reads testdata/*.yaml: a manifest, the separator, and
// the same after the defaults. UPDATE_GOLDEN=1 writes the second half anew.
func TestVirtualMachineInstance(t *testing.T) {
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
			manifest, want, _ := strings.Cut(string(data), "\n---\n")
			vmi := &v1.VirtualMachineInstance{}
			if err := yaml.UnmarshalStrict([]byte(manifest), vmi); err != nil {
				t.Fatal(err)
			}
			VirtualMachineInstance(vmi, clusterconfig.New(nil), metav1.NewTime(time.Unix(1e9, 0).UTC()), newUUID)
			once, err := yaml.Marshal(vmi)
			if err != nil {
				t.Fatal(err)
			}
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if err := os.WriteFile(file, []byte(manifest+"\n---\n"+string(once)), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if string(once) != want {
				t.Errorf("got\n%s\nwant\n%s", once, want)
			}
			VirtualMachineInstance(vmi, clusterconfig.New(nil), metav1.NewTime(time.Unix(1e9, 0).UTC()), newUUID)
			if twice, _ := yaml.Marshal(vmi); string(twice) != string(once) {
				t.Errorf("a second time changes something:\n%s", twice)
			}
		})
	}
}

func TestVirtualMachine(t *testing.T) {
	vm := &v1.VirtualMachine{}
	vm.Spec.Template = &v1.VirtualMachineInstanceTemplateSpec{}
	VirtualMachine(vm, clusterconfig.New(nil), true, newUUID)
	spec := vm.Spec.Template.Spec
	if spec.Domain.Firmware.UUID != uuid || spec.Domain.Firmware.Serial != string(uuid) {
		t.Errorf("firmware %+v: a new machine keeps its identity over restarts", spec.Domain.Firmware)
	}
	if spec.Architecture == "" || spec.Domain.Machine.Type == "" {
		t.Errorf("architecture %q, machine %+v", spec.Architecture, spec.Domain.Machine)
	}

	old := &v1.VirtualMachine{}
	old.Spec.Template = &v1.VirtualMachineInstanceTemplateSpec{}
	VirtualMachine(old, clusterconfig.New(nil), false, newUUID)
	if old.Spec.Template.Spec.Domain.Firmware != nil {
		t.Error("an update invents an identity")
	}
}

func TestMovingTag(t *testing.T) {
	for image, want := range map[string]bool{
		"guest": true, "guest:latest": true, "registry:5000/guest": true,
		"guest:1": false, "registry:5000/guest:1": false, "guest@sha256:0": false, "guest:latest@sha256:0": false,
	} {
		if got := movingTag(image); got != want {
			t.Errorf("%s: %v, want %v", image, got, want)
		}
	}
}
