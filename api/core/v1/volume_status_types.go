package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// VolumeStatus is the state of a volume of a running guest.
type VolumeStatus struct {
	// Name of the volume.
	Name string `json:"name"`
	// Name of its disk in the guest's definition, such as vda.
	Target string `json:"target"`
	// How far a hotplugged volume has come.
	// +optional
	Phase VolumePhase `json:"phase,omitempty"`
	// Why the volume is in its phase, in a word.
	// +optional
	Reason string `json:"reason,omitempty"`
	// Why the volume is in its phase, in words.
	// +optional
	Message string `json:"message,omitempty"`
	// The claim behind the volume.
	// +optional
	PersistentVolumeClaimInfo *PersistentVolumeClaimInfo `json:"persistentVolumeClaimInfo,omitempty"`
	// The pod that brings the volume to the node.
	// +optional
	HotplugVolume *HotplugVolumeStatus `json:"hotplugVolume,omitempty"`
	// Size of the disk in bytes.
	// +optional
	Size int64 `json:"size,omitempty"`
	// The dump of memory on the volume.
	// +optional
	MemoryDumpVolume *DomainMemoryDumpInfo `json:"memoryDumpVolume,omitempty"`
	// The disk image behind the volume.
	// +optional
	ContainerDiskVolume *ContainerDiskInfo `json:"containerDiskVolume,omitempty"`
}

// PersistentVolumeClaimInfo is what a migration must know about a claim.
type PersistentVolumeClaimInfo struct {
	// Name of the claim.
	// +optional
	ClaimName string `json:"claimName,omitempty"`
	// Access modes of the claim.
	// +optional
	// +listType=atomic
	AccessModes []corev1.PersistentVolumeAccessMode `json:"accessModes,omitempty"`
	// Whether the claim is a filesystem or a block device.
	// +optional
	VolumeMode *corev1.PersistentVolumeMode `json:"volumeMode,omitempty"`
	// Size the claim has.
	// +optional
	Capacity corev1.ResourceList `json:"capacity,omitempty"`
	// Size the claim asked for.
	// +optional
	Requests corev1.ResourceList `json:"requests,omitempty"`
	// Whether the disk image takes all its space from the start.
	// +optional
	Preallocated bool `json:"preallocated,omitempty"`
	// Share of the claim that its filesystem takes, such as 0.055.
	// +optional
	FilesystemOverhead *Percent `json:"filesystemOverhead,omitempty"`
}

// HotplugVolumeStatus is the pod that brings a hotplugged volume to the node.
type HotplugVolumeStatus struct {
	// Name of the pod.
	// +optional
	AttachPodName string `json:"attachPodName,omitempty"`
	// UID of the pod.
	// +optional
	AttachPodUID types.UID `json:"attachPodUID,omitempty"`
}

// ContainerDiskInfo identifies a container disk.
type ContainerDiskInfo struct {
	// CRC-32 of the disk image; deprecated.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=4294967295
	// +kubebuilder:validation:Format=int64
	Checksum uint32 `json:"checksum,omitempty"`
}

// StorageMigratedVolumeInfo is a volume that moves to another claim.
type StorageMigratedVolumeInfo struct {
	// Name of the volume.
	VolumeName string `json:"volumeName"`
	// The claim it moves from.
	// +optional
	SourcePVCInfo *PersistentVolumeClaimInfo `json:"sourcePVCInfo,omitempty"`
	// The claim it moves to.
	// +optional
	DestinationPVCInfo *PersistentVolumeClaimInfo `json:"destinationPVCInfo,omitempty"`
}

// VolumePhase is how far a hotplugged volume has come.
type VolumePhase string

// Values of VolumePhase.
const (
	// VolumePhasePending waits for its claim.
	VolumePhasePending VolumePhase = "Pending"
	// VolumePhaseBound has a bound claim.
	VolumePhaseBound VolumePhase = "Bound"
	// VolumePhaseAttachedToNode is at the node by way of a pod.
	VolumePhaseAttachedToNode VolumePhase = "AttachedToNode"
	// VolumePhaseMountedToPod is visible in the launcher pod.
	VolumePhaseMountedToPod VolumePhase = "MountedToPod"
	// VolumePhaseReady is attached to the guest.
	VolumePhaseReady VolumePhase = "Ready"
	// VolumePhaseDetaching is being detached from the guest.
	VolumePhaseDetaching VolumePhase = "Detaching"
	// VolumePhaseUnMountedFromPod is no longer visible in the launcher pod.
	VolumePhaseUnMountedFromPod VolumePhase = "UnMountedFromPod"
	// VolumePhaseMemoryDumpCompleted holds a memory dump.
	VolumePhaseMemoryDumpCompleted VolumePhase = "MemoryDumpCompleted"
	// VolumePhaseMemoryDumpInProgress is receiving a memory dump.
	VolumePhaseMemoryDumpInProgress VolumePhase = "MemoryDumpInProgress"
	// VolumePhaseMemoryDumpFailed holds no usable memory dump.
	VolumePhaseMemoryDumpFailed VolumePhase = "MemoryDumpFailed"
)

// Percent is a share from 0 to 1 with up to three decimals, as a string.
// +kubebuilder:validation:Pattern=`^(0(?:\.\d{1,3})?|1)$`
type Percent string
