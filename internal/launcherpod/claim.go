package launcherpod

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const (
	// claimsDir has a directory for each claim that is a filesystem.
	claimsDir = "/var/run/kubevirt-private/vmi-disks"
	// devicesDir has a device for each claim that is one.
	devicesDir = "/dev"
)

// Claims are the modes of the claims behind an instance's volumes, by the volume's
// name.
type Claims map[string]corev1.PersistentVolumeMode

// useClaim brings a volume's claim into the pod, as what it is.
func (r *render) useClaim(volume *v1.Volume) error {
	mode, known := r.claims[volume.Name]
	if !known {
		return fmt.Errorf("volume %s: its claim is not known", volume.Name)
	}
	own, readOnly := podVolumeName(volume.Name), volume.IsReadOnly()
	r.pod.Spec.Volumes = append(r.pod.Spec.Volumes, corev1.Volume{
		Name: own,
		VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{
			ClaimName: volume.ClaimName(), ReadOnly: readOnly,
		}},
	})
	if mode == corev1.PersistentVolumeBlock {
		r.compute.VolumeDevices = append(r.compute.VolumeDevices, corev1.VolumeDevice{
			Name: own, DevicePath: devicesDir + "/" + volume.Name,
		})
		return nil
	}
	r.compute.VolumeMounts = append(r.compute.VolumeMounts, corev1.VolumeMount{
		Name: own, MountPath: claimsDir + "/" + volume.Name, ReadOnly: readOnly,
	})
	return nil
}
