// Command manifest renders what an administrator applies: the operator with all it
// needs, and a KubeVirt object. The operator's objects are described by
// internal/component; config/ holds them as kustomize's bases, and from those come
// the manifest in one piece and the Helm chart.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/hack/kustomization"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/version"
)

type options struct {
	settings

	base, sample, helm, out string
	config, chart           bool
}

func main() {
	o := options{settings: standard()}
	flag.StringVar(&o.Namespace, "namespace", o.Namespace, "namespace of the installation")
	flag.StringVar(&version.Build, "version", builtVersion(), "version of the build, as the operator reports it")
	flag.StringVar(&o.Image, "image", o.Image, "image of the control plane")
	flag.StringVar(&o.LauncherImage, "launcher-image", o.LauncherImage, "image of virt-launcher")
	flag.StringVar(&o.PullPolicy, "pull-policy", o.PullPolicy, "pull policy of the control plane's images")
	replicas := flag.Int64("replicas", operatorReplicas, "replicas of virt-operator")
	flag.StringVar(&o.base, "base", "config/default", "directory of the kustomization with the operator's objects")
	flag.StringVar(&o.sample, "kubevirt", "config/samples/kubevirt.yaml", "KubeVirt object to render beside the operator")
	flag.StringVar(&o.helm, "helm", "config/helm", "directory with those parts of the chart that are written by hand")
	flag.StringVar(&o.out, "out", "_out/manifests", "directory for kubevirt-operator.yaml and kubevirt-cr.yaml")
	flag.BoolVar(&o.config, "config", false, "write the operator's objects into -out one file per part, for kustomize, instead")
	flag.BoolVar(&o.chart, "chart", false, "write the Helm chart into -out instead")
	flag.Parse()
	o.Replicas = *replicas
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(o options) error {
	if o.config {
		return writeParts(o.out)
	}
	objects, err := kustomization.Build(o.base)
	if err != nil {
		return err
	}
	if o.chart {
		return writeChart(o, objects)
	}
	o.Version = component.LabelVersion(version.Reported())
	if err := o.apply(objects); err != nil {
		return err
	}
	if err := write(filepath.Join(o.out, "kubevirt-operator.yaml"), objects); err != nil {
		return err
	}
	kv, err := kubeVirt(o)
	if err != nil {
		return err
	}
	return write(filepath.Join(o.out, "kubevirt-cr.yaml"), []object{kv})
}

// builtVersion is the version that `make build` gives the binaries.
func builtVersion() string {
	text, err := os.ReadFile("VERSION")
	if err != nil {
		return version.Build
	}
	return strings.TrimSpace(string(text))
}

// kubeVirt reads the sample object and gives it the namespace.
func kubeVirt(o options) (object, error) {
	text, err := os.ReadFile(o.sample)
	if err != nil {
		return nil, fmt.Errorf("reading the KubeVirt object: %w", err)
	}
	if err := yaml.UnmarshalStrict(text, &v1.KubeVirt{}); err != nil {
		return nil, fmt.Errorf("parsing %s: %w", o.sample, err)
	}
	var kv object
	if err := yaml.Unmarshal(text, &kv); err != nil {
		return nil, fmt.Errorf("parsing %s: %w", o.sample, err)
	}
	(&unstructured.Unstructured{Object: kv}).SetNamespace(o.Namespace)
	return kv, nil
}

// write writes objects into a file as YAML documents.
func write(path string, objects []object) error {
	var out bytes.Buffer
	out.WriteString("# Rendered by hack/manifest; change internal/component instead.\n")
	for _, object := range objects {
		text, err := yaml.Marshal(object)
		if err != nil {
			return fmt.Errorf("rendering a manifest: %w", err)
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
