package launcherpod

import (
	"fmt"
	"slices"

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
	if lun(r.vmi, volume.Name) && mode != corev1.PersistentVolumeBlock {
		return fmt.Errorf("disk %s: lun passes SCSI commands to a device: claim %s needs volumeMode Block, or the disk to be of kind disk",
			volume.Name, volume.ClaimName())
	}
	if r.vmi.Spec.SharesAsFilesystem(volume.Name) && mode == corev1.PersistentVolumeBlock {
		return fmt.Errorf("filesystem %s: a guest can share files alone: claim %s needs volumeMode Filesystem, or the volume to be a disk's",
			volume.Name, volume.ClaimName())
	}
	own, readOnly := podVolumeName(volume.Name), !r.vmi.Spec.WritesTo(volume)
	source := &corev1.PersistentVolumeClaimVolumeSource{ClaimName: volume.ClaimName(), ReadOnly: volume.IsReadOnlyClaim()}
	r.pod.Spec.Volumes = append(r.pod.Spec.Volumes, corev1.Volume{
		Name: own, VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: source},
	})
	if mode == corev1.PersistentVolumeBlock {
		// Only this keeps a container from writing to a device.
		source.ReadOnly = readOnly
		r.compute.VolumeDevices = append(r.compute.VolumeDevices, corev1.VolumeDevice{
			Name: own, DevicePath: devicesDir + "/" + volume.Name,
		})
		return nil
	}
	// The kubelet gives the image to the pod's group unless the claim itself is read-only.
	r.compute.VolumeMounts = append(r.compute.VolumeMounts, corev1.VolumeMount{
		Name: own, MountPath: claimsDir + "/" + volume.Name, ReadOnly: readOnly,
	})
	return nil
}

// lun reports whether a volume's drive passes SCSI commands on.
func lun(vmi *v1.VirtualMachineInstance, volume string) bool {
	return slices.ContainsFunc(vmi.Spec.Domain.Devices.Disks, func(disk v1.Disk) bool {
		return disk.Name == volume && disk.LUN != nil
	})
}
