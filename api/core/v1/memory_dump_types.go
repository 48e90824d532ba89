package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DomainMemoryDumpInfo is a dump of a guest's memory.
type DomainMemoryDumpInfo struct {
	// When the dump began.
	// +optional
	StartTimestamp *metav1.Time `json:"startTimestamp,omitempty"`
	// When the dump was complete.
	// +optional
	EndTimestamp *metav1.Time `json:"endTimestamp,omitempty"`
	// Claim the dump is on.
	// +optional
	ClaimName string `json:"claimName,omitempty"`
	// File the dump is in.
	// +optional
	TargetFileName string `json:"targetFileName,omitempty"`
}

// VirtualMachineMemoryDumpRequest asks for a dump of the guest's memory and tells how far it is.
type VirtualMachineMemoryDumpRequest struct {
	// Claim the dump goes to.
	ClaimName string `json:"claimName"`
	// How far the dump is.
	Phase MemoryDumpPhase `json:"phase"`
	// Asks for the claim to be let go.
	// +optional
	Remove bool `json:"remove,omitempty"`
	// When the dump began.
	// +optional
	StartTimestamp *metav1.Time `json:"startTimestamp,omitempty"`
	// When the dump was complete.
	// +optional
	EndTimestamp *metav1.Time `json:"endTimestamp,omitempty"`
	// File the dump is in.
	// +optional
	FileName *string `json:"fileName,omitempty"`
	// Why the dump failed, in words.
	// +optional
	Message string `json:"message,omitempty"`
}

// MemoryDumpPhase is how far a memory dump is.
type MemoryDumpPhase string

// Values of MemoryDumpPhase.
const (
	// MemoryDumpPhaseAssociating waits for the claim to be attached.
	MemoryDumpPhaseAssociating MemoryDumpPhase = "Associating"
	// MemoryDumpPhaseInProgress is writing.
	MemoryDumpPhaseInProgress MemoryDumpPhase = "InProgress"
	// MemoryDumpPhaseUnmounting waits for the claim to be detached.
	MemoryDumpPhaseUnmounting MemoryDumpPhase = "Unmounting"
	// MemoryDumpPhaseCompleted is complete.
	MemoryDumpPhaseCompleted MemoryDumpPhase = "Completed"
	// MemoryDumpPhaseDissociating lets the claim go.
	MemoryDumpPhaseDissociating MemoryDumpPhase = "Dissociating"
	// MemoryDumpPhaseFailed has failed.
	MemoryDumpPhaseFailed MemoryDumpPhase = "Failed"
)
