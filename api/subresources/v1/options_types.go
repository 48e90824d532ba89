package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// StartOptions is the body of virtualmachines/start.
// +kubebuilder:object:root=true
type StartOptions struct {
	metav1.TypeMeta `json:",inline"`
	// Leaves the guest stopped right after it was started.
	// +optional
	Paused bool `json:"paused,omitempty"`
	// All to have the request checked and not carried out.
	// +optional
	DryRun []string `json:"dryRun,omitempty"`
}

// StopOptions is the body of virtualmachines/stop.
// +kubebuilder:object:root=true
type StopOptions struct {
	metav1.TypeMeta `json:",inline"`
	// Seconds the guest gets to power off by itself; the instance's if unset.
	// +optional
	GracePeriod *int64 `json:"gracePeriod,omitempty"`
	// All to have the request checked and not carried out.
	// +optional
	DryRun []string `json:"dryRun,omitempty"`
}

// RestartOptions is the body of virtualmachines/restart.
// +kubebuilder:object:root=true
type RestartOptions struct {
	metav1.TypeMeta `json:",inline"`
	// 0 kills the guest; unset lets it power off, and nothing else is accepted.
	// +optional
	GracePeriodSeconds *int64 `json:"gracePeriodSeconds,omitempty"`
	// All to have the request checked and not carried out.
	// +optional
	DryRun []string `json:"dryRun,omitempty"`
}

// PauseOptions is the body of virtualmachineinstances/pause.
// +kubebuilder:object:root=true
type PauseOptions struct {
	metav1.TypeMeta `json:",inline"`
	// All to have the request checked and not carried out.
	// +optional
	DryRun []string `json:"dryRun,omitempty"`
}

// UnpauseOptions is the body of virtualmachineinstances/unpause.
// +kubebuilder:object:root=true
type UnpauseOptions struct {
	metav1.TypeMeta `json:",inline"`
	// All to have the request checked and not carried out.
	// +optional
	DryRun []string `json:"dryRun,omitempty"`
}

// MigrateOptions is the body of virtualmachines/migrate.
// +kubebuilder:object:root=true
type MigrateOptions struct {
	metav1.TypeMeta `json:",inline"`
	// All to have the request checked and not carried out.
	// +optional
	DryRun []string `json:"dryRun,omitempty"`
	// Labels the target's node must have beside the instance's own.
	// +optional
	AddedNodeSelector map[string]string `json:"addedNodeSelector,omitempty"`
}

// EvacuateCancelOptions is the body of evacuate/cancel.
// +kubebuilder:object:root=true
type EvacuateCancelOptions struct {
	metav1.TypeMeta `json:",inline"`
	// All to have the request checked and not carried out.
	// +optional
	DryRun []string `json:"dryRun,omitempty"`
	// Node whose evacuation is meant; any if empty.
	EvacuationNodeName string `json:"evacuationNodeName"`
}

// FreezeUnfreezeTimeout is the body of virtualmachineinstances/freeze.
type FreezeUnfreezeTimeout struct {
	// Time after which the filesystems are thawed in any case.
	UnfreezeTimeout *metav1.Duration `json:"unfreezeTimeout"`
}
