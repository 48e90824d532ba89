package v1

import (
	"k8s.io/apimachinery/pkg/api/resource"
)

// VMIMConfigurationOptions are the settings a migration goes by.
type VMIMConfigurationOptions struct {
	// The cluster's settings, with the policy's laid over them.
	MigrationConfiguration `json:",inline"`
	// Settings behind feature gates.
	// +optional
	Experimental *ExperimentalMigrationOptions `json:"experimental,omitempty"`
}

// ExperimentalMigrationOptions tune migrations; each part needs its feature gate, and the first two exclude each
// other.
type ExperimentalMigrationOptions struct {
	// Finds out by the rate of progress that a migration will not end.
	// +optional
	StallDetector *StallDetectorOptions `json:"stallDetector,omitempty"`
	// Raises the downtime step by step.
	// +optional
	DowntimeTuning *DowntimeTuningOptions `json:"downtimeTuning,omitempty"`
	// How memory pages are compressed; none if unset.
	// +optional
	Compression *MigrationCompression `json:"compression,omitempty"`
}

// StallDetectorOptions tune the finding of migrations that make no progress.
type StallDetectorOptions struct {
	// Percent by which progress must exceed the last minimum to count; 4 if unset.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	StallMargin *int64 `json:"stallMargin,omitempty"`
	// Weight of the newest sample in the average, above 0 to 1; 0.4 if unset.
	// +optional
	EWMAAlpha *resource.Quantity `json:"ewmaAlpha,omitempty"`
	// Seconds without progress that count as a stall; 40 if unset.
	// +optional
	// +kubebuilder:validation:Minimum=0
	StallProgressTimeout *int64 `json:"stallProgressTimeout,omitempty"`
	// Seconds a switch to the target may take; 60 if unset.
	// +optional
	// +kubebuilder:validation:Minimum=0
	SwitchoverTimeout *int64 `json:"switchoverTimeout,omitempty"`
	// How much faster than dirtying copying must be to go on, at least 1; 1.5 if unset.
	// +optional
	PrecopyPossibleFactor *resource.Quantity `json:"precopyPossibleFactor,omitempty"`
	// How fast patience wanes after each stall, 0 to 1; 0.5 if unset.
	// +optional
	PatienceWindowDecayFactor *resource.Quantity `json:"patienceWindowDecayFactor,omitempty"`
	// Waits for a moment with little left to copy before switching; true if unset.
	// +optional
	SearchLocalMinima *bool `json:"searchLocalMinima,omitempty"`
	// Factor on the completion timeout, at least 1; 2 if unset.
	// +optional
	CompletionTimeoutFactor *resource.Quantity `json:"completionTimeoutFactor,omitempty"`
}

// DowntimeTuningOptions tune how the downtime is raised.
type DowntimeTuningOptions struct {
	// Milliseconds to begin with; 150 if unset.
	// +optional
	// +kubebuilder:validation:Minimum=1
	InitialMs *int64 `json:"initialMs,omitempty"`
	// Steps up to the most allowed downtime; 7 if unset.
	// +optional
	// +kubebuilder:validation:Minimum=1
	Steps *int32 `json:"steps,omitempty"`
	// Passes over memory before the first raise; 3 if unset.
	// +optional
	// +kubebuilder:validation:Minimum=1
	StartAfterIteration *int64 `json:"startAfterIteration,omitempty"`
	// Seconds between raises; 10 if unset.
	// +optional
	// +kubebuilder:validation:Minimum=1
	CooldownSeconds *int32 `json:"cooldownSeconds,omitempty"`
}

// MigrationConfiguration is how guests are moved between nodes.
type MigrationConfiguration struct {
	// Taint that has a node emptied; kubevirt.io/drain if unset, deprecated in favour of kubectl drain.
	// +optional
	NodeDrainTaintKey *string `json:"nodeDrainTaintKey,omitempty"`
	// Migrations that may leave a node at once; 2 if unset.
	// +optional
	ParallelOutboundMigrationsPerNode *uint32 `json:"parallelOutboundMigrationsPerNode,omitempty"`
	// Migrations that may run at once; 5 if unset.
	// +optional
	ParallelMigrationsPerCluster *uint32 `json:"parallelMigrationsPerCluster,omitempty"`
	// Slows the guest down when it dirties memory faster than it is copied; false if unset.
	// +optional
	AllowAutoConverge *bool `json:"allowAutoConverge,omitempty"`
	// Bytes per second a migration may use; 0, the default, is no limit.
	// +optional
	BandwidthPerMigration *resource.Quantity `json:"bandwidthPerMigration,omitempty"`
	// Seconds a migration may take per GiB of memory and copied disk; 150 if unset.
	// +optional
	CompletionTimeoutPerGiB *int64 `json:"completionTimeoutPerGiB,omitempty"`
	// Milliseconds the guest may stand still at the end; 900 if unset.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2000000
	MaxDowntimeMs *uint64 `json:"maxDowntimeMs,omitempty"`
	// Seconds without progress after which a migration is stopped; 150 if unset.
	// +optional
	ProgressTimeout *int64 `json:"progressTimeout,omitempty"`
	// Seconds that utility volumes may keep a migration waiting; 150 if unset.
	// +optional
	UtilityVolumesTimeout *int64 `json:"utilityVolumesTimeout,omitempty"`
	// Migrates even where the hypervisor fears for the data; false if unset.
	// +optional
	UnsafeMigrationOverride *bool `json:"unsafeMigrationOverride,omitempty"`
	// Lets the guest run on the target before all memory is there; false if unset.
	// +optional
	AllowPostCopy *bool `json:"allowPostCopy,omitempty"`
	// Lets a slow migration pause the guest or go post-copy; as allowPostCopy if unset.
	// +optional
	AllowWorkloadDisruption *bool `json:"allowWorkloadDisruption,omitempty"`
	// Leaves migration data unencrypted; false if unset.
	// +optional
	DisableTLS *bool `json:"disableTLS,omitempty"`
	// NetworkAttachmentDefinition, in the install namespace, of the network for migration data; the pod network if
	// unset.
	// +optional
	Network *string `json:"network,omitempty"`
	// Runs the target under the source's SELinux level; true if unset.
	// +optional
	MatchSELinuxLevelOnMigration *bool `json:"matchSELinuxLevelOnMigration,omitempty"`
}

// MigrationCompression is how memory pages are compressed on their way.
// +kubebuilder:validation:Enum=none;zstd
type MigrationCompression string

// Values of MigrationCompression.
const (
	// MigrationCompressionNone sends pages as they are.
	MigrationCompressionNone MigrationCompression = "none"
	// MigrationCompressionZstd compresses pages by zstd.
	MigrationCompressionZstd MigrationCompression = "zstd"
)
