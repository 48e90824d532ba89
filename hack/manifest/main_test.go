package main

import (
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"

	"kubevirt.io/kubevirt/internal/version"
)

// TestConfigIsCurrent compares config/ with what -config writes.
func TestConfigIsCurrent(t *testing.T) {
	built := version.Build
	version.Build = "v0.0.0"
	t.Cleanup(func() { version.Build = built })
	out := t.TempDir()
	err := run(options{
		namespace: "kubevirt", image: "kubevirt:latest", launcherImage: "virt-launcher:latest", pullPolicy: "IfNotPresent",
		replicas: 2, out: out, config: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(out + "/*/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("only %v is rendered: %v", files, err)
	}
	for _, file := range files {
		part, err := filepath.Rel(out, file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("../../config", part))
		if err != nil || string(got) != string(want) {
			t.Errorf("config/%s is outdated (%v): run go run ./hack/manifest -config -version v0.0.0 -out config", part, err)
		}
	}
}

func TestRenderedManifestHasTheImagesAndTheSample(t *testing.T) {
	out := t.TempDir()
	err := run(options{
		namespace: "vms", image: "r.test/kubevirt:1", launcherImage: "r.test/virt-launcher:2", pullPolicy: "Always",
		replicas: 1, sample: "../../config/samples/kubevirt.yaml", out: out,
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(out, "kubevirt-cr.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var kv struct {
		Kind     string
		Metadata struct{ Namespace string }
	}
	if err := yaml.Unmarshal(text, &kv); err != nil {
		t.Fatal(err)
	}
	if kv.Kind != "KubeVirt" || kv.Metadata.Namespace != "vms" {
		t.Errorf("the KubeVirt object is %+v", kv)
	}
	objects, err := operator(options{namespace: "vms", image: "r.test/kubevirt:1", launcherImage: "r.test/virt-launcher:2", replicas: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if namespace := object.GetNamespace(); namespace != "" && namespace != "vms" && namespace != "kube-system" {
			t.Errorf("%T %s is in namespace %s", object, object.GetName(), namespace)
		}
	}
}
