// Package datavolume follows the kind DataVolume, which belongs to another project
// (CDI) and may be absent, or come while the controllers run.
//
// A controller watches it by adding a source beside its others:
//
//	ctrl.NewControllerManagedBy(mgr).
//		For(&v1.VirtualMachine{}).
//		WatchesRawSource(datavolume.Source(mgr.GetCache(), handler)).
//		Complete(r)
//
// and asks Available, with the manager's client, before it reads or creates a
// DataVolume by that client: where the kind is absent every such request would fail
// and cost a round of discovery. The manager's scheme needs AddToScheme, its cache
// CacheDefinition and, as the default transform, Trim.
package datavolume

import (
	"context"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
)

// DefinitionName is the name of the kind's CustomResourceDefinition.
const DefinitionName = cdiv1beta1.ResourceDataVolumes + ".cdi.kubevirt.io"

// GVK is the kind's.
var GVK = cdiv1beta1.DataVolumeGroupVersionKind

// AddToScheme registers what the functions of this package need.
func AddToScheme(scheme *runtime.Scheme) error {
	if err := cdiv1beta1.AddToScheme(scheme); err != nil {
		return fmt.Errorf("registering DataVolume: %w", err)
	}
	if err := apiextensionsv1.AddToScheme(scheme); err != nil {
		return fmt.Errorf("registering CustomResourceDefinition: %w", err)
	}
	return nil
}

// CacheDefinition is how a cache keeps CustomResourceDefinitions: this kind's alone,
// and of it only whether it is served.
func CacheDefinition() cache.ByObject {
	return cache.ByObject{
		Field: fields.OneTermEqualSelector("metadata.name", DefinitionName),
		Transform: func(obj any) (any, error) {
			if definition, ok := obj.(*apiextensionsv1.CustomResourceDefinition); ok {
				definition.ManagedFields, definition.Annotations = nil, nil
				definition.Spec = apiextensionsv1.CustomResourceDefinitionSpec{}
			}
			return obj, nil
		},
	}
}

// Trim drops from an object about to be cached what nobody reads, if it is a
// DataVolume: where its content comes from.
func Trim(obj any) (any, error) {
	if volume, ok := obj.(*cdiv1beta1.DataVolume); ok {
		volume.ManagedFields, volume.Spec = nil, cdiv1beta1.DataVolumeSpec{}
	}
	return obj, nil
}

// Available tells whether the cluster has the kind.
func Available(ctx context.Context, reader client.Reader) (bool, error) {
	definition := &apiextensionsv1.CustomResourceDefinition{}
	err := reader.Get(ctx, client.ObjectKey{Name: DefinitionName}, definition)
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("reading the definition of DataVolume: %w", err)
	}
	return err == nil && served(definition), nil
}

// served tells whether the API server answers for a kind.
func served(definition *apiextensionsv1.CustomResourceDefinition) bool {
	for _, c := range definition.Status.Conditions {
		if c.Type == apiextensionsv1.Established {
			return c.Status == apiextensionsv1.ConditionTrue && definition.DeletionTimestamp.IsZero()
		}
	}
	return false
}
