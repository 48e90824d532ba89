package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"text/template"

	"sigs.k8s.io/yaml"

	"kubevirt.io/kubevirt/hack/kustomization"
	"kubevirt.io/kubevirt/internal/version"
)

// asBuilt gives the version that the committed files are rendered with.
func asBuilt(t *testing.T, text string) {
	t.Helper()
	built := version.Build
	version.Build = text
	t.Cleanup(func() { version.Build = built })
}

func released(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../VERSION")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// in is where the parts lie, seen from here.
func in(o options) options {
	o.base, o.helm, o.sample = "../../config/default", "../../config/helm", "../../config/samples/kubevirt.yaml"
	return o
}

// TestCommittedFilesAreCurrent compares config/ and charts/ with what is rendered now.
func TestCommittedFilesAreCurrent(t *testing.T) {
	for name, c := range map[string]struct {
		version, directory, pattern, command string
		options                              options
		atLeast                              int
	}{
		"config": {"v0.0.0", "../../config", "/*/*.yaml", "go run ./hack/manifest -config -version v0.0.0 -out config", options{config: true}, 5},
		"chart":  {released(t), "../../charts/kubevirt", "/templates/*", "make chart", options{chart: true}, 8},
	} {
		t.Run(name, func(t *testing.T) {
			asBuilt(t, c.version)
			o := in(c.options)
			o.out = t.TempDir()
			if err := run(o); err != nil {
				t.Fatal(err)
			}
			var files []string
			for _, pattern := range []string{c.pattern, "/*"} {
				found, err := filepath.Glob(o.out + pattern)
				if err != nil {
					t.Fatal(err)
				}
				files = append(files, found...)
			}
			compared := 0
			for _, file := range files {
				want, err := os.ReadFile(file)
				if err != nil {
					continue // a directory
				}
				compared++
				part, err := filepath.Rel(o.out, file)
				if err != nil {
					t.Fatal(err)
				}
				got, err := os.ReadFile(filepath.Join(c.directory, part))
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s is outdated (%v): run %s", part, err, c.command)
				}
			}
			if compared < c.atLeast {
				t.Errorf("only %d files are rendered: %v", compared, files)
			}
		})
	}
}

func documents(t *testing.T, text []byte) map[string]object {
	t.Helper()
	all := map[string]object{}
	for _, document := range bytes.Split(text, []byte("\n---\n")) {
		tree := object{}
		if err := yaml.Unmarshal(document, &tree); err != nil {
			t.Fatalf("%v in:\n%s", err, document)
		}
		metadata, ok := tree["metadata"].(object)
		if !ok {
			continue
		}
		namespace, _ := metadata["namespace"].(string)
		all[tree["kind"].(string)+" "+namespace+"/"+metadata["name"].(string)] = tree
	}
	return all
}

func rendered(t *testing.T, o options) map[string]object {
	t.Helper()
	o = in(o)
	o.out = t.TempDir()
	if err := run(o); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(o.out, "kubevirt-operator.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	sample, err := os.ReadFile(filepath.Join(o.out, "kubevirt-cr.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	all := documents(t, text)
	for id, kv := range documents(t, sample) {
		all[id] = kv
	}
	return all
}

func TestManifestFollowsItsSettings(t *testing.T) {
	asBuilt(t, "v9.9.9")
	all := rendered(t, options{settings: settings{
		Namespace: "vms", Image: "r.test/kubevirt:1", LauncherImage: "r.test/virt-launcher:2", PullPolicy: "Always", Replicas: int64(1),
	}})
	for _, id := range []string{
		"KubeVirt vms/kubevirt", "Namespace /vms", "Deployment vms/virt-operator", "ServiceAccount vms/kubevirt-operator",
		"Service vms/kubevirt-operator-webhook", "Role kube-system/kubevirt-operator", "CustomResourceDefinition /kubevirts.kubevirt.io",
	} {
		if all[id] == nil {
			t.Errorf("%s is missing", id)
		}
	}
	for _, id := range []string{"ClusterRoleBinding /kubevirt-operator", "RoleBinding kube-system/kubevirt-operator"} {
		if err := each(all[id], func(subject object) error {
			if subject["namespace"] != "vms" {
				t.Errorf("%s binds %v", id, subject)
			}
			return nil
		}, "subjects"); err != nil {
			t.Error(err)
		}
	}
	text, err := yaml.Marshal(all["Deployment vms/virt-operator"])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"replicas: 1\n", "image: r.test/kubevirt:1\n", "value: r.test/kubevirt:1\n", "value: r.test/virt-launcher:2\n",
		"imagePullPolicy: Always\n", "app.kubernetes.io/version: v1.10.0_v9.9.9\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the operator's Deployment lacks %q", want)
		}
	}
	for id, tree := range all {
		if text, err := yaml.Marshal(tree); err != nil || strings.Contains(string(text), "namespace: kubevirt\n") {
			t.Errorf("%s stays in the namespace kubevirt (%v)", id, err)
		}
	}
}

