// Package v1 is the bodies and answers of the aggregated API subresources.kubevirt.io, the same in v1 and
// v1alpha3.
//
// +kubebuilder:object:generate=true
// +groupName=subresources.kubevirt.io
package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of this package.
const GroupName = "subresources.kubevirt.io"

// Version is the API version of this package.
const Version = "v1"

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

// Kind qualifies a kind of this group.
func Kind(kind string) schema.GroupKind { return GroupVersion.WithKind(kind).GroupKind() }

// Resource qualifies a resource of this group.
func Resource(resource string) schema.GroupResource {
	return GroupVersion.WithResource(resource).GroupResource()
}

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&StartOptions{},
		&StopOptions{},
		&RestartOptions{},
		&PauseOptions{},
		&UnpauseOptions{},
		&MigrateOptions{},
		&EvacuateCancelOptions{},
		&SEVPlatformInfo{},
		&SEVMeasurementInfo{},
		&VirtualMachineInstanceGuestAgentInfo{},
		&VirtualMachineInstanceGuestOSUserList{},
		&VirtualMachineInstanceFileSystemList{},
		&ObjectGraphNode{},
		&VirtualMachineExplanation{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
