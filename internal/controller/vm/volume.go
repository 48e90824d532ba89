package vm

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// volumeSnapshotStatusesFor tells of every volume whether a snapshot can hold it.
func volumeSnapshotStatusesFor(vm *v1.VirtualMachine) []v1.VolumeSnapshotStatus {
	if vm.Spec.Template == nil {
		return nil
	}
	var list []v1.VolumeSnapshotStatus
	for i := range vm.Spec.Template.Spec.Volumes {
		volume := &vm.Spec.Template.Spec.Volumes[i]
		reason := "Snapshot is not supported for this kind of volume"
		if volume.PersistentVolumeClaim != nil || volume.DataVolume != nil {
			reason = "Snapshots are not supported by this version"
		}
		list = append(list, v1.VolumeSnapshotStatus{Name: volume.Name, Reason: reason})
	}
	return list
}