// TestChartIsTheManifest: with the same values the chart holds the same objects, but
// for the namespace, which is the release's.
func TestChartIsTheManifest(t *testing.T) {
	asBuilt(t, released(t))
	o := in(options{chart: true, out: t.TempDir()})
	if err := run(o); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(o.out, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	values := object{}
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	values["replicas"], values["image"], values["launcherImage"], values["imagePullPolicy"] = 3, "r.test/k:1", "r.test/l:2", "Never"
	files, err := filepath.Glob(filepath.Join(o.out, "templates", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, existing := range []bool{false, true} {
		got := map[string]object{}
		for _, file := range files {
			for id, tree := range documents(t, execute(t, file, values, existing)) {
				got[id] = tree
			}
		}
		want := rendered(t, options{settings: settings{
			Namespace: "vms", Image: "r.test/k:1", LauncherImage: "r.test/l:2", PullPolicy: "Never", Replicas: int64(3),
		}})
		delete(want, "Namespace /vms")
		delete(want, "KubeVirt vms/kubevirt")
		if existing {
			delete(want, "PriorityClass /kubevirt-cluster-critical")
		}
		for id := range want {
			if got[id] == nil {
				t.Errorf("the chart lacks %s (existing: %v)", id, existing)
				continue
			}
			metadata := got[id]["metadata"].(object)
			if annotations, ok := metadata["annotations"].(object); ok && annotations[keep] == "keep" {
				delete(annotations, keep)
				if len(annotations) == 0 {
					delete(metadata, "annotations")
				}
			} else if got[id]["kind"] == "CustomResourceDefinition" || got[id]["kind"] == "PriorityClass" {
				t.Errorf("%s would go with the release", id)
			}
			if g, w := tidy(got[id]), tidy(want[id]); !reflect.DeepEqual(g, w) {
				t.Errorf("%s differs:\n%v\n%v", id, g, w)
			}
		}
		if len(got) != len(want) {
			t.Errorf("the chart has %d objects, the manifest %d", len(got), len(want))
		}
	}
}

// tidy drops what says nothing: an empty list of pull secrets.
func tidy(tree object) object {
	if spec, ok := tree["spec"].(object); ok && tree["kind"] == "Deployment" {
		pod := spec["template"].(object)["spec"].(object)
		if secrets, ok := pod["imagePullSecrets"].([]any); ok && len(secrets) == 0 {
			delete(pod, "imagePullSecrets")
		}
	}
	return tree
}

// execute does with a template what Helm does, as far as ours go.
func execute(t *testing.T, file string, values object, existing bool) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := template.New(filepath.Base(file)).Option("missingkey=error").Funcs(template.FuncMap{
		"toJson": func(value any) (string, error) {
			text, err := json.Marshal(value)
			return string(text), err
		},
		"lookup": func(...string) object {
			if existing {
				return object{"kind": "PriorityClass"}
			}
			return object{}
		},
	}).Parse(string(text))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, object{"Values": values, "Release": object{"Namespace": "vms"}}); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return out.Bytes()
}

// TestKustomizeReachesTheLauncherImage: images are set in one place, as with any other kustomization.
func TestKustomizeReachesTheLauncherImage(t *testing.T) {
	directory := t.TempDir()
	if err := os.CopyFS(directory, os.DirFS("../../config")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(directory, "default", "kustomization.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte("newName: "), []byte("newName: r.test/"))
	if err := os.WriteFile(file, bytes.ReplaceAll(text, []byte("newTag: latest"), []byte("newTag: v7")), 0o600); err != nil {
		t.Fatal(err)
	}
	objects, err := kustomization.Build(filepath.Join(directory, "default"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := yaml.Marshal(objects)
	if err != nil {
		t.Fatal(err)
	}
	for want, times := range map[string]int{"image: r.test/kubevirt:v7\n": 1, "value: r.test/kubevirt:v7\n": 1, "value: r.test/virt-launcher:v7\n": 1, "value: \"50\"\n": 1} {
		if got := strings.Count(string(found), want); got != times {
			t.Errorf("%q is there %d times, want %d", want, got, times)
		}
	}
}
