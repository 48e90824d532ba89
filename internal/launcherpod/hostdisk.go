package launcherpod

import (
	"path"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// useHostDisk brings the node's directory with a disk image into the pod. It is the
// pod that asks for it: whoever may not have such pods in the namespace, by Pod
// Security or another policy, does not get a disk of the node through an instance.
func (r *render) useHostDisk(volume *v1.Volume) {
	own, kind := podVolumeName(volume.Name), corev1.HostPathDirectory
	if volume.HostDisk.Type == v1.HostDiskTypeDiskOrCreate {
		kind = corev1.HostPathDirectoryOrCreate
	}
	r.pod.Spec.Volumes = append(r.pod.Spec.Volumes, corev1.Volume{
		Name: own,
		VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{
			Path: path.Dir(volume.HostDisk.Path), Type: &kind,
		}},
	})
	r.compute.VolumeMounts = append(r.compute.VolumeMounts, corev1.VolumeMount{
		Name: own, MountPath: claimsDir + "/" + volume.Name, ReadOnly: !r.vmi.Spec.WritesTo(volume),
	})
}
