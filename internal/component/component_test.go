package component

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/api/ledger"
	"kubevirt.io/kubevirt/test/golden"
	"kubevirt.io/kubevirt/test/leaf"
)

var environment = Environment{
	Namespace: "kubevirt", Image: "registry.test/kv/kubevirt:v1", LauncherImage: "registry.test/kv/virt-launcher@sha256:0123",
	Version: "v1.10.0+v0.1.0",
}

func readKubeVirt(t *testing.T, directory string) *v1.KubeVirt {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(directory, "kubevirt.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	kv := &v1.KubeVirt{}
	if err := yaml.UnmarshalStrict(text, kv); err != nil {
		t.Fatalf("parsing %s: %v", directory, err)
	}
	return kv
}

func configOf(t *testing.T, kv *v1.KubeVirt, nodes int32) *Config {
	t.Helper()
	config, err := NewConfig(environment, kv, nodes, []byte("authorities"))
	if err != nil {
		t.Fatal(err)
	}
	config.Prometheus, err = FindPrometheus(kv, func(string) (bool, error) { return true, nil })
	if err != nil {
		t.Fatal(err)
	}
	config.Prometheus.HasRules = true
	return config
}

// objectsOf computes an installation as JSON by kind and name, without the marks
// that say only that something changed.
func objectsOf(t *testing.T, kv *v1.KubeVirt) map[string][]byte {
	t.Helper()
	installation, err := New(configOf(t, kv, 0), nil)
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string][]byte{}
	for _, object := range installation.all() {
		annotations := object.GetAnnotations()
		for _, mark := range []string{AnnotationHash, v1.AnnotationInstallStrategyIdentifier} {
			if annotations[mark] == "" {
				t.Errorf("%T %s lacks the annotation %s", object, object.GetName(), mark)
			}
			delete(annotations, mark)
		}
		delete(annotations, v1.AnnotationCustomizerIdentifier)
		object.SetAnnotations(annotations)
		switch workload := object.(type) {
		case *appsv1.Deployment:
			delete(workload.Spec.Template.Annotations, AnnotationTemplate)
		case *appsv1.DaemonSet:
			delete(workload.Spec.Template.Annotations, AnnotationTemplate)
		}
		text, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.Join([]string{object.GetObjectKind().GroupVersionKind().Kind, object.GetNamespace(), object.GetName()}, " ")
		if objects[name] != nil {
			t.Errorf("%s is there twice", name)
		}
		objects[name] = text
	}
	return objects
}

// difference writes what one installation changes of another as YAML: a merge
// patch for each object.
func difference(t *testing.T, from, to map[string][]byte) []byte {
	t.Helper()
	var names []string
	for name := range from {
		names = append(names, name)
	}
	for name := range to {
		names = append(names, name)
	}
	slices.Sort(names)
	var out bytes.Buffer
	for _, name := range slices.Compact(names) {
		before, after := from[name], to[name]
		if after == nil {
			fmt.Fprintf(&out, "--- %s: gone\n", name)
			continue
		}
		change := after
		if before != nil {
			var err error
			if change, err = jsonpatch.CreateMergePatch(before, after); err != nil {
				t.Fatal(err)
			}
		}
		if string(change) == "{}" {
			continue
		}
		text, err := yaml.JSONToYAML(change)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "--- %s\n%s", name, text)
	}
	return out.Bytes()
}

func TestInstallation(t *testing.T) {
	standard := objectsOf(t, readKubeVirt(t, "testdata/default"))
	for _, directory := range golden.Cases(t, "testdata", "kubevirt.yaml") {
		t.Run(filepath.Base(directory), func(t *testing.T) {
			from := standard
			if filepath.Base(directory) == "default" {
				from = nil
			}
			golden.Equal(t, filepath.Join(directory, "objects.yaml"), difference(t, from, objectsOf(t, readKubeVirt(t, directory))))
		})
	}
}

