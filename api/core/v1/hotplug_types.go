package v1

type VirtualMachineVolumeRequest struct {
	// +optional
	AddVolumeOptions *AddVolumeOptions `json:"addVolumeOptions,omitempty"`
	// +optional
	RemoveVolumeOptions *RemoveVolumeOptions `json:"removeVolumeOptions,omitempty"`
}

type AddVolumeOptions struct {
	Name         string               `json:"name"`
	Disk         *Disk                `json:"disk"`
	VolumeSource *HotplugVolumeSource `json:"volumeSource"`
	// +optional
	// +listType=atomic
	DryRun []string `json:"dryRun,omitempty"`
}

type HotplugVolumeSource struct {
	// +optional
	PersistentVolumeClaim *PersistentVolumeClaimVolumeSource `json:"persistentVolumeClaim,omitempty"`
	// +optional
	DataVolume *DataVolumeSource `json:"dataVolume,omitempty"`
}

type RemoveVolumeOptions struct {
	Name string `json:"name"`
	// +optional
	// +listType=atomic
	DryRun []string `json:"dryRun,omitempty"`
}
