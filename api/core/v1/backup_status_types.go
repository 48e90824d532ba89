package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ChangedBlockTrackingStatus is the state of the recording of changed blocks.
type ChangedBlockTrackingStatus struct {
	// Whether changes are recorded.
	State ChangedBlockTrackingState `json:"state"`
	// The backup under way or the last one.
	// +optional
	// +nullable
	BackupStatus *VirtualMachineInstanceBackupStatus `json:"backupStatus,omitempty"`
}

// VirtualMachineInstanceBackupStatus is a backup as the node agent sees it.
type VirtualMachineInstanceBackupStatus struct {
	// VirtualMachineBackup it belongs to.
	// +optional
	BackupName string `json:"backupName,omitempty"`
	// When it began.
	// +optional
	StartTimestamp *metav1.Time `json:"startTimestamp,omitempty"`
	// When it ended.
	// +optional
	EndTimestamp *metav1.Time `json:"endTimestamp,omitempty"`
	// Whether it has ended, well or not.
	// +optional
	Completed bool `json:"completed,omitempty"`
	// Whether it ended without a usable backup.
	// +optional
	Failed bool `json:"failed,omitempty"`
	// What went wrong, in words.
	// +optional
	BackupMsg *string `json:"backupMsg,omitempty"`
	// Checkpoint the next incremental backup begins from.
	// +optional
	CheckpointName *string `json:"checkpointName,omitempty"`
	// Volumes in the backup.
	// +optional
	// +listType=atomic
	Volumes []VirtualMachineInstanceBackupVolumeInfo `json:"volumes,omitempty"`
	// Whether the guest's filesystems were frozen for it.
	// +optional
	QuiesceStatus string `json:"quiesceStatus,omitempty"`
}

// VirtualMachineInstanceBackupVolumeInfo is a volume in a backup.
type VirtualMachineInstanceBackupVolumeInfo struct {
	// Name of the volume.
	VolumeName string `json:"volumeName"`
}

// ChangedBlockTrackingState says whether changed blocks are recorded.
type ChangedBlockTrackingState string

// Values of ChangedBlockTrackingState.
const (
	// ChangedBlockTrackingStateUnset says nothing about changes.
	ChangedBlockTrackingStateUnset ChangedBlockTrackingState = ""
	// ChangedBlockTrackingStatePendingRestart records changes after the next start.
	ChangedBlockTrackingStatePendingRestart ChangedBlockTrackingState = "PendingRestart"
	// ChangedBlockTrackingStateInitializing is getting ready to record changes.
	ChangedBlockTrackingStateInitializing ChangedBlockTrackingState = "Initializing"
	// ChangedBlockTrackingStateEnabled records changes.
	ChangedBlockTrackingStateEnabled ChangedBlockTrackingState = "Enabled"
	// ChangedBlockTrackingStateDisabled does not record changes.
	ChangedBlockTrackingStateDisabled ChangedBlockTrackingState = "Disabled"
	// ChangedBlockTrackingStateIncrementalBackupFeatureGateDisabled would record changes but for the feature gate.
	ChangedBlockTrackingStateIncrementalBackupFeatureGateDisabled ChangedBlockTrackingState = "IncrementalBackupFeatureGateDisabled"
)
