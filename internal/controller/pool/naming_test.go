package pool

import (
	"encoding/json"
	"testing"

	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
)

func TestIndexOf(t *testing.T) {
	for name, want := range map[string]int{
		"web-0": 0, "web-10": 10, "web-": -1, "web": -1, "web-01": -1, "web--1": -1, "web-+1": -1, "web-a": -1, "web-1-2": -1, "other-1": -1,
		"web-2147483647": 2147483647, "web-2147483648": -1, "web-9223372036854775807": -1, "web-99999999999999999999": -1,
	} {
		index, ok := indexOf("web", name)
		if ok != (want >= 0) || ok && index != want {
			t.Errorf("%s: %d, %v; want %d", name, index, ok, want)
		}
	}
	for name, want := range map[string]string{
		"web-0": "web", "web-1-2": "web-1", "web": "", "web-": "", "web-a": "", "web-01": "", "-1": "", "": "", "web-2147483648": "",
	} {
		if got := poolNamed(name); got != want {
			t.Errorf("%s is named after %q, want %q", name, got, want)
		}
	}
}

const everyName = `
dataVolumeTemplates:
- metadata: {name: root}
- metadata: {name: data}
template:
  spec:
    domain: {devices: {}}
    accessCredentials:
    - sshPublicKey: {source: {secret: {secretName: keys}}, propagationMethod: {noCloud: {}}}
    - userPassword: {source: {secret: {secretName: passwords}}, propagationMethod: {qemuGuestAgent: {}}}
    volumes:
    - {name: a, dataVolume: {name: root}}
    - {name: b, persistentVolumeClaim: {claimName: data}}
    - {name: c, persistentVolumeClaim: {claimName: shared}}
    - {name: d, dataVolume: {name: golden}}
    - {name: e, ephemeral: {persistentVolumeClaim: {claimName: root}}}
    - {name: f, configMap: {name: settings}}
    - {name: g, sysprep: {configMap: {name: answers}}}
    - {name: h, secret: {secretName: license}}
    - {name: i, sysprep: {secret: {name: unattend}}}
    - {name: j, cloudInitNoCloud: {secretRef: {name: user}, networkDataSecretRef: {name: net}}}
    - {name: k, cloudInitConfigDrive: {secretRef: {name: user2}, networkDataSecretRef: {name: net2}}}
    - {name: l, containerDisk: {image: guest, imagePullSecret: registry}}
    - {name: m, cloudInitNoCloud: {userData: hello}}
    - {name: o, emptyDisk: {capacity: 1Gi}}
`

func TestNumber(t *testing.T) {
	yes, no := true, false
	volumes := map[string]string{"root": "root-7", "data": "data-7"}
	maps := map[string]string{"settings": "settings-7", "answers": "answers-7"}
	secrets := map[string]string{
		"license": "license-7", "unattend": "unattend-7", "user": "user-7", "net": "net-7", "user2": "user2-7", "net2": "net2-7",
		"keys": "keys-7", "passwords": "passwords-7",
	}
	for name, c := range map[string]struct {
		generation *poolv1beta1.VirtualMachinePoolNameGeneration
		changed    []map[string]string
	}{
		"nothing asked for": {nil, []map[string]string{volumes}},
		"shared":            {&poolv1beta1.VirtualMachinePoolNameGeneration{AppendIndexToConfigMapRefs: &no, AppendIndexToSecretRefs: &no}, []map[string]string{volumes}},
		"config maps":       {&poolv1beta1.VirtualMachinePoolNameGeneration{AppendIndexToConfigMapRefs: &yes}, []map[string]string{volumes, maps}},
		"secrets":           {&poolv1beta1.VirtualMachinePoolNameGeneration{AppendIndexToSecretRefs: &yes}, []map[string]string{volumes, secrets}},
		"both": {&poolv1beta1.VirtualMachinePoolNameGeneration{AppendIndexToConfigMapRefs: &yes, AppendIndexToSecretRefs: &yes},
			[]map[string]string{volumes, maps, secrets}},
	} {
		t.Run(name, func(t *testing.T) {
			spec, want := parseSpec(t, everyName), parseTree(t, everyName)
			number(spec, 7, c.generation)
			for _, changed := range c.changed {
				rename(want, changed)
			}
			data, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			wanted := &v1.VirtualMachineSpec{}
			if err := json.Unmarshal(data, wanted); err != nil {
				t.Fatal(err)
			}
			wantEqual(t, spec, wanted)
		})
	}
}

// Nothing is invented where the template names nothing.
func TestNumberOfLittle(t *testing.T) {
	yes := true
	all := &poolv1beta1.VirtualMachinePoolNameGeneration{AppendIndexToConfigMapRefs: &yes, AppendIndexToSecretRefs: &yes}
	for _, text := range []string{`{}`, `template: {spec: {volumes: [{name: a, configMap: {}}, {name: b, secret: {}}, {name: c}]}}`} {
		spec := parseSpec(t, text)
		number(spec, 1, all)
		wantEqual(t, spec, parseSpec(t, text))
	}
}

func parseSpec(t *testing.T, text string) *v1.VirtualMachineSpec {
	t.Helper()
	spec := &v1.VirtualMachineSpec{}
	if err := yaml.UnmarshalStrict([]byte(text), spec); err != nil {
		t.Fatal(err)
	}
	return spec
}

func parseTree(t *testing.T, text string) any {
	t.Helper()
	var tree any
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

// rename changes strings wherever they are in a tree, but for the names of volumes.
func rename(tree any, names map[string]string) {
	switch tree := tree.(type) {
	case []any:
		for _, item := range tree {
			rename(item, names)
		}
	case map[string]any:
		for key, value := range tree {
			if text, ok := value.(string); ok && names[text] != "" {
				tree[key] = names[text]
			}
			rename(value, names)
		}
	}
}

func wantEqual(t *testing.T, got, want any) {
	t.Helper()
	a, errA := yaml.Marshal(got)
	b, errB := yaml.Marshal(want)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("got\n%s\nwant\n%s (%v, %v)", a, b, errA, errB)
	}
}
