package kubevirt

import (
	"context"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

// prune deletes what carries our label but is no longer part of the installation.
// It runs once everything wanted is in place, for the former version has to serve
// until then. CRDs stay: with them would go the objects of their kinds.
func (r *Reconciler) prune(ctx context.Context, s *scope) error {
	wanted := map[identity]bool{}
	for _, object := range s.installation.Objects() {
		wanted[identify(object)] = true
	}
	for _, certificate := range component.Certificates(s.kv.Namespace) {
		wanted[identity{kind: schema.GroupKind{Kind: "Secret"}, key: client.ObjectKey{Namespace: s.kv.Namespace, Name: certificate.Secret}}] = true
	}
	for _, k := range kinds {
		found, name, err := r.owned(ctx, k)
		if err != nil {
			return err
		}
		var extra []client.Object
		for _, object := range found {
			if !wanted[identity{name, client.ObjectKeyFromObject(object)}] {
				extra = append(extra, object)
			}
		}
		if _, err := r.deleteAll(ctx, extra, metav1.DeletePropagationBackground); err != nil {
			return err
		}
	}
	return nil
}

// managedByUs selects what we have installed. The cache holds nothing else; it is
// said again because what is listed here gets deleted.
var managedByUs = client.MatchingLabels{v1.LabelManagedBy: v1.ManagedByOperator}

// owned lists the objects of a kind that are ours.
func (r *Reconciler) owned(ctx context.Context, k kind) ([]client.Object, schema.GroupKind, error) {
	gvk, err := apiutil.GVKForObject(k.object, r.Client.Scheme())
	if err != nil {
		return nil, schema.GroupKind{}, fmt.Errorf("finding the kind of %T: %w", k.object, err)
	}
	list := k.list.DeepCopyObject().(client.ObjectList)
	if err := r.Client.List(ctx, list, managedByUs); err != nil {
		return nil, schema.GroupKind{}, fmt.Errorf("listing objects of kind %s: %w", gvk.Kind, err)
	}
	found, err := k.items(list)
	return found, gvk.GroupKind(), err
}

// definitionsLeft lists our CRDs that exist.
func (r *Reconciler) definitionsLeft(ctx context.Context) ([]apiextensionsv1.CustomResourceDefinition, error) {
	list := &apiextensionsv1.CustomResourceDefinitionList{}
	if err := r.Client.List(ctx, list, managedByUs); err != nil {
		return nil, fmt.Errorf("listing the CRDs: %w", err)
	}
	return list.Items, nil
}
