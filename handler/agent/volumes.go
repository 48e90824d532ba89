package agent

import (
	"fmt"
	"regexp"
	"slices"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// diskTarget is how disks are called in a domain.
var diskTarget = regexp.MustCompile(`^(vd|sd|hd|fd|xvd)[a-z]{1,4}$`)

// setVolumes tells in the status what has become of the volumes in the domain. The
// launcher speaks for the volumes of its own instance only.
func setVolumes(vmi *v1.VirtualMachineInstance, disks []*protocol.Disk) {
	for _, disk := range disks {
		volume := volumeOf(vmi, disk.GetVolume())
		if volume == nil || !diskTarget.MatchString(disk.GetTarget()) {
			continue
		}
		entry := v1.EnsureVolumeStatus(&vmi.Status.VolumeStatus, volume.Name)
		entry.Target = disk.GetTarget()
		if disk.GetSize() > 0 {
			entry.Size = disk.GetSize()
		}
	}
}

func volumeOf(vmi *v1.VirtualMachineInstance, name string) *v1.Volume {
	at := slices.IndexFunc(vmi.Spec.Volumes, func(v v1.Volume) bool { return v.Name == name })
	if at < 0 {
		return nil
	}
	return &vmi.Spec.Volumes[at]
}

// diskFailure says what to do about the disk whose error has paused the guest; empty
// where nobody knows which it is.
func diskFailure(vmi *v1.VirtualMachineInstance, failed *protocol.DiskError) string {
	volume := volumeOf(vmi, failed.GetVolume())
	if volume == nil {
		return ""
	}
	where := "the storage of volume " + volume.Name
	if claim := volume.ClaimName(); claim != "" {
		where = fmt.Sprintf("claim %s of volume %s", claim, volume.Name)
	}
	if failed.GetNoSpace() {
		return where + " is full: make room there or enlarge it, and unpause the guest; nothing it has written is lost"
	}
	return where + " returned an error: see to the storage, and unpause the guest"
}
