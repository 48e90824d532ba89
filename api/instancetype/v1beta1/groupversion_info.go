// Package v1beta1 is the API instancetype.kubevirt.io/v1beta1: sizes and preferences for machines.
//
// +kubebuilder:object:generate=true
// +groupName=instancetype.kubevirt.io
package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of this package.
const GroupName = "instancetype.kubevirt.io"

// Version is the API version of this package.
const Version = "v1beta1"

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
	KindVirtualMachineInstancetype             = "VirtualMachineInstancetype"
	KindVirtualMachineClusterInstancetype      = "VirtualMachineClusterInstancetype"
	KindVirtualMachinePreference               = "VirtualMachinePreference"
	KindVirtualMachineClusterPreference        = "VirtualMachineClusterPreference"
	ResourceVirtualMachineInstancetypes        = "virtualmachineinstancetypes"
	ResourceVirtualMachineClusterInstancetypes = "virtualmachineclusterinstancetypes"
	ResourceVirtualMachinePreferences          = "virtualmachinepreferences"
	ResourceVirtualMachineClusterPreferences   = "virtualmachineclusterpreferences"
)

// Group-version-kinds, for owner references and dynamic clients.
var (
	VirtualMachineInstancetypeGroupVersionKind        = GroupVersion.WithKind(KindVirtualMachineInstancetype)
	VirtualMachineClusterInstancetypeGroupVersionKind = GroupVersion.WithKind(KindVirtualMachineClusterInstancetype)
	VirtualMachinePreferenceGroupVersionKind          = GroupVersion.WithKind(KindVirtualMachinePreference)
	VirtualMachineClusterPreferenceGroupVersionKind   = GroupVersion.WithKind(KindVirtualMachineClusterPreference)
)

// Kind qualifies a kind of this group.
func Kind(kind string) schema.GroupKind { return GroupVersion.WithKind(kind).GroupKind() }

// Resource qualifies a resource of this group.
func Resource(resource string) schema.GroupResource {
	return GroupVersion.WithResource(resource).GroupResource()
}

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&VirtualMachineInstancetype{},
		&VirtualMachineInstancetypeList{},
		&VirtualMachineClusterInstancetype{},
		&VirtualMachineClusterInstancetypeList{},
		&VirtualMachinePreference{},
		&VirtualMachinePreferenceList{},
		&VirtualMachineClusterPreference{},
		&VirtualMachineClusterPreferenceList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
