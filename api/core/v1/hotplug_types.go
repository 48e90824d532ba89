package v1

// VirtualMachineVolumeRequest asks for a volume to be added or removed; one of the two is set.
type VirtualMachineVolumeRequest struct {
	// The volume to add.
	// +optional
	AddVolumeOptions *AddVolumeOptions `json:"addVolumeOptions,omitempty"`
	// The volume to remove.
	// +optional
	RemoveVolumeOptions *RemoveVolumeOptions `json:"removeVolumeOptions,omitempty"`
}

// AddVolumeOptions asks for a volume to be plugged into a running guest.
type AddVolumeOptions struct {
	// Name of the new volume and its disk.
	Name string `json:"name"`
	// The disk, attached by scsi or virtio.
	Disk *Disk `json:"disk"`
	// The claim behind it.
	VolumeSource *HotplugVolumeSource `json:"volumeSource"`
	// All to have the request checked and not carried out.
	// +optional
	// +listType=atomic
	DryRun []string `json:"dryRun,omitempty"`
}

// HotplugVolumeSource is what can be plugged in; one of the two is set.
type HotplugVolumeSource struct {
	// A claim.
	// +optional
	PersistentVolumeClaim *PersistentVolumeClaimVolumeSource `json:"persistentVolumeClaim,omitempty"`
	// A claim that a DataVolume fills.
	// +optional
	DataVolume *DataVolumeSource `json:"dataVolume,omitempty"`
}

// RemoveVolumeOptions asks for a volume to be unplugged.
type RemoveVolumeOptions struct {
	// Name of the volume.
	Name string `json:"name"`
	// All to have the request checked and not carried out.
	// +optional
	// +listType=atomic
	DryRun []string `json:"dryRun,omitempty"`
}
