package v1

// ClaimName is the name of the claim behind a volume that is there from the start, empty for one without. A data
// volume's claim has the data volume's name.
func (s *VolumeSource) ClaimName() string {
	switch {
	case s.PersistentVolumeClaim != nil:
		return s.PersistentVolumeClaim.ClaimName
	case s.DataVolume != nil:
		return s.DataVolume.Name
	case s.Ephemeral != nil && s.Ephemeral.PersistentVolumeClaim != nil:
		return s.Ephemeral.PersistentVolumeClaim.ClaimName
	case s.MemoryDump != nil:
		return s.MemoryDump.ClaimName
	}
	return ""
}

// IsReadOnly reports whether the guest may not write to the volume, however its drive is made. To an ephemeral
// volume it may: that keeps what is written from the claim.
func (s *VolumeSource) IsReadOnly() bool {
	return s.PersistentVolumeClaim != nil && s.PersistentVolumeClaim.ReadOnly
}

// IsReadOnlyClaim reports whether the node is to have the claim behind the volume read-only.
func (s *VolumeSource) IsReadOnlyClaim() bool {
	return s.IsReadOnly() || s.Ephemeral != nil && s.Ephemeral.PersistentVolumeClaim != nil && s.Ephemeral.PersistentVolumeClaim.ReadOnly
}

// IsReadOnly reports whether the guest cannot write to the drive.
func (d *DiskDevice) IsReadOnly() bool {
	switch {
	case d.CDRom != nil:
		return d.CDRom.ReadOnly == nil || *d.CDRom.ReadOnly
	case d.LUN != nil:
		return d.LUN.ReadOnly
	}
	return d.Disk != nil && d.Disk.ReadOnly
}

// IsShareable reports whether the drive is made for several guests that write to it at once.
func (d *Disk) IsShareable() bool { return d.Shareable != nil && *d.Shareable }

// VolumeUse is what an instance does to what is behind one of its volumes.
type VolumeUse string

const (
	// VolumeUseWrite writes, and counts on nobody else's doing so.
	VolumeUseWrite VolumeUse = "written to"
	// VolumeUseRead reads, and counts on nobody's writing.
	VolumeUseRead VolumeUse = "read"
	// VolumeUseShare reads and writes, and expects others to.
	VolumeUseShare VolumeUse = "shared"
	// VolumeUseFollow reads, and expects others to write.
	VolumeUseFollow VolumeUse = "read as shared"
)

// Allows reports whether two instances may use the same at once: who writes without sharing does so alone, and
// who counts on nobody's writing has no sharers beside it.
func (u VolumeUse) Allows(other VolumeUse) bool {
	switch {
	case u == VolumeUseWrite, other == VolumeUseWrite:
		return false
	case u == VolumeUseRead:
		return other != VolumeUseShare
	}
	return u != VolumeUseShare || other != VolumeUseRead
}

// UseOf says how the instance uses what is behind a volume. What only a filesystem shows is shared: the programs
// on either side know what a file system is.
func (s *VirtualMachineInstanceSpec) UseOf(volume *Volume) VolumeUse {
	shared := s.SharesAsFilesystem(volume.Name)
	for i := range s.Domain.Devices.Disks {
		disk := &s.Domain.Devices.Disks[i]
		shared = shared || disk.Name == volume.Name && disk.IsShareable()
	}
	switch writes := s.WritesTo(volume); {
	case volume.Ephemeral != nil, !shared && !writes:
		return VolumeUseRead
	case !writes:
		return VolumeUseFollow
	case shared:
		return VolumeUseShare
	}
	return VolumeUseWrite
}

// WritesTo reports whether anything may be written to what is behind a volume. If not, the launcher pod has it
// read-only, so that no mistake in the pod can change it.
func (s *VirtualMachineInstanceSpec) WritesTo(volume *Volume) bool {
	if volume.IsReadOnly() || volume.Ephemeral != nil {
		return false
	}
	for i := range s.Domain.Devices.Disks {
		if disk := &s.Domain.Devices.Disks[i]; disk.Name == volume.Name && disk.IsReadOnly() {
			return false
		}
	}
	return true
}
