// Package v1 is the API kubevirt.io/v1: machines, their instances, and the installation.
//
// +kubebuilder:object:generate=true
// +groupName=kubevirt.io
package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of this package.
const GroupName = "kubevirt.io"

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

// Names of the kinds and their resources.
const (
	KindVirtualMachineInstance                = "VirtualMachineInstance"
	KindVirtualMachineInstancePreset          = "VirtualMachineInstancePreset"
	KindVirtualMachineInstanceReplicaSet      = "VirtualMachineInstanceReplicaSet"
	KindVirtualMachine                        = "VirtualMachine"
	KindVirtualMachineInstanceMigration       = "VirtualMachineInstanceMigration"
	KindKubeVirt                              = "KubeVirt"
	ResourceVirtualMachineInstances           = "virtualmachineinstances"
	ResourceVirtualMachineInstancePresets     = "virtualmachineinstancepresets"
	ResourceVirtualMachineInstanceReplicaSets = "virtualmachineinstancereplicasets"
	ResourceVirtualMachines                   = "virtualmachines"
	ResourceVirtualMachineInstanceMigrations  = "virtualmachineinstancemigrations"
	ResourceKubeVirts                         = "kubevirts"
)

// Group-version-kinds, for owner references and dynamic clients.
var (
	VirtualMachineInstanceGroupVersionKind           = GroupVersion.WithKind(KindVirtualMachineInstance)
	VirtualMachineInstancePresetGroupVersionKind     = GroupVersion.WithKind(KindVirtualMachineInstancePreset)
	VirtualMachineInstanceReplicaSetGroupVersionKind = GroupVersion.WithKind(KindVirtualMachineInstanceReplicaSet)
	VirtualMachineGroupVersionKind                   = GroupVersion.WithKind(KindVirtualMachine)
	VirtualMachineInstanceMigrationGroupVersionKind  = GroupVersion.WithKind(KindVirtualMachineInstanceMigration)
	KubeVirtGroupVersionKind                         = GroupVersion.WithKind(KindKubeVirt)
)

// Kind qualifies a kind of this group.
func Kind(kind string) schema.GroupKind { return GroupVersion.WithKind(kind).GroupKind() }

// Resource qualifies a resource of this group.
func Resource(resource string) schema.GroupResource {
	return GroupVersion.WithResource(resource).GroupResource()
}

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&VirtualMachineInstance{},
		&VirtualMachineInstanceList{},
		&VirtualMachineInstancePreset{},
		&VirtualMachineInstancePresetList{},
		&VirtualMachineInstanceReplicaSet{},
		&VirtualMachineInstanceReplicaSetList{},
		&VirtualMachine{},
		&VirtualMachineList{},
		&VirtualMachineInstanceMigration{},
		&VirtualMachineInstanceMigrationList{},
		&KubeVirt{},
		&KubeVirtList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
