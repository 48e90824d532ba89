package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// VirtualMachineInstanceMigration asks for a running guest to be moved to another node.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineinstancemigrations,singular=virtualmachineinstancemigration,shortName=vmim;vmims,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase"
// +kubebuilder:printcolumn:name="VMI",type="string",JSONPath=".spec.vmiName"
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineInstanceMigration struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Which guest, and where to.
	Spec VirtualMachineInstanceMigrationSpec `json:"spec"`
	// How far the move is.
	// +optional
	Status VirtualMachineInstanceMigrationStatus `json:"status,omitempty"`
}

// VirtualMachineInstanceMigrationList is what a LIST of virtualmachineinstancemigrations returns.
// +kubebuilder:object:root=true
type VirtualMachineInstanceMigrationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineInstanceMigration `json:"items"`
}

// VirtualMachineInstanceMigrationSpec describes a migration; it cannot be changed.
type VirtualMachineInstanceMigrationSpec struct {
	// Instance to move, in the migration's namespace.
	// +optional
	VMIName string `json:"vmiName,omitempty"`
	// Labels the target's node must have beside the instance's own.
	// +optional
	AddedNodeSelector map[string]string `json:"addedNodeSelector,omitempty"`
	// Sends the guest to another namespace or cluster.
	// +optional
	SendTo *VirtualMachineInstanceMigrationSource `json:"sendTo,omitempty"`
	// Receives a guest from another namespace or cluster.
	// +optional
	Receive *VirtualMachineInstanceMigrationTarget `json:"receive,omitempty"`
	// Which migrations go first; set by the controller.
	// +optional
	Priority *MigrationPriority `json:"priority,omitempty"`
}

// VirtualMachineInstanceMigrationSource is the sending side of a migration between clusters.
type VirtualMachineInstanceMigrationSource struct {
	// Identity shared by both sides.
	MigrationID string `json:"migrationID"`
	// Address by which the receiving cluster is reached.
	ConnectURL string `json:"connectURL"`
}

// VirtualMachineInstanceMigrationTarget is the receiving side of a migration between clusters.
type VirtualMachineInstanceMigrationTarget struct {
	// Identity shared by both sides.
	MigrationID string `json:"migrationID"`
}

// VirtualMachineInstanceMigrationStatus is how far a migration is.
type VirtualMachineInstanceMigrationStatus struct {
	// Where the migration stands; Succeeded and Failed are final.
	// +optional
	Phase VirtualMachineInstanceMigrationPhase `json:"phase,omitempty"`
	// Aspects of the migration's state, one per type.
	// +optional
	Conditions []Condition `json:"conditions,omitempty"`
	// When each phase was reached.
	// +optional
	// +listType=atomic
	PhaseTransitionTimestamps []VirtualMachineInstanceMigrationPhaseTransitionTimestamp `json:"phaseTransitionTimestamps,omitempty"`
	// The move as the instance's status has it, kept after its end.
	// +optional
	MigrationState *VirtualMachineInstanceMigrationState `json:"migrationState,omitempty"`
	// Addresses by which other clusters reach this one.
	// +optional
	// +listType=atomic
	SynchronizationAddresses []string `json:"synchronizationAddresses,omitempty"`
}

// VirtualMachineInstanceMigrationPhaseTransitionTimestamp tells when a migration reached a phase.
type VirtualMachineInstanceMigrationPhaseTransitionTimestamp struct {
	// The phase.
	// +optional
	Phase VirtualMachineInstanceMigrationPhase `json:"phase,omitempty"`
	// When it was reached.
	// +optional
	PhaseTransitionTimestamp metav1.Time `json:"phaseTransitionTimestamp,omitempty"`
}

// MigrationPriority says which migrations go first.
type MigrationPriority string

// Values of MigrationPriority.
const (
	// MigrationPrioritySystemCritical is for nodes being emptied.
	MigrationPrioritySystemCritical MigrationPriority = "system-critical"
	// MigrationPriorityUserTriggered is for people's wishes.
	MigrationPriorityUserTriggered MigrationPriority = "user-triggered"
	// MigrationPrioritySystemMaintenance is for updates that can wait.
	MigrationPrioritySystemMaintenance MigrationPriority = "system-maintenance"
)

// VirtualMachineInstanceMigrationPhase is where a migration stands.
type VirtualMachineInstanceMigrationPhase string

// Values of VirtualMachineInstanceMigrationPhase.
const (
	// MigrationPhaseUnset has not been seen by anybody.
	MigrationPhaseUnset VirtualMachineInstanceMigrationPhase = ""
	// MigrationPhasePending waits for its turn.
	MigrationPhasePending VirtualMachineInstanceMigrationPhase = "Pending"
	// MigrationPhaseScheduling has a target pod that is not up yet.
	MigrationPhaseScheduling VirtualMachineInstanceMigrationPhase = "Scheduling"
	// MigrationPhaseScheduled has a target pod that is up.
	MigrationPhaseScheduled VirtualMachineInstanceMigrationPhase = "Scheduled"
	// MigrationPhasePreparingTarget has been handed to the target's node agent.
	MigrationPhasePreparingTarget VirtualMachineInstanceMigrationPhase = "PreparingTarget"
	// MigrationPhaseTargetReady has a target that listens.
	MigrationPhaseTargetReady VirtualMachineInstanceMigrationPhase = "TargetReady"
	// MigrationPhaseRunning is copying.
	MigrationPhaseRunning VirtualMachineInstanceMigrationPhase = "Running"
	// MigrationPhaseSucceeded has the guest on its new node; final.
	MigrationPhaseSucceeded VirtualMachineInstanceMigrationPhase = "Succeeded"
	// MigrationPhaseFailed left the guest where it was; final.
	MigrationPhaseFailed VirtualMachineInstanceMigrationPhase = "Failed"
	// MigrationPhaseWaitingForSync is a target that waits for its source elsewhere.
	MigrationPhaseWaitingForSync VirtualMachineInstanceMigrationPhase = "WaitingForSync"
	// MigrationPhaseSynchronizing is a source that waits for its target elsewhere.
	MigrationPhaseSynchronizing VirtualMachineInstanceMigrationPhase = "Synchronizing"
)
