package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// VirtualMachineStatus is how a machine is.
type VirtualMachineStatus struct {
	// Snapshot being made of the machine; the machine is locked meanwhile.
	// +optional
	SnapshotInProgress *string `json:"snapshotInProgress,omitempty"`
	// Restore being applied to the machine.
	// +optional
	RestoreInProgress *string `json:"restoreInProgress,omitempty"`
	// Whether the machine has an instance.
	// +optional
	Created bool `json:"created,omitempty"`
	// Whether the instance is ready.
	// +optional
	Ready bool `json:"ready,omitempty"`
	// The machine's state in a word, for people.
	// +optional
	// +kubebuilder:default="Stopped"
	PrintableStatus VirtualMachinePrintableStatus `json:"printableStatus,omitempty"`
	// Aspects of the machine's state, one per type.
	// +optional
	Conditions []Condition `json:"conditions,omitempty"`
	// Starts and stops that were asked for and not yet carried out.
	// +optional
	StateChangeRequests []VirtualMachineStateChangeRequest `json:"stateChangeRequests,omitempty"`
	// Volumes to add or remove that were asked for and not yet carried out.
	// +optional
	// +listType=atomic
	VolumeRequests []VirtualMachineVolumeRequest `json:"volumeRequests,omitempty"`
	// Whether each volume can be in a snapshot.
	// +optional
	VolumeSnapshotStatuses []VolumeSnapshotStatus `json:"volumeSnapshotStatuses,omitempty"`
	// Failed starts in a row, cleared once the guest runs.
	// +optional
	// +nullable
	StartFailure *VirtualMachineStartFailure `json:"startFailure,omitempty"`
	// The memory dump under way or the last one.
	// +optional
	// +nullable
	MemoryDumpRequest *VirtualMachineMemoryDumpRequest `json:"memoryDumpRequest,omitempty"`
	// Generation of the spec that the running instance was made from or updated to.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// Generation of the spec that was last seen.
	// +optional
	DesiredGeneration int64 `json:"desiredGeneration,omitempty"`
	// Run strategy in force.
	// +optional
	RunStrategy VirtualMachineRunStrategy `json:"runStrategy,omitempty"`
	// Volumes on their way to other claims.
	// +optional
	VolumeUpdateState *VolumeUpdateState `json:"volumeUpdateState,omitempty"`
	// State of the recording of changed blocks.
	// +optional
	// +nullable
	ChangedBlockTracking *ChangedBlockTrackingStatus `json:"changedBlockTracking,omitempty"`
	// Instance type in use.
	// +optional
	// +nullable
	InstancetypeRef *InstancetypeStatusRef `json:"instancetypeRef,omitempty"`
	// Preference in use.
	// +optional
	// +nullable
	PreferenceRef *InstancetypeStatusRef `json:"preferenceRef,omitempty"`
}

// VirtualMachineStateChangeRequest asks for a start or a stop.
type VirtualMachineStateChangeRequest struct {
	// What is asked for.
	Action StateChangeRequestAction `json:"action"`
	// Further wishes; paused=true has a start leave the guest stopped.
	// +optional
	Data map[string]string `json:"data,omitempty"`
	// UID of the instance to stop.
	// +optional
	UID *types.UID `json:"uid,omitempty"`
}

// VolumeSnapshotStatus says whether a volume can be in a snapshot.
type VolumeSnapshotStatus struct {
	// Name of the volume.
	Name string `json:"name"`
	// Whether it can be.
	Enabled bool `json:"enabled"`
	// Why not, in words.
	// +optional
	Reason string `json:"reason,omitempty"`
}

// VirtualMachineStartFailure counts failed starts.
type VirtualMachineStartFailure struct {
	// Failures in a row.
	// +optional
	ConsecutiveFailCount int `json:"consecutiveFailCount,omitempty"`
	// UID of the last instance that failed.
	// +optional
	LastFailedVMIUID types.UID `json:"lastFailedVMIUID,omitempty"`
	// When the next start is tried.
	// +optional
	RetryAfterTimestamp *metav1.Time `json:"retryAfterTimestamp,omitempty"`
}

