package v1alpha1

// Reasons of a VirtualMachineBackup's conditions.
const (
	// ReasonInitializing: the backup has only just been seen.
	ReasonInitializing = "Initializing"
	// ReasonInitiated: the hypervisor has begun.
	ReasonInitiated = "Initiated"
	// ReasonPreparingExport: the server for pull mode is being set up.
	ReasonPreparingExport = "PreparingExport"
	// ReasonExportInitiated: the hypervisor was told to serve.
	ReasonExportInitiated = "ExportInitiated"
	// ReasonExportReady: the backup can be read.
	ReasonExportReady = "ExportReady"
	// ReasonAborting: the backup is being stopped.
	ReasonAborting = "Aborting"
	// ReasonCompleted: the backup is complete.
	ReasonCompleted = "Completed"
	// ReasonCompletedWithWarning: the backup is complete but for what the message says.
	ReasonCompletedWithWarning = "CompletedWithWarning"
	// ReasonFailed: the backup could not be made.
	ReasonFailed = "Failed"
	// ReasonQuiesceSucceeded: the guest's filesystems were frozen for the backup.
	ReasonQuiesceSucceeded = "QuiesceSucceeded"
	// ReasonQuiesceFailed: the guest's filesystems could not be frozen.
	ReasonQuiesceFailed = "QuiesceFailed"
	// ReasonQuiesceSkipped: nobody asked for the guest's filesystems to be frozen.
	ReasonQuiesceSkipped = "QuiesceSkipped"
	// ReasonSourceLost: the guest ended before the backup was complete.
	ReasonSourceLost = "SourceLost"
	// ReasonSourceUnhealthy: the guest does not allow for a backup at this time.
	ReasonSourceUnhealthy = "SourceUnhealthy"
	// ReasonDeletedDuringInit: the backup was deleted before it began.
	ReasonDeletedDuringInit = "DeletedDuringInit"
)
