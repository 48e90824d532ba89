package vmi

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/datavolume"
)

// setVolumes gives the status an entry for each volume, in the order of the spec, and
// tells in it what is behind the volume. What virt-handler says there stays.
func setVolumes(s *scope) {
	var list []v1.VolumeStatus
	for i := range s.vmi.Spec.Volumes {
		name := s.vmi.Spec.Volumes[i].Name
		entry := v1.VolumeStatus{Name: name}
		if present := v1.FindVolumeStatus(s.vmi.Status.VolumeStatus, name); present != nil {
			entry = *present
		}
		list = append(list, entry)
	}
	s.vmi.Status.VolumeStatus = list
	for i := range s.claims {
		if c := &s.claims[i]; c.pvc != nil {
			v1.EnsureVolumeStatus(&s.vmi.Status.VolumeStatus, c.volume).PersistentVolumeClaimInfo = claimInfo(c)
		}
	}
}

func claimInfo(c *claim) *v1.PersistentVolumeClaimInfo {
	mode := c.mode()
	info := &v1.PersistentVolumeClaimInfo{
		ClaimName: c.name, AccessModes: c.pvc.Spec.AccessModes, VolumeMode: &mode,
		Capacity: c.pvc.Status.Capacity, Requests: c.pvc.Spec.Resources.Requests,
		Preallocated: datavolume.Preallocated(c.pvc),
	}
	if mode == corev1.PersistentVolumeBlock {
		// Nothing of a device is a filesystem's. Of others only who fills them knows.
		none := v1.Percent("0")
		info.FilesystemOverhead = &none
	}
	return info
}

// setClaimPhases says of volumes that keep the launcher pod from being made, or from
// being placed, what they wait for. Of all others nothing is said: a volume that is
// there from the start has no phases of its own. That a claim is bound is told with the
// instance's next phase.
func setClaimPhases(s *scope, passed bool) {
	for i := range s.claims {
		c := &s.claims[i]
		entry := v1.FindVolumeStatus(s.vmi.Status.VolumeStatus, c.volume)
		if entry != nil && entry.MemoryDumpVolume != nil {
			continue // virt-handler says how far the dump is
		}
		reason, message := waitingFor(c)
		if c.state() == claimUsable {
			switch {
			case passed && c.pvc != nil && c.pvc.Status.Phase == corev1.ClaimPending:
				reason, message = v1.EventPVCNotReady, unbound(c)
			case !passed && entry != nil && entry.Message == unbound(c):
				continue
			}
		}
		switch {
		case reason != "":
			entry = v1.EnsureVolumeStatus(&s.vmi.Status.VolumeStatus, c.volume)
			entry.Phase, entry.Reason, entry.Message = v1.VolumePhasePending, reason, message
		case entry != nil && entry.Phase == v1.VolumePhasePending:
			entry.Phase, entry.Reason, entry.Message = "", "", ""
		}
	}
}

func unbound(c *claim) string {
	return fmt.Sprintf("PersistentVolumeClaim %s is not bound yet", c.name)
}

// waitingFor says what has to happen before a claim can be used; empty if nothing has.
// It does not follow how far somebody is who fills a claim, which would cost a write
// each time.
func waitingFor(c *claim) (reason, message string) {
	switch c.state() {
	case claimMissing:
		return v1.ReasonFailedPvcNotFound, fmt.Sprintf("PersistentVolumeClaim %s not found", c.name)
	case claimLeaving:
		return v1.EventPVCNotReady, fmt.Sprintf("PersistentVolumeClaim %s is being deleted", c.name)
	case claimFilling, claimUnconsumed:
		return v1.EventPVCNotReady, fmt.Sprintf("DataVolume %s is being filled", c.name)
	case claimFailed:
		return v1.ReasonFailedDataVolumeImport, fmt.Sprintf("DataVolume %s could not be filled", c.name)
	case claimUsable:
	}
	return "", ""
}
