package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type ChangedBlockTrackingStatus struct {
	State ChangedBlockTrackingState `json:"state"`
	// +optional
	// +nullable
	BackupStatus *VirtualMachineInstanceBackupStatus `json:"backupStatus,omitempty"`
}

type VirtualMachineInstanceBackupStatus struct {
	// +optional
	BackupName string `json:"backupName,omitempty"`
	// +optional
	StartTimestamp *metav1.Time `json:"startTimestamp,omitempty"`
	// +optional
	EndTimestamp *metav1.Time `json:"endTimestamp,omitempty"`
	// +optional
	Completed bool `json:"completed,omitempty"`
	// +optional
	Failed bool `json:"failed,omitempty"`
	// +optional
	BackupMsg *string `json:"backupMsg,omitempty"`
	// +optional
	CheckpointName *string `json:"checkpointName,omitempty"`
	// +optional
	// +listType=atomic
	Volumes []VirtualMachineInstanceBackupVolumeInfo `json:"volumes,omitempty"`
	// +optional
	QuiesceStatus string `json:"quiesceStatus,omitempty"`
}

type VirtualMachineInstanceBackupVolumeInfo struct {
	VolumeName string `json:"volumeName"`
}

type ChangedBlockTrackingState string

// Values of ChangedBlockTrackingState.
const (
	ChangedBlockTrackingStateUnset                                ChangedBlockTrackingState = ""
	ChangedBlockTrackingStatePendingRestart                       ChangedBlockTrackingState = "PendingRestart"
	ChangedBlockTrackingStateInitializing                         ChangedBlockTrackingState = "Initializing"
	ChangedBlockTrackingStateEnabled                              ChangedBlockTrackingState = "Enabled"
	ChangedBlockTrackingStateDisabled                             ChangedBlockTrackingState = "Disabled"
	ChangedBlockTrackingStateIncrementalBackupFeatureGateDisabled ChangedBlockTrackingState = "IncrementalBackupFeatureGateDisabled"
)
