package main

import (
	"encoding/json"
	"fmt"

	operators "github.com/operator-framework/api/pkg/operators/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"kubevirt.io/kubevirt/hack/kustomization"
)

// content is what the kustomization holds, by what becomes of it in a bundle.
type content struct {
	// csv is the part of the ClusterServiceVersion that is written by hand.
	csv *operators.ClusterServiceVersion
	// Into the ClusterServiceVersion go the Deployment, the roles (but not the
	// bindings, which OLM makes itself), the namespace and the examples.
	deployment   *appsv1.Deployment
	clusterRoles []*rbacv1.ClusterRole
	roles        []*rbacv1.Role
	namespace    kustomization.Object
	examples     []kustomization.Object
	// manifests stand in the bundle beside it, scorecard in its tests.
	manifests []kustomization.Object
	scorecard kustomization.Object
}

// read sorts the kustomization's objects. A kind that nobody thought of is an error,
// for OLM would leave it out or refuse the bundle.
func read(objects []kustomization.Object) (*content, error) {
	c := &content{}
	for _, object := range objects {
		kind, _ := object["kind"].(string)
		var err error
		switch kind {
		case operators.ClusterServiceVersionKind:
			c.csv, err = as[operators.ClusterServiceVersion](object)
		case "Deployment":
			c.deployment, err = as[appsv1.Deployment](object)
		case "ClusterRole":
			var role *rbacv1.ClusterRole
			role, err = as[rbacv1.ClusterRole](object)
			c.clusterRoles = append(c.clusterRoles, role)
		case "Role":
			var role *rbacv1.Role
			role, err = as[rbacv1.Role](object)
			c.roles = append(c.roles, role)
		case "Namespace":
			c.namespace = object
		case "KubeVirt":
			c.examples = append(c.examples, object)
		case "CustomResourceDefinition", "Service", "PriorityClass":
			c.manifests = append(c.manifests, object)
		case "Configuration":
			c.scorecard = object
		case "ServiceAccount", "RoleBinding", "ClusterRoleBinding":
			// OLM makes them.
		default:
			err = fmt.Errorf("there is no place for it in a bundle")
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s %s: %w", kind, nameOf(object), err)
		}
	}
	if c.csv == nil || c.deployment == nil || c.namespace == nil || len(c.examples) == 0 {
		return nil, fmt.Errorf("the kustomization lacks a ClusterServiceVersion, a Deployment, a Namespace or a KubeVirt object")
	}
	return c, nil
}

// as is an object as its Go type.
func as[T any](object kustomization.Object) (*T, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	typed := new(T)
	if err := json.Unmarshal(text, typed); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	return typed, nil
}

func nameOf(object kustomization.Object) string {
	metadata, _ := object["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	return name
}
