package v1

import (
	"k8s.io/apimachinery/pkg/api/resource"
)

type VMIMConfigurationOptions struct {
	MigrationConfiguration `json:",inline"`
	// +optional
	Experimental *ExperimentalMigrationOptions `json:"experimental,omitempty"`
}

type ExperimentalMigrationOptions struct {
	// +optional
	StallDetector *StallDetectorOptions `json:"stallDetector,omitempty"`
	// +optional
	DowntimeTuning *DowntimeTuningOptions `json:"downtimeTuning,omitempty"`
	// +optional
	Compression *MigrationCompression `json:"compression,omitempty"`
}

type StallDetectorOptions struct {
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	StallMargin *int64 `json:"stallMargin,omitempty"`
	// +optional
	EWMAAlpha *resource.Quantity `json:"ewmaAlpha,omitempty"`
	// +optional
	// +kubebuilder:validation:Minimum=0
	StallProgressTimeout *int64 `json:"stallProgressTimeout,omitempty"`
	// +optional
	// +kubebuilder:validation:Minimum=0
	SwitchoverTimeout *int64 `json:"switchoverTimeout,omitempty"`
	// +optional
	PrecopyPossibleFactor *resource.Quantity `json:"precopyPossibleFactor,omitempty"`
	// +optional
	PatienceWindowDecayFactor *resource.Quantity `json:"patienceWindowDecayFactor,omitempty"`
	// +optional
	SearchLocalMinima *bool `json:"searchLocalMinima,omitempty"`
	// +optional
	CompletionTimeoutFactor *resource.Quantity `json:"completionTimeoutFactor,omitempty"`
}

type DowntimeTuningOptions struct {
	// +optional
	// +kubebuilder:validation:Minimum=1
	InitialMs *int64 `json:"initialMs,omitempty"`
	// +optional
	// +kubebuilder:validation:Minimum=1
	Steps *int32 `json:"steps,omitempty"`
	// +optional
	// +kubebuilder:validation:Minimum=1
	StartAfterIteration *int64 `json:"startAfterIteration,omitempty"`
	// +optional
	// +kubebuilder:validation:Minimum=1
	CooldownSeconds *int32 `json:"cooldownSeconds,omitempty"`
}

type MigrationConfiguration struct {
	// +optional
	NodeDrainTaintKey *string `json:"nodeDrainTaintKey,omitempty"`
	// +optional
	ParallelOutboundMigrationsPerNode *uint32 `json:"parallelOutboundMigrationsPerNode,omitempty"`
	// +optional
	ParallelMigrationsPerCluster *uint32 `json:"parallelMigrationsPerCluster,omitempty"`
	// +optional
	AllowAutoConverge *bool `json:"allowAutoConverge,omitempty"`
	// +optional
	BandwidthPerMigration *resource.Quantity `json:"bandwidthPerMigration,omitempty"`
	// +optional
	CompletionTimeoutPerGiB *int64 `json:"completionTimeoutPerGiB,omitempty"`
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2000000
	MaxDowntimeMs *uint64 `json:"maxDowntimeMs,omitempty"`
	// +optional
	ProgressTimeout *int64 `json:"progressTimeout,omitempty"`
	// +optional
	UtilityVolumesTimeout *int64 `json:"utilityVolumesTimeout,omitempty"`
	// +optional
	UnsafeMigrationOverride *bool `json:"unsafeMigrationOverride,omitempty"`
	// +optional
	AllowPostCopy *bool `json:"allowPostCopy,omitempty"`
	// +optional
	AllowWorkloadDisruption *bool `json:"allowWorkloadDisruption,omitempty"`
	// +optional
	DisableTLS *bool `json:"disableTLS,omitempty"`
	// +optional
	Network *string `json:"network,omitempty"`
	// +optional
	MatchSELinuxLevelOnMigration *bool `json:"matchSELinuxLevelOnMigration,omitempty"`
}

// +kubebuilder:validation:Enum=none;zstd
type MigrationCompression string

// Values of MigrationCompression.
const (
	MigrationCompressionNone MigrationCompression = "none"
	MigrationCompressionZstd MigrationCompression = "zstd"
)
