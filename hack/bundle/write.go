package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"sigs.k8s.io/yaml"

	"kubevirt.io/kubevirt/hack/kustomization"
)

// channel is where versions for everybody's use appear.
const channel = "stable"

// labels describe a bundle, in its metadata and on its image.
var labels = []struct{ Key, Value string }{
	{"operators.operatorframework.io.bundle.mediatype.v1", "registry+v1"},
	{"operators.operatorframework.io.bundle.manifests.v1", "manifests/"},
	{"operators.operatorframework.io.bundle.metadata.v1", "metadata/"},
	{"operators.operatorframework.io.bundle.package.v1", packageName},
	{"operators.operatorframework.io.bundle.channels.v1", channel},
	{"operators.operatorframework.io.bundle.channel.default.v1", channel},
	{"operators.operatorframework.io.test.mediatype.v1", "scorecard+v1"},
	{"operators.operatorframework.io.test.config.v1", "tests/scorecard/"},
}

const header = "# Written by `make bundle`; change config/ instead.\n"

// dockerfile builds the bundle's image from the directory in which it lies.
var dockerfile = template.Must(template.New("").Parse(header + `FROM scratch
{{range .Labels}}LABEL {{.Key}}={{.Value}}
{{end}}COPY {{.Directory}}/manifests /manifests/
COPY {{.Directory}}/metadata /metadata/
COPY {{.Directory}}/tests/scorecard /tests/scorecard/
`))

// writeBundle writes a whole bundle, in place of the one that is there.
func writeBundle(o options) error {
	objects, err := kustomization.Build(o.base)
	if err != nil {
		return err
	}
	c, err := read(objects)
	if err != nil {
		return err
	}
	if err := c.complete(o); err != nil {
		return err
	}
	csv, err := treeOf(c.csv)
	if err != nil {
		return err
	}
	annotations := map[string]string{}
	for _, label := range labels {
		annotations[label.Key] = label.Value
	}
	files := map[string]any{
		"manifests/" + packageName + ".clusterserviceversion.yaml": csv,
		"metadata/annotations.yaml":                                map[string]any{"annotations": annotations},
		"tests/scorecard/config.yaml":                              c.scorecard,
	}
	for _, object := range c.manifests {
		// OLM puts it into the operator's namespace, whichever that is.
		delete(object["metadata"].(map[string]any), "namespace")
		files["manifests/"+nameOf(object)+"."+strings.ToLower(object["kind"].(string))+".yaml"] = object
	}
	if err := os.RemoveAll(o.out); err != nil {
		return fmt.Errorf("removing the former bundle: %w", err)
	}
	for path, value := range files {
		if err := write(filepath.Join(o.out, path), value); err != nil {
			return err
		}
	}
	var text bytes.Buffer
	if err := dockerfile.Execute(&text, map[string]any{"Labels": labels, "Directory": filepath.Base(o.out)}); err != nil {
		return fmt.Errorf("writing the Dockerfile: %w", err)
	}
	return save(filepath.Join(filepath.Dir(o.out), "bundle.Dockerfile"), text.Bytes())
}

// treeOf is an object without what only a server fills in.
func treeOf(object any) (kustomization.Object, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	var tree kustomization.Object
	if err := json.Unmarshal(text, &tree); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	delete(tree, "status")
	prune(tree)
	return tree, nil
}

// prune drops null values and, where Go writes a struct that holds nothing, that.
func prune(tree map[string]any) {
	for key, value := range tree {
		switch value := value.(type) {
		case nil:
			delete(tree, key)
		case map[string]any:
			prune(value)
			empty := key == "metadata" || key == "resources" || key == "strategy" || key == "apiservicedefinitions" || key == "cleanup"
			if len(value) == 0 && empty {
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

// write writes a value as YAML.
func write(path string, value any) error {
	text, err := yaml.Marshal(value)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", filepath.Base(path), err)
	}
	return save(path, append([]byte(header), text...))
}

func save(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making the output directory: %w", err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	return nil
}