// TestEveryFieldHasAnEffect takes each field that the ledger says is seen in a case
// out of that case: the installation has to change.
func TestEveryFieldHasAnEffect(t *testing.T) {
	rows, err := ledger.Load(v1.KindKubeVirt)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, row := range rows {
		name, ours := strings.CutPrefix(row.Where, "component:")
		if !ours {
			continue
		}
		seen++
		t.Run(row.Path, func(t *testing.T) {
			kv := readKubeVirt(t, filepath.Join("testdata", name))
			if len(difference(t, objectsOf(t, leaf.Without(t, kv, row.Path)), objectsOf(t, kv))) == 0 {
				t.Errorf("taking it out of %s changes nothing", name)
			}
		})
	}
	if seen == 0 {
		t.Error("the ledger names no case")
	}
}

func TestSameInputSameObjects(t *testing.T) {
	hashes := func() (list []string) {
		installation, err := New(configOf(t, readKubeVirt(t, "testdata/placement"), 2), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range installation.Objects() {
			list = append(list, object.GetAnnotations()[AnnotationHash])
		}
		return list
	}
	if first, second := hashes(), hashes(); !slices.Equal(first, second) {
		t.Error("computing the same installation twice gives different objects")
	}
}

func TestReplicasOfVirtAPI(t *testing.T) {
	for nodes, want := range map[int32]int32{0: 2, 1: 1, 2: 2, 19: 2, 30: 3, 105: 10} {
		if got := configOf(t, &v1.KubeVirt{}, nodes).APIReplicas; got != want {
			t.Errorf("%d nodes: %d replicas, want %d", nodes, got, want)
		}
	}
}

func TestDeploymentIDFollowsTheDeployment(t *testing.T) {
	standard := configOf(t, readKubeVirt(t, "testdata/default"), 0).DeploymentID()
	for name, changes := range map[string]bool{"images": true, "product": true, "replicas": false, "placement": false, "followed": false} {
		id := configOf(t, readKubeVirt(t, filepath.Join("testdata", name)), 0).DeploymentID()
		if (id != standard) != changes {
			t.Errorf("%s: another deployment: %t, want %t", name, id != standard, changes)
		}
	}
}

func TestRelocate(t *testing.T) {
	for _, test := range []struct{ image, registry, tag, want string }{
		{"kubevirt:v1", "", "", "kubevirt:v1"},
		{"a.test:5000/b/kubevirt:v1", "", "v2", "a.test:5000/b/kubevirt:v2"},
		{"a.test:5000/b/kubevirt", "c.test/", "", "c.test/kubevirt"},
		{"a.test/kubevirt@sha256:01", "c.test", "", "c.test/kubevirt@sha256:01"},
		{"a.test/kubevirt:v1@sha256:01", "", "v3", "a.test/kubevirt:v3"},
	} {
		got, err := relocate(test.image, test.registry, test.tag)
		if err != nil || got != test.want {
			t.Errorf("relocate(%q, %q, %q) = %q, %v; want %q", test.image, test.registry, test.tag, got, err, test.want)
		}
	}
	if _, err := relocate("", "c.test", "v1"); err == nil {
		t.Error("an empty reference is accepted")
	}
}

func TestMergingRulesLosesNoRight(t *testing.T) {
	config := configOf(t, &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: "kubevirt"}}, 0)
	for _, namespace := range []string{"", config.Namespace} {
		wanted := granted(config, namespace)
		if len(wanted) == 0 {
			t.Fatalf("nothing is granted in namespace %q", namespace)
		}
		held := map[string]bool{}
		for _, r := range merge(wanted) {
			for _, group := range r.APIGroups {
				for _, resource := range r.Resources {
					for _, verb := range r.Verbs {
						held[group+" "+resource+" "+verb] = true
					}
				}
			}
		}
		for _, r := range wanted {
			for _, group := range r.APIGroups {
				for _, resource := range r.Resources {
					for _, verb := range r.Verbs {
						if !held[group+" "+resource+" "+verb] {
							t.Errorf("merging loses %s of %s in group %q", verb, resource, group)
						}
					}
				}
			}
		}
	}
}
