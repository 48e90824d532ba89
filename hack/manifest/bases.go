package main

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/hack/kustomization"
	"kubevirt.io/kubevirt/internal/component"
)

// object is an API object as JSON has it.
type object = kustomization.Object

// operatorReplicas is how many operators config/ has: one works, the other waits.
const operatorReplicas = 2

// settings are what differs between two installations of the operator; in the chart
// they are expressions.
type settings struct {
	Namespace, Image, LauncherImage, PullPolicy, Version string
	// Replicas is a number but in the chart.
	Replicas any
}

// standard is what config/ has.
func standard() settings {
	return settings{
		Namespace: "kubevirt", Image: "kubevirt:latest", LauncherImage: "virt-launcher:latest",
		PullPolicy: string(corev1.PullIfNotPresent), Replicas: int64(operatorReplicas),
	}
}

// apply changes the objects of config/ to these settings.
func (s settings) apply(objects []object) error {
	for _, tree := range objects {
		o := &unstructured.Unstructured{Object: tree}
		if o.GetNamespace() == standard().Namespace {
			o.SetNamespace(s.Namespace)
		}
		if err := each(tree, func(subject object) error {
			subject["namespace"] = s.Namespace
			return nil
		}, "subjects"); err != nil {
			return err
		}
		switch o.GetKind() {
		case "Namespace":
			o.SetName(s.Namespace)
		case "Deployment":
			if err := s.deploy(o); err != nil {
				return err
			}
		}
	}
	return nil
}

// deploy changes the operator's Deployment.
func (s settings) deploy(o *unstructured.Unstructured) error {
	if err := unstructured.SetNestedField(o.Object, s.Replicas, "spec", "replicas"); err != nil {
		return fmt.Errorf("setting the replicas: %w", err)
	}
	if err := unstructured.SetNestedField(o.Object, s.Version, "spec", "template", "metadata", "labels", v1.LabelAppVersion); err != nil {
		return fmt.Errorf("setting the version: %w", err)
	}
	values := map[string]string{component.ImageVariable: s.Image, component.LauncherImageVariable: s.LauncherImage}
	return each(o.Object, func(container object) error {
		container["image"], container["imagePullPolicy"] = s.Image, s.PullPolicy
		return each(container, func(variable object) error {
			if value, known := values[fmt.Sprint(variable["name"])]; known {
				variable["value"] = value
			}
			return nil
		}, "env")
	}, "spec", "template", "spec", "containers")
}

// each calls f for every item of a list in a tree; a list that is not there has none.
func each(tree object, f func(object) error, path ...string) error {
	found, _, err := unstructured.NestedFieldNoCopy(tree, path...)
	if err != nil {
		return fmt.Errorf("reading %s: %w", strings.Join(path, "."), err)
	}
	items, _ := found.([]any)
	for _, item := range items {
		if item, ok := item.(object); ok {
			if err := f(item); err != nil {
				return err
			}
		}
	}
	return nil
}
