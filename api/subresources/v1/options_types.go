package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +kubebuilder:object:root=true
type StartOptions struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	Paused bool `json:"paused,omitempty"`
	// +optional
	DryRun []string `json:"dryRun,omitempty"`
}

// +kubebuilder:object:root=true
type StopOptions struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	GracePeriod *int64 `json:"gracePeriod,omitempty"`
	// +optional
	DryRun []string `json:"dryRun,omitempty"`
}

// +kubebuilder:object:root=true
type RestartOptions struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	GracePeriodSeconds *int64 `json:"gracePeriodSeconds,omitempty"`
	// +optional
	DryRun []string `json:"dryRun,omitempty"`
}

// +kubebuilder:object:root=true
type PauseOptions struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	DryRun []string `json:"dryRun,omitempty"`
}

// +kubebuilder:object:root=true
type UnpauseOptions struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	DryRun []string `json:"dryRun,omitempty"`
}

// +kubebuilder:object:root=true
type MigrateOptions struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	DryRun []string `json:"dryRun,omitempty"`
	// +optional
	AddedNodeSelector map[string]string `json:"addedNodeSelector,omitempty"`
}

// +kubebuilder:object:root=true
type EvacuateCancelOptions struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	DryRun             []string `json:"dryRun,omitempty"`
	EvacuationNodeName string   `json:"evacuationNodeName"`
}

type FreezeUnfreezeTimeout struct {
	UnfreezeTimeout *metav1.Duration `json:"unfreezeTimeout"`
}
