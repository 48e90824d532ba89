package defaults

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// TestClusterConfiguresDefaults: what the KubeVirt object says is what an instance
// gets that says nothing, and no other field changes.
func TestClusterConfiguresDefaults(t *testing.T) {
	for configuration, want := range map[string]string{
		`{cpuModel: Penryn}`:                               `{domain: {cpu: {model: Penryn}}}`,
		`{cpuRequest: 50m}`:                                `{domain: {resources: {requests: {cpu: 50m}}}}`,
		`{evictionStrategy: LiveMigrate}`:                  `{evictionStrategy: LiveMigrate}`,
		`{machineType: pc-q35-9.2}`:                        `{domain: {machine: {type: pc-q35-9.2}}}`,
		`{network: {defaultNetworkInterface: masquerade}}`: `{domain: {devices: {interfaces: [{name: default, masquerade: {}}]}}}`,
		`{architectureConfiguration: {defaultArchitecture: s390x, s390x: {machineType: s390-ccw-virtio}}}`: `{architecture: s390x,
			domain: {machine: {type: s390-ccw-virtio}, devices: {disks: [{name: root, disk: {bus: virtio}}]}}}`,
		`{architectureConfiguration: {amd64: {machineType: pc-q35-9.1}}}`: `{domain: {machine: {type: pc-q35-9.1}}}`,
	} {
		before, after := completed(t, `{}`), completed(t, configuration)
		wanted := map[string]any{}
		if err := yaml.Unmarshal([]byte(want), &wanted); err != nil {
			t.Fatal(err)
		}
		if reflect.DeepEqual(before, after) {
			t.Errorf("%s changes nothing", configuration)
		}
		if put(before, wanted); !reflect.DeepEqual(before, after) {
			t.Errorf("%s: got %v, want %v", configuration, after, before)
		}
	}
}

// completed is the spec of an instance that says next to nothing, with the defaults.
func completed(t *testing.T, configuration string) map[string]any {
	t.Helper()
	kv := &v1.KubeVirt{}
	if err := yaml.UnmarshalStrict([]byte(configuration), &kv.Spec.Configuration); err != nil {
		t.Fatalf("reading %s: %v", configuration, err)
	}
	vmi := &v1.VirtualMachineInstance{}
	vmi.Spec.Volumes = []v1.Volume{{Name: "root"}}
	VirtualMachineInstance(vmi, clusterconfig.New(kv), metav1.NewTime(time.Unix(1e9, 0).UTC()), newUUID)
	text, err := json.Marshal(vmi.Spec)
	if err != nil {
		t.Fatal(err)
	}
	spec := map[string]any{}
	if err := json.Unmarshal(text, &spec); err != nil {
		t.Fatal(err)
	}
	return spec
}

// put merges what is wanted into a spec; lists are replaced.
func put(into, wanted map[string]any) {
	for key, value := range wanted {
		inner, isMap := value.(map[string]any)
		if below, ok := into[key].(map[string]any); ok && isMap {
			put(below, inner)
			continue
		}
		into[key] = value
	}
}
