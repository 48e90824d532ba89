// Package builder makes virtual machines for tests. What an option does not say
// is left to admission.
package builder

import (
	"maps"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Option changes an instance, or the template of a machine.
type Option func(*v1.VirtualMachineInstance)

// VMI makes an instance with 64 MiB of memory and what the options add.
func VMI(namespace, name string, options ...Option) *v1.VirtualMachineInstance {
	memory := resource.MustParse("64Mi")
	vmi := &v1.VirtualMachineInstance{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1.GroupVersion.String(), Kind: v1.KindVirtualMachineInstance},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       v1.VirtualMachineInstanceSpec{Domain: v1.DomainSpec{Memory: &v1.Memory{Guest: &memory}}},
	}
	for _, option := range options {
		option(vmi)
	}
	return vmi
}

// VM makes a machine with the run strategy whose template is VMI's with the same
// options.
func VM(namespace, name string, strategy v1.VirtualMachineRunStrategy, options ...Option) *v1.VirtualMachine {
	vmi := VMI(namespace, name, options...)
	return &v1.VirtualMachine{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1.GroupVersion.String(), Kind: v1.KindVirtualMachine},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: v1.VirtualMachineSpec{
			RunStrategy: &strategy,
			Template: &v1.VirtualMachineInstanceTemplateSpec{
				Metadata: metav1.ObjectMeta{Labels: vmi.Labels, Annotations: vmi.Annotations},
				Spec:     vmi.Spec,
			},
		},
	}
}

// ReplicaSet makes a set of so many instances, each VMI's with the same options,
// that knows them by their labels.
func ReplicaSet(namespace, name string, replicas int32, options ...Option) *v1.VirtualMachineInstanceReplicaSet {
	vmi := VMI(namespace, name, options...)
	return &v1.VirtualMachineInstanceReplicaSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1.GroupVersion.String(), Kind: v1.KindVirtualMachineInstanceReplicaSet},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: v1.VirtualMachineInstanceReplicaSetSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: maps.Clone(vmi.Labels)},
			Template: &v1.VirtualMachineInstanceTemplateSpec{
				Metadata: metav1.ObjectMeta{Labels: vmi.Labels, Annotations: vmi.Annotations},
				Spec:     vmi.Spec,
			},
		},
	}
}

// Memory sets the guest's memory.
func Memory(quantity string) Option {
	return func(vmi *v1.VirtualMachineInstance) {
		memory := resource.MustParse(quantity)
		vmi.Spec.Domain.Memory = &v1.Memory{Guest: &memory}
	}
}

// Cores sets the number of the guest's CPU cores.
func Cores(n uint32) Option {
	return func(vmi *v1.VirtualMachineInstance) { vmi.Spec.Domain.CPU = &v1.CPU{Cores: n} }
}

// ContainerDisk adds a virtio disk from an image.
func ContainerDisk(name, image string) Option {
	return volume(name, v1.VolumeSource{ContainerDisk: &v1.ContainerDiskSource{Image: image}})
}

// Claim adds a virtio disk from a persistent volume claim.
func Claim(name, claim string) Option {
	source := &v1.PersistentVolumeClaimVolumeSource{}
	source.ClaimName = claim
	return volume(name, v1.VolumeSource{PersistentVolumeClaim: source})
}

// DataVolume adds a virtio disk from a data volume.
func DataVolume(name, dataVolume string) Option {
	return volume(name, v1.VolumeSource{DataVolume: &v1.DataVolumeSource{Name: dataVolume}})
}

// EmptyDisk adds an empty virtio disk.
func EmptyDisk(name, capacity string) Option {
	return volume(name, v1.VolumeSource{EmptyDisk: &v1.EmptyDiskSource{Capacity: resource.MustParse(capacity)}})
}

// CloudInit adds a cloud-init disk with user data in clear text.
func CloudInit(name, userData string) Option {
	return volume(name, v1.VolumeSource{CloudInitNoCloud: &v1.CloudInitNoCloudSource{UserData: userData}})
}

func volume(name string, source v1.VolumeSource) Option {
	return func(vmi *v1.VirtualMachineInstance) {
		vmi.Spec.Domain.Devices.Disks = append(vmi.Spec.Domain.Devices.Disks, v1.Disk{
			Name: name, DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{Bus: v1.DiskBusVirtio}},
		})
		vmi.Spec.Volumes = append(vmi.Spec.Volumes, v1.Volume{Name: name, VolumeSource: source})
	}
}

// Masquerade adds an interface on the pod network with the masquerade binding.
func Masquerade() Option {
	return func(vmi *v1.VirtualMachineInstance) {
		vmi.Spec.Domain.Devices.Interfaces = append(vmi.Spec.Domain.Devices.Interfaces, v1.Interface{
			Name: "default", InterfaceBindingMethod: v1.InterfaceBindingMethod{Masquerade: &v1.InterfaceMasquerade{}},
		})
		vmi.Spec.Networks = append(vmi.Spec.Networks, v1.Network{
			Name: "default", NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}},
		})
	}
}

// GracePeriod sets how many seconds the guest may take to shut down.
func GracePeriod(seconds int64) Option {
	return func(vmi *v1.VirtualMachineInstance) { vmi.Spec.TerminationGracePeriodSeconds = &seconds }
}

// Label adds a label.
func Label(key, value string) Option {
	return func(vmi *v1.VirtualMachineInstance) {
		if vmi.Labels == nil {
			vmi.Labels = map[string]string{}
		}
		vmi.Labels[key] = value
	}
}

// Annotation adds an annotation.
func Annotation(key, value string) Option {
	return func(vmi *v1.VirtualMachineInstance) {
		if vmi.Annotations == nil {
			vmi.Annotations = map[string]string{}
		}
		vmi.Annotations[key] = value
	}
}
