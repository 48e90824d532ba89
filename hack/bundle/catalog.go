package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/operator-framework/api/pkg/manifests"
	operators "github.com/operator-framework/api/pkg/operators/v1alpha1"
	"sigs.k8s.io/yaml"
)

// catalogDockerfile builds a catalog's image from the directory in which it lies. It
// holds only files: OLM serves them with its own opm (grpcPodConfig.extractContent).
const catalogDockerfile = `FROM scratch
LABEL operators.operatorframework.io.index.configs.v1=/configs
COPY configs /configs
`

// member is a bundle of a catalog.
type member struct {
	image string
	csv   *operators.ClusterServiceVersion
}

// writeCatalog writes a file-based catalog: the package, its channel with the order of
// the versions, and the bundles, each given as IMAGE=DIRECTORY.
func writeCatalog(directory string, arguments []string) error {
	var members []member
	for _, argument := range arguments {
		image, from, ok := strings.Cut(argument, "=")
		if !ok {
			return fmt.Errorf("%q: want IMAGE=DIRECTORY of a bundle", argument)
		}
		bundle, err := manifests.GetBundleFromDir(from)
		if err != nil {
			return fmt.Errorf("reading the bundle in %s: %w", from, err)
		}
		members = append(members, member{image, bundle.CSV})
	}
	if len(members) == 0 {
		return fmt.Errorf("a catalog needs a bundle")
	}
	var text bytes.Buffer
	for _, entry := range entries(members) {
		part, err := yaml.Marshal(entry)
		if err != nil {
			return fmt.Errorf("encoding the catalog: %w", err)
		}
		text.WriteString("---\n")
		text.Write(part)
	}
	if err := save(filepath.Join(directory, "configs", packageName, "catalog.yaml"), text.Bytes()); err != nil {
		return err
	}
	return save(filepath.Join(directory, "catalog.Dockerfile"), []byte(catalogDockerfile))
}

// entries are the catalog's parts, as the file-based format has them.
func entries(members []member) []any {
	newest := members[len(members)-1].csv
	var graph []any
	for _, m := range members {
		entry := map[string]any{"name": m.csv.Name, "skipRange": m.csv.Annotations[operators.SkipRangeAnnotationKey]}
		if m.csv.Spec.Replaces != "" {
			entry["replaces"] = m.csv.Spec.Replaces
		}
		graph = append(graph, entry)
	}
	all := []any{
		map[string]any{
			"schema": "olm.package", "name": packageName, "defaultChannel": channel, "description": newest.Spec.Description,
			"icon": map[string]any{"base64data": newest.Spec.Icon[0].Data, "mediatype": newest.Spec.Icon[0].MediaType},
		},
		map[string]any{"schema": "olm.channel", "package": packageName, "name": channel, "entries": graph},
	}
	for _, m := range members {
		all = append(all, map[string]any{
			"schema": "olm.bundle", "package": packageName, "name": m.csv.Name, "image": m.image,
			"properties": m.properties(), "relatedImages": m.images(),
		})
	}
	return all
}

// properties are what OLM resolves by before it has pulled the bundle, and what it
// shows of it.
func (m member) properties() []any {
	spec := m.csv.Spec
	list := []any{property("olm.package", map[string]any{"packageName": packageName, "version": spec.Version.String()})}
	for _, owned := range spec.CustomResourceDefinitions.Owned {
		_, group, _ := strings.Cut(owned.Name, ".")
		list = append(list, property("olm.gvk", map[string]any{"group": group, "kind": owned.Kind, "version": owned.Version}))
	}
	return append(list, property("olm.csv.metadata", map[string]any{
		"annotations": m.csv.Annotations, "labels": m.csv.Labels, "crdDescriptions": spec.CustomResourceDefinitions,
		"displayName": spec.DisplayName, "description": spec.Description, "keywords": spec.Keywords, "provider": spec.Provider,
		"maintainers": spec.Maintainers, "maturity": spec.Maturity, "minKubeVersion": spec.MinKubeVersion, "installModes": spec.InstallModes,
	}))
}

func property(name string, value any) map[string]any {
	return map[string]any{"type": name, "value": value}
}

// images lists what has to be copied to where a cluster cannot reach the original.
func (m member) images() []operators.RelatedImage {
	return append([]operators.RelatedImage{{Image: m.image}}, m.csv.Spec.RelatedImages...)
}
