package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

type VirtualMachineStatus struct {
	// +optional
	SnapshotInProgress *string `json:"snapshotInProgress,omitempty"`
	// +optional
	RestoreInProgress *string `json:"restoreInProgress,omitempty"`
	// +optional
	Created bool `json:"created,omitempty"`
	// +optional
	Ready bool `json:"ready,omitempty"`
	// +optional
	// +kubebuilder:default="Stopped"
	PrintableStatus VirtualMachinePrintableStatus `json:"printableStatus,omitempty"`
	// +optional
	Conditions []Condition `json:"conditions,omitempty"`
	// +optional
	StateChangeRequests []VirtualMachineStateChangeRequest `json:"stateChangeRequests,omitempty"`
	// +optional
	// +listType=atomic
	VolumeRequests []VirtualMachineVolumeRequest `json:"volumeRequests,omitempty"`
	// +optional
	VolumeSnapshotStatuses []VolumeSnapshotStatus `json:"volumeSnapshotStatuses,omitempty"`
	// +optional
	// +nullable
	StartFailure *VirtualMachineStartFailure `json:"startFailure,omitempty"`
	// +optional
	// +nullable
	MemoryDumpRequest *VirtualMachineMemoryDumpRequest `json:"memoryDumpRequest,omitempty"`
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// +optional
	DesiredGeneration int64 `json:"desiredGeneration,omitempty"`
	// +optional
	RunStrategy VirtualMachineRunStrategy `json:"runStrategy,omitempty"`
	// +optional
	VolumeUpdateState *VolumeUpdateState `json:"volumeUpdateState,omitempty"`
	// +optional
	// +nullable
	ChangedBlockTracking *ChangedBlockTrackingStatus `json:"changedBlockTracking,omitempty"`
	// +optional
	// +nullable
	InstancetypeRef *InstancetypeStatusRef `json:"instancetypeRef,omitempty"`
	// +optional
	// +nullable
	PreferenceRef *InstancetypeStatusRef `json:"preferenceRef,omitempty"`
}

type VirtualMachineStateChangeRequest struct {
	Action StateChangeRequestAction `json:"action"`
	// +optional
	Data map[string]string `json:"data,omitempty"`
	// +optional
	UID *types.UID `json:"uid,omitempty"`
}

type VolumeSnapshotStatus struct {
	Name    string `json:"name"`
	Enabled bool   `json:"enabled"`
	// +optional
	Reason string `json:"reason,omitempty"`
}

type VirtualMachineStartFailure struct {
	// +optional
	ConsecutiveFailCount int `json:"consecutiveFailCount,omitempty"`
	// +optional
	LastFailedVMIUID types.UID `json:"lastFailedVMIUID,omitempty"`
	// +optional
	RetryAfterTimestamp *metav1.Time `json:"retryAfterTimestamp,omitempty"`
}

type VolumeUpdateState struct {
	// +optional
	VolumeMigrationState *VolumeMigrationState `json:"volumeMigrationState,omitempty"`
}

type VolumeMigrationState struct {
	// +optional
	// +listType=atomic
	MigratedVolumes []StorageMigratedVolumeInfo `json:"migratedVolumes,omitempty"`
}

type VirtualMachinePrintableStatus string

// Values of VirtualMachinePrintableStatus.
const (
	PrintableStatusStopped                 VirtualMachinePrintableStatus = "Stopped"
	PrintableStatusProvisioning            VirtualMachinePrintableStatus = "Provisioning"
	PrintableStatusStarting                VirtualMachinePrintableStatus = "Starting"
	PrintableStatusRunning                 VirtualMachinePrintableStatus = "Running"
	PrintableStatusPaused                  VirtualMachinePrintableStatus = "Paused"
	PrintableStatusStopping                VirtualMachinePrintableStatus = "Stopping"
	PrintableStatusTerminating             VirtualMachinePrintableStatus = "Terminating"
	PrintableStatusCrashLoopBackOff        VirtualMachinePrintableStatus = "CrashLoopBackOff"
	PrintableStatusMigrating               VirtualMachinePrintableStatus = "Migrating"
	PrintableStatusUnknown                 VirtualMachinePrintableStatus = "Unknown"
	PrintableStatusErrorUnschedulable      VirtualMachinePrintableStatus = "ErrorUnschedulable"
	PrintableStatusErrImagePull            VirtualMachinePrintableStatus = "ErrImagePull"
	PrintableStatusImagePullBackOff        VirtualMachinePrintableStatus = "ImagePullBackOff"
	PrintableStatusErrorPvcNotFound        VirtualMachinePrintableStatus = "ErrorPvcNotFound"
	PrintableStatusDataVolumeError         VirtualMachinePrintableStatus = "DataVolumeError"
	PrintableStatusWaitingForVolumeBinding VirtualMachinePrintableStatus = "WaitingForVolumeBinding"
	PrintableStatusWaitingForReceiver      VirtualMachinePrintableStatus = "WaitingForReceiver"
)

type StateChangeRequestAction string

// Values of StateChangeRequestAction.
const (
	StateChangeRequestActionStart StateChangeRequestAction = "Start"
	StateChangeRequestActionStop  StateChangeRequestAction = "Stop"
)
