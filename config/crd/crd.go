// Package crd holds the CustomResourceDefinitions of every kind this project serves, as generated from the Go
// types under api. The operator installs them; the KubeVirt CRD is also part of the operator's own manifest.
package crd

import (
	"embed"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

//go:embed bases/*.yaml
var bases embed.FS

// All returns every CustomResourceDefinition, in the order of their file names. Each call parses them anew, so
// the caller may change what it gets. An error means that an embedded file is broken.
func All() ([]*apiextensionsv1.CustomResourceDefinition, error) {
	files, err := bases.ReadDir("bases")
	if err != nil {
		return nil, fmt.Errorf("listing the embedded CRDs: %w", err)
	}
	all := make([]*apiextensionsv1.CustomResourceDefinition, 0, len(files))
	for _, file := range files {
		data, err := bases.ReadFile("bases/" + file.Name())
		if err != nil {
			return nil, fmt.Errorf("reading CRD %s: %w", file.Name(), err)
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(data, crd); err != nil {
			return nil, fmt.Errorf("parsing CRD %s: %w", file.Name(), err)
		}
		all = append(all, crd)
	}
	return all, nil
}
