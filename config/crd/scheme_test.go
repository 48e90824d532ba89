package crd

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	backupv1alpha1 "kubevirt.io/kubevirt/api/backup/v1alpha1"
	clonev1alpha1 "kubevirt.io/kubevirt/api/clone/v1alpha1"
	clonev1beta1 "kubevirt.io/kubevirt/api/clone/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
	v1alpha3 "kubevirt.io/kubevirt/api/core/v1alpha3"
	exportv1 "kubevirt.io/kubevirt/api/export/v1"
	exportv1beta1 "kubevirt.io/kubevirt/api/export/v1beta1"
	instancetypev1beta1 "kubevirt.io/kubevirt/api/instancetype/v1beta1"
	migrationsv1alpha1 "kubevirt.io/kubevirt/api/migrations/v1alpha1"
	pluginv1alpha1 "kubevirt.io/kubevirt/api/plugin/v1alpha1"
	poolv1alpha1 "kubevirt.io/kubevirt/api/pool/v1alpha1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	snapshotv1alpha1 "kubevirt.io/kubevirt/api/snapshot/v1alpha1"
	snapshotv1beta1 "kubevirt.io/kubevirt/api/snapshot/v1beta1"
)

// TestSchemesKnowEveryServedKind: what the API server serves, a client with our schemes must be able to decode.
func TestSchemesKnowEveryServedKind(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		backupv1alpha1.AddToScheme, clonev1alpha1.AddToScheme, clonev1beta1.AddToScheme, v1.AddToScheme,
		v1alpha3.AddToScheme, exportv1.AddToScheme, exportv1beta1.AddToScheme, instancetypev1beta1.AddToScheme,
		migrationsv1alpha1.AddToScheme, pluginv1alpha1.AddToScheme, poolv1alpha1.AddToScheme, poolv1beta1.AddToScheme,
		snapshotv1alpha1.AddToScheme, snapshotv1beta1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	for _, crd := range all(t) {
		for _, version := range crd.Spec.Versions {
			for _, kind := range []string{crd.Spec.Names.Kind, crd.Spec.Names.ListKind} {
				gvk := schema.GroupVersionKind{Group: crd.Spec.Group, Version: version.Name, Kind: kind}
				if !scheme.Recognizes(gvk) {
					t.Errorf("no Go type of %s", gvk)
				}
			}
		}
	}
}