// VolumeUpdateState is how far changes of volumes are.
type VolumeUpdateState struct {
	// Volumes that are copied by a migration.
	// +optional
	VolumeMigrationState *VolumeMigrationState `json:"volumeMigrationState,omitempty"`
}

// VolumeMigrationState lists volumes that are copied.
type VolumeMigrationState struct {
	// The volumes with their old and new claims.
	// +optional
	// +listType=atomic
	MigratedVolumes []StorageMigratedVolumeInfo `json:"migratedVolumes,omitempty"`
}

// VirtualMachinePrintableStatus is a machine's state in a word, for people.
type VirtualMachinePrintableStatus string

// Values of VirtualMachinePrintableStatus.
const (
	// PrintableStatusStopped is off and not asked to run.
	PrintableStatusStopped VirtualMachinePrintableStatus = "Stopped"
	// PrintableStatusProvisioning is waiting for its data volumes to be filled.
	PrintableStatusProvisioning VirtualMachinePrintableStatus = "Provisioning"
	// PrintableStatusStarting is on its way to running.
	PrintableStatusStarting VirtualMachinePrintableStatus = "Starting"
	// PrintableStatusRunning has a guest that runs.
	PrintableStatusRunning VirtualMachinePrintableStatus = "Running"
	// PrintableStatusPaused has a guest whose virtual CPUs are stopped.
	PrintableStatusPaused VirtualMachinePrintableStatus = "Paused"
	// PrintableStatusStopping has a guest that is on its way off.
	PrintableStatusStopping VirtualMachinePrintableStatus = "Stopping"
	// PrintableStatusTerminating is being deleted.
	PrintableStatusTerminating VirtualMachinePrintableStatus = "Terminating"
	// PrintableStatusCrashLoopBackOff keeps failing and waits before the next start.
	PrintableStatusCrashLoopBackOff VirtualMachinePrintableStatus = "CrashLoopBackOff"
	// PrintableStatusMigrating has a guest on its way to another node.
	PrintableStatusMigrating VirtualMachinePrintableStatus = "Migrating"
	// PrintableStatusUnknown cannot be told.
	PrintableStatusUnknown VirtualMachinePrintableStatus = "Unknown"
	// PrintableStatusErrorUnschedulable finds no node.
	PrintableStatusErrorUnschedulable VirtualMachinePrintableStatus = "ErrorUnschedulable"
	// PrintableStatusErrImagePull cannot get one of its images.
	PrintableStatusErrImagePull VirtualMachinePrintableStatus = "ErrImagePull"
	// PrintableStatusImagePullBackOff waits before it tries to get an image again.
	PrintableStatusImagePullBackOff VirtualMachinePrintableStatus = "ImagePullBackOff"
	// PrintableStatusErrorPvcNotFound names a claim that does not exist.
	PrintableStatusErrorPvcNotFound VirtualMachinePrintableStatus = "ErrorPvcNotFound"
	// PrintableStatusDataVolumeError has a data volume that could not be filled.
	PrintableStatusDataVolumeError VirtualMachinePrintableStatus = "DataVolumeError"
	// PrintableStatusWaitingForVolumeBinding waits for a claim to be bound.
	PrintableStatusWaitingForVolumeBinding VirtualMachinePrintableStatus = "WaitingForVolumeBinding"
	// PrintableStatusWaitingForReceiver waits to receive its guest from elsewhere.
	PrintableStatusWaitingForReceiver VirtualMachinePrintableStatus = "WaitingForReceiver"
)

// StateChangeRequestAction is a start or a stop.
type StateChangeRequestAction string

// Values of StateChangeRequestAction.
const (
	// StateChangeRequestActionStart asks for a start.
	StateChangeRequestActionStart StateChangeRequestAction = "Start"
	// StateChangeRequestActionStop asks for a stop.
	StateChangeRequestActionStop StateChangeRequestAction = "Stop"
)

// StateChangeRequestDataPaused is the key in a start request's data that asks, with
// the value "true", for a guest that is paused right after its start.
const StateChangeRequestDataPaused = "paused"
