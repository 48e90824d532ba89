package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	// GroupVersion is the group and version of every kind in this package.
	GroupVersion = schema.GroupVersion{Group: "cdi.kubevirt.io", Version: "v1beta1"}
	// SchemeBuilder collects the functions that register this package.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)
	// AddToScheme registers every kind of this package with a scheme.
	AddToScheme = SchemeBuilder.AddToScheme
)

// Names of the kind and its resource.
const (
	KindDataVolume      = "DataVolume"
	ResourceDataVolumes = "datavolumes"
)

// DataVolumeGroupVersionKind is for owner references and dynamic clients.
var DataVolumeGroupVersionKind = GroupVersion.WithKind(KindDataVolume)

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &DataVolume{}, &DataVolumeList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
