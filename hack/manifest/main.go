// Command manifest renders what an administrator applies: the operator with all it
// needs, and a KubeVirt object.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/config/crd"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/version"
)

// kubeVirtCRD is the one CRD that comes with the operator.
const kubeVirtCRD = "kubevirts.kubevirt.io"

type options struct {
	namespace, image, launcherImage, pullPolicy, sample, out string
	replicas                                                 int
	config                                                   bool
}

func main() {
	var o options
	flag.StringVar(&o.namespace, "namespace", "kubevirt", "namespace of the installation")
	flag.StringVar(&version.Build, "version", builtVersion(), "version of the build, as the operator reports it")
	flag.StringVar(&o.image, "image", "kubevirt:latest", "image of the control plane")
	flag.StringVar(&o.launcherImage, "launcher-image", "virt-launcher:latest", "image of virt-launcher")
	flag.StringVar(&o.pullPolicy, "pull-policy", "IfNotPresent", "pull policy of the control plane's images")
	flag.IntVar(&o.replicas, "replicas", 2, "replicas of virt-operator")
	flag.StringVar(&o.sample, "kubevirt", "config/samples/kubevirt.yaml", "KubeVirt object to render beside the operator")
	flag.StringVar(&o.out, "out", "_out/manifests", "directory for kubevirt-operator.yaml and kubevirt-cr.yaml")
	flag.BoolVar(&o.config, "config", false, "write the operator's objects into -out one file per part, for kustomize, instead")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(o options) error {
	objects, err := operator(o)
	if err != nil {
		return err
	}
	if o.config {
		return writeParts(o.out, objects)
	}
	if err := write(filepath.Join(o.out, "kubevirt-operator.yaml"), objects); err != nil {
		return err
	}
	kv, err := kubeVirt(o)
	if err != nil {
		return err
	}
	return write(filepath.Join(o.out, "kubevirt-cr.yaml"), []component.Object{kv})
}

// builtVersion is the version that `make build` gives the binaries.
func builtVersion() string {
	text, err := os.ReadFile("VERSION")
	if err != nil {
		return version.Build
	}
	return strings.TrimSpace(string(text))
}

// operator computes the operator's own objects.
func operator(o options) ([]component.Object, error) {
	env := component.Environment{
		Namespace: o.namespace, Image: o.image, LauncherImage: o.launcherImage, Version: version.Reported(),
	}
	kv := &v1.KubeVirt{}
	kv.Namespace = o.namespace
	kv.Spec.ImagePullPolicy = corev1.PullPolicy(o.pullPolicy)
	config, err := component.NewConfig(env, kv, 0, nil)
	if err != nil {
		return nil, fmt.Errorf("describing the operator: %w", err)
	}
	definitions, err := crd.All()
	if err != nil {
		return nil, fmt.Errorf("loading the CRDs: %w", err)
	}
	for _, definition := range definitions {
		if definition.Name == kubeVirtCRD {
			return component.OperatorManifest(config, int32(o.replicas), definition), nil
		}
	}
	return nil, fmt.Errorf("there is no CRD %s", kubeVirtCRD)
}

// kubeVirt reads the sample object and gives it the namespace.
func kubeVirt(o options) (component.Object, error) {
	text, err := os.ReadFile(o.sample)
	if err != nil {
		return nil, fmt.Errorf("reading the KubeVirt object: %w", err)
	}
	if err := yaml.UnmarshalStrict(text, &v1.KubeVirt{}); err != nil {
		return nil, fmt.Errorf("parsing %s: %w", o.sample, err)
	}
	kv := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(text, &kv.Object); err != nil {
		return nil, fmt.Errorf("parsing %s: %w", o.sample, err)
	}
	kv.SetNamespace(o.namespace)
	return kv, nil
}

// writeParts writes one file per part into directories as kustomize's bases expect.
func writeParts(directory string, objects []component.Object) error {
	parts := map[string][]component.Object{}
	for _, object := range objects {
		var part string
		switch kind := object.GetObjectKind().GroupVersionKind().Kind; kind {
		case "CustomResourceDefinition":
			continue // config/crd has it.
		case "Deployment", "Namespace", "PriorityClass":
			part = "manager/manager.yaml"
		case "Service":
			part = "webhook/service.yaml"
		default:
			part = "rbac/" + strings.ToLower(kind) + ".yaml"
		}
		parts[part] = append(parts[part], object)
	}
	for part, list := range parts {
		if err := write(filepath.Join(directory, part), list); err != nil {
			return err
		}
	}
	return nil
}

// write writes objects into a file as YAML documents.
func write(path string, objects []component.Object) error {
	var out bytes.Buffer
	out.WriteString("# Rendered by hack/manifest; change internal/component instead.\n")
	for _, object := range objects {
		text, err := render(object)
		if err != nil {
			return fmt.Errorf("rendering %s: %w", object.GetName(), err)
		}
		out.WriteString("---\n")
		out.Write(text)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making the output directory: %w", err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		return fmt.Errorf("writing a manifest: %w", err)
	}
	return nil
}

// render writes an object without what only a server fills in.
func render(object component.Object) ([]byte, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		return nil, err
	}
	delete(tree, "status")
	prune(tree)
	return yaml.Marshal(tree)
}

// prune drops null values and, where Go writes a struct that holds nothing, that.
func prune(tree map[string]any) {
	for key, value := range tree {
		switch value := value.(type) {
		case nil:
			delete(tree, key)
		case map[string]any:
			prune(value)
			if len(value) == 0 && (key == "metadata" || key == "resources" || key == "strategy" || key == "spec") {
				delete(tree, key)
			}
		case []any:
			for _, item := range value {
				if item, ok := item.(map[string]any); ok {
					prune(item)
				}
			}
		}
	}
}
