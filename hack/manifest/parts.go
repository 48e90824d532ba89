package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/config/crd"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/version"
)

// kubeVirtCRD is the one CRD that comes with the operator.
const kubeVirtCRD = "kubevirts.kubevirt.io"

// describe computes the operator's own objects with the settings that config/ has.
func describe() ([]component.Object, error) {
	s := standard()
	env := component.Environment{Namespace: s.Namespace, Image: s.Image, LauncherImage: s.LauncherImage, Version: version.Reported()}
	kv := &v1.KubeVirt{}
	kv.Namespace = s.Namespace
	kv.Spec.ImagePullPolicy = corev1.PullPolicy(s.PullPolicy)
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
			return component.OperatorManifest(config, operatorReplicas, definition), nil
		}
	}
	return nil, fmt.Errorf("there is no CRD %s", kubeVirtCRD)
}

// writeParts writes one file per part into directories as kustomize's bases expect.
func writeParts(directory string) error {
	objects, err := describe()
	if err != nil {
		return err
	}
	parts := map[string][]object{}
	for _, o := range objects {
		var part string
		switch kind := o.GetObjectKind().GroupVersionKind().Kind; kind {
		case "CustomResourceDefinition":
			continue // config/crd has it.
		case "Deployment", "Namespace", "PriorityClass":
			part = "manager/manager.yaml"
		case "Service":
			part = "webhook/service.yaml"
		default:
			part = "rbac/" + strings.ToLower(kind) + ".yaml"
		}
		tree, err := treeOf(o)
		if err != nil {
			return err
		}
		parts[part] = append(parts[part], tree)
	}
	for part, list := range parts {
		if err := write(filepath.Join(directory, part), list); err != nil {
			return err
		}
	}
	return nil
}

// treeOf is an object without what only a server fills in.
func treeOf(o component.Object) (object, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("rendering %s: %w", o.GetName(), err)
	}
	var tree object
	if err := json.Unmarshal(text, &tree); err != nil {
		return nil, fmt.Errorf("rendering %s: %w", o.GetName(), err)
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
