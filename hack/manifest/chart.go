package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/version"
)

// keep has Helm leave an object alone when the release goes: with the CRD would go
// the installation and all its machines, and no pod of the installation could start
// again without its priority class.
const keep = "helm.sh/resource-policy"

// chartSettings are the values of the chart, as expressions of Helm's language.
func chartSettings() settings {
	return settings{
		Namespace: "{{ .Release.Namespace }}", Image: "{{ .Values.image }}", LauncherImage: "{{ .Values.launcherImage }}",
		PullPolicy: "{{ .Values.imagePullPolicy }}", Replicas: "{{ .Values.replicas }}",
		Version: component.LabelVersion(version.Reported()),
	}
}

// writeChart writes the chart: the parts that are written by hand with the version
// of the build, and one template for each kind of object.
func writeChart(o options, objects []object) error {
	if err := chartSettings().apply(objects); err != nil {
		return err
	}
	templates := map[string]*bytes.Buffer{}
	for _, tree := range objects {
		u := &unstructured.Unstructured{Object: tree}
		if u.GetKind() == "Namespace" {
			continue // The release's own.
		}
		text, err := templateOf(u)
		if err != nil {
			return err
		}
		name := "templates/" + strings.ToLower(u.GetKind()) + ".yaml"
		if templates[name] == nil {
			templates[name] = bytes.NewBufferString("# Rendered by hack/manifest from config/; do not edit.\n")
		}
		templates[name].WriteString(text)
	}
	byHand, err := filepath.Glob(filepath.Join(o.helm, "*"))
	if err != nil || len(byHand) == 0 {
		return fmt.Errorf("finding the parts of the chart in %s: %w", o.helm, os.ErrNotExist)
	}
	for _, file := range byHand {
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("reading a part of the chart: %w", err)
		}
		name := filepath.Base(file)
		if name == "NOTES.txt" {
			name = "templates/" + name
		}
		text = bytes.ReplaceAll(text, []byte("VERSION"), []byte(strings.TrimPrefix(version.Build, "v")))
		templates[name] = bytes.NewBuffer(text)
	}
	if err := os.RemoveAll(filepath.Join(o.out, "templates")); err != nil {
		return fmt.Errorf("clearing the chart: %w", err)
	}
	for name, text := range templates {
		path := filepath.Join(o.out, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("making the chart's directory: %w", err)
		}
		if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
			return fmt.Errorf("writing the chart: %w", err)
		}
	}
	return nil
}

// number or object: an expression whose value is no string loses YAML's quotes.
var unquoted = regexp.MustCompile(`'(\{\{ (?:toJson \.Values\.[a-zA-Z]+|\.Values\.replicas) \}\})'`)

// templateOf renders one object for Helm.
func templateOf(u *unstructured.Unstructured) (string, error) {
	before, after := "---\n", ""
	switch u.GetKind() {
	case "CustomResourceDefinition":
		u.SetAnnotations(with(u.GetAnnotations(), keep, "keep"))
	case "PriorityClass":
		u.SetAnnotations(with(u.GetAnnotations(), keep, "keep"))
		// The operator looks after it from its first run on, and it outlives a release.
		before = fmt.Sprintf("{{- if not (lookup %q %q \"\" %q) }}\n---\n", u.GetAPIVersion(), u.GetKind(), u.GetName())
		after = "{{- end }}\n"
	case "Deployment":
		for _, field := range []string{"imagePullSecrets", "nodeSelector", "tolerations", "affinity"} {
			expression := "{{ toJson .Values." + field + " }}"
			if err := unstructured.SetNestedField(u.Object, expression, "spec", "template", "spec", field); err != nil {
				return "", fmt.Errorf("setting %s: %w", field, err)
			}
		}
	}
	text, err := yaml.Marshal(u.Object)
	if err != nil {
		return "", fmt.Errorf("rendering %s: %w", u.GetName(), err)
	}
	return before + unquoted.ReplaceAllString(string(text), "$1") + after, nil
}

func with(annotations map[string]string, key, value string) map[string]string {
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[key] = value
	return annotations
}
