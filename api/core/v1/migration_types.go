package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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

	Spec VirtualMachineInstanceMigrationSpec `json:"spec"`
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

type VirtualMachineInstanceMigrationSpec struct {
	// +optional
	VMIName string `json:"vmiName,omitempty"`
	// +optional
	AddedNodeSelector map[string]string `json:"addedNodeSelector,omitempty"`
	// +optional
	SendTo *VirtualMachineInstanceMigrationSource `json:"sendTo,omitempty"`
	// +optional
	Receive *VirtualMachineInstanceMigrationTarget `json:"receive,omitempty"`
	// +optional
	Priority *MigrationPriority `json:"priority,omitempty"`
}

type VirtualMachineInstanceMigrationSource struct {
	MigrationID string `json:"migrationID"`
	ConnectURL  string `json:"connectURL"`
}

type VirtualMachineInstanceMigrationTarget struct {
	MigrationID string `json:"migrationID"`
}

type VirtualMachineInstanceMigrationStatus struct {
	// +optional
	Phase VirtualMachineInstanceMigrationPhase `json:"phase,omitempty"`
	// +optional
	Conditions []Condition `json:"conditions,omitempty"`
	// +optional
	// +listType=atomic
	PhaseTransitionTimestamps []VirtualMachineInstanceMigrationPhaseTransitionTimestamp `json:"phaseTransitionTimestamps,omitempty"`
	// +optional
	MigrationState *VirtualMachineInstanceMigrationState `json:"migrationState,omitempty"`
	// +optional
	// +listType=atomic
	SynchronizationAddresses []string `json:"synchronizationAddresses,omitempty"`
}

type VirtualMachineInstanceMigrationPhaseTransitionTimestamp struct {
	// +optional
	Phase VirtualMachineInstanceMigrationPhase `json:"phase,omitempty"`
	// +optional
	PhaseTransitionTimestamp metav1.Time `json:"phaseTransitionTimestamp,omitempty"`
}

type MigrationPriority string

// Values of MigrationPriority.
const (
	MigrationPrioritySystemCritical    MigrationPriority = "system-critical"
	MigrationPriorityUserTriggered     MigrationPriority = "user-triggered"
	MigrationPrioritySystemMaintenance MigrationPriority = "system-maintenance"
)

type VirtualMachineInstanceMigrationPhase string

// Values of VirtualMachineInstanceMigrationPhase.
const (
	MigrationPhaseUnset           VirtualMachineInstanceMigrationPhase = ""
	MigrationPhasePending         VirtualMachineInstanceMigrationPhase = "Pending"
	MigrationPhaseScheduling      VirtualMachineInstanceMigrationPhase = "Scheduling"
	MigrationPhaseScheduled       VirtualMachineInstanceMigrationPhase = "Scheduled"
	MigrationPhasePreparingTarget VirtualMachineInstanceMigrationPhase = "PreparingTarget"
	MigrationPhaseTargetReady     VirtualMachineInstanceMigrationPhase = "TargetReady"
	MigrationPhaseRunning         VirtualMachineInstanceMigrationPhase = "Running"
	MigrationPhaseSucceeded       VirtualMachineInstanceMigrationPhase = "Succeeded"
	MigrationPhaseFailed          VirtualMachineInstanceMigrationPhase = "Failed"
	MigrationPhaseWaitingForSync  VirtualMachineInstanceMigrationPhase = "WaitingForSync"
	MigrationPhaseSynchronizing   VirtualMachineInstanceMigrationPhase = "Synchronizing"
)
