// Package v1alpha1 is the API pool.kubevirt.io/v1alpha1, which has the fields of v1beta1.
//
// +kubebuilder:object:generate=true
// +groupName=pool.kubevirt.io
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of this package.
const GroupName = "pool.kubevirt.io"

// Version is the API version of this package.
const Version = "v1alpha1"

var (
	// GroupVersion is the group and version of every kind in this package.
	GroupVersion = schema.GroupVersion{Group: GroupName, Version: Version}
	// SchemeGroupVersion equals GroupVersion; client generators look for this name.
	SchemeGroupVersion = GroupVersion
	// SchemeBuilder collects the functions that register this package.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)
	// AddToScheme registers every kind of this package with a scheme.
	AddToScheme = SchemeBuilder.AddToScheme
)

// Names of the kinds and their resources.
const (
	KindVirtualMachinePool      = "VirtualMachinePool"
	ResourceVirtualMachinePools = "virtualmachinepools"
)

// Group-version-kinds, for owner references and dynamic clients.
var (
	VirtualMachinePoolGroupVersionKind = GroupVersion.WithKind(KindVirtualMachinePool)
)

// Kind qualifies a kind of this group.
func Kind(kind string) schema.GroupKind { return GroupVersion.WithKind(kind).GroupKind() }

// Resource qualifies a resource of this group.
func Resource(resource string) schema.GroupResource {
	return GroupVersion.WithResource(resource).GroupResource()
}

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&VirtualMachinePool{},
		&VirtualMachinePoolList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
