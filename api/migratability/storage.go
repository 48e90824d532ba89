package migratability

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// volumes are bonds by what is not the same on every node. Disks that the launcher
// makes (empty disks, overlays of images, cloud-init, secrets and the like) are made or
// copied wherever the guest goes.
func volumes(vmi *v1.VirtualMachineInstance) []Bond {
	var list []Bond
	for i := range vmi.Spec.Volumes {
		volume := &vmi.Spec.Volumes[i]
		if disk := volume.HostDisk; disk != nil && (disk.Shared == nil || !*disk.Shared) {
			list = append(list, Bond{v1.ReasonDisksNotLiveMigratable, "spec.volumes[" + volume.Name + "].hostDisk",
				fmt.Sprintf("Volume %s is a file of the node.", volume.Name)})
		}
		if volume.ClaimName() != "" {
			list = append(list, claim(vmi, volume)...)
		}
	}
	return list
}

// claim is a bond where only this node reaches the claim behind a volume. One that is
// only read may be one that every node can read.
func claim(vmi *v1.VirtualMachineInstance, volume *v1.Volume) []Bond {
	var modes []corev1.PersistentVolumeAccessMode
	if status := v1.FindVolumeStatus(vmi.Status.VolumeStatus, volume.Name); status != nil && status.PersistentVolumeClaimInfo != nil {
		modes = status.PersistentVolumeClaimInfo.AccessModes
	}
	if slices.Contains(modes, corev1.ReadWriteMany) || !vmi.Spec.WritesTo(volume) && slices.Contains(modes, corev1.ReadOnlyMany) {
		return nil
	}
	reason := v1.ReasonDisksNotLiveMigratable
	if hotplugged(volume) {
		reason = v1.ReasonHotplugNotLiveMigratable
	}
	message := fmt.Sprintf("The claim %s of volume %s is not shared between nodes: its access modes are %s.",
		volume.ClaimName(), volume.Name, list(modes))
	if len(modes) == 0 {
		message = fmt.Sprintf("The access modes of the claim %s of volume %s are not known.", volume.ClaimName(), volume.Name)
	}
	return []Bond{{reason, "status.volumeStatus[" + volume.Name + "].persistentVolumeClaimInfo.accessModes", message}}
}

func hotplugged(volume *v1.Volume) bool {
	return volume.PersistentVolumeClaim != nil && volume.PersistentVolumeClaim.Hotpluggable ||
		volume.DataVolume != nil && volume.DataVolume.Hotpluggable
}

func list(modes []corev1.PersistentVolumeAccessMode) string {
	var words []string
	for _, mode := range modes {
		words = append(words, string(mode))
	}
	return strings.Join(words, ", ")
}

func filesystems(vmi *v1.VirtualMachineInstance) []Bond {
	if len(vmi.Spec.Domain.Devices.Filesystems) == 0 {
		return nil
	}
	return []Bond{{v1.ReasonVirtIOFSNotLiveMigratable, "spec.domain.devices.filesystems",
		"The guest shares a directory with its node by virtiofs."}}
}

func reservations(vmi *v1.VirtualMachineInstance) []Bond {
	var bonds []Bond
	for i := range vmi.Spec.Domain.Devices.Disks {
		if disk := &vmi.Spec.Domain.Devices.Disks[i]; disk.LUN != nil && disk.LUN.Reservation {
			bonds = append(bonds, Bond{v1.ReasonPersistentReservationNotLiveMigratable, "spec.domain.devices.disks[" + disk.Name + "].lun.reservation",
				fmt.Sprintf("Disk %s reserves its LUN for this node.", disk.Name)})
		}
	}
	return bonds
}
