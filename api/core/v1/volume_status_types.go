package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

type VolumeStatus struct {
	Name   string `json:"name"`
	Target string `json:"target"`
	// +optional
	Phase VolumePhase `json:"phase,omitempty"`
	// +optional
	Reason string `json:"reason,omitempty"`
	// +optional
	Message string `json:"message,omitempty"`
	// +optional
	PersistentVolumeClaimInfo *PersistentVolumeClaimInfo `json:"persistentVolumeClaimInfo,omitempty"`
	// +optional
	HotplugVolume *HotplugVolumeStatus `json:"hotplugVolume,omitempty"`
	// +optional
	Size int64 `json:"size,omitempty"`
	// +optional
	MemoryDumpVolume *DomainMemoryDumpInfo `json:"memoryDumpVolume,omitempty"`
	// +optional
	ContainerDiskVolume *ContainerDiskInfo `json:"containerDiskVolume,omitempty"`
}

type PersistentVolumeClaimInfo struct {
	// +optional
	ClaimName string `json:"claimName,omitempty"`
	// +optional
	// +listType=atomic
	AccessModes []corev1.PersistentVolumeAccessMode `json:"accessModes,omitempty"`
	// +optional
	VolumeMode *corev1.PersistentVolumeMode `json:"volumeMode,omitempty"`
	// +optional
	Capacity corev1.ResourceList `json:"capacity,omitempty"`
	// +optional
	Requests corev1.ResourceList `json:"requests,omitempty"`
	// +optional
	Preallocated bool `json:"preallocated,omitempty"`
	// +optional
	FilesystemOverhead *Percent `json:"filesystemOverhead,omitempty"`
}

type HotplugVolumeStatus struct {
	// +optional
	AttachPodName string `json:"attachPodName,omitempty"`
	// +optional
	AttachPodUID types.UID `json:"attachPodUID,omitempty"`
}

type ContainerDiskInfo struct {
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=4294967295
	// +kubebuilder:validation:Format=int64
	Checksum uint32 `json:"checksum,omitempty"`
}

type StorageMigratedVolumeInfo struct {
	VolumeName string `json:"volumeName"`
	// +optional
	SourcePVCInfo *PersistentVolumeClaimInfo `json:"sourcePVCInfo,omitempty"`
	// +optional
	DestinationPVCInfo *PersistentVolumeClaimInfo `json:"destinationPVCInfo,omitempty"`
}

type VolumePhase string

// Values of VolumePhase.
const (
	VolumePhasePending              VolumePhase = "Pending"
	VolumePhaseBound                VolumePhase = "Bound"
	VolumePhaseAttachedToNode       VolumePhase = "AttachedToNode"
	VolumePhaseMountedToPod         VolumePhase = "MountedToPod"
	VolumePhaseReady                VolumePhase = "Ready"
	VolumePhaseDetaching            VolumePhase = "Detaching"
	VolumePhaseUnMountedFromPod     VolumePhase = "UnMountedFromPod"
	VolumePhaseMemoryDumpCompleted  VolumePhase = "MemoryDumpCompleted"
	VolumePhaseMemoryDumpInProgress VolumePhase = "MemoryDumpInProgress"
	VolumePhaseMemoryDumpFailed     VolumePhase = "MemoryDumpFailed"
)

// +kubebuilder:validation:Pattern=`^(0(?:\.\d{1,3})?|1)$`
type Percent string
