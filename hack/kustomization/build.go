// Package kustomization reads the objects of a kustomization.
package kustomization

import (
	"fmt"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Object is an API object as JSON has it.
type Object = map[string]any

// Build returns the objects of the kustomization in a directory, in the order in
// which they may be created one after the other.
func Build(directory string) ([]Object, error) {
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionLegacy
	built, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), directory)
	if err != nil {
		return nil, fmt.Errorf("building the kustomization in %s: %w", directory, err)
	}
	objects := make([]Object, 0, built.Size())
	for _, resource := range built.Resources() {
		tree, err := resource.Map()
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", resource.CurId(), err)
		}
		objects = append(objects, tree)
	}
	return objects, nil
}
