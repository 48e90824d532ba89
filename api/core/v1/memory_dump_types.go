package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type DomainMemoryDumpInfo struct {
	// +optional
	StartTimestamp *metav1.Time `json:"startTimestamp,omitempty"`
	// +optional
	EndTimestamp *metav1.Time `json:"endTimestamp,omitempty"`
	// +optional
	ClaimName string `json:"claimName,omitempty"`
	// +optional
	TargetFileName string `json:"targetFileName,omitempty"`
}

type VirtualMachineMemoryDumpRequest struct {
	ClaimName string          `json:"claimName"`
	Phase     MemoryDumpPhase `json:"phase"`
	// +optional
	Remove bool `json:"remove,omitempty"`
	// +optional
	StartTimestamp *metav1.Time `json:"startTimestamp,omitempty"`
	// +optional
	EndTimestamp *metav1.Time `json:"endTimestamp,omitempty"`
	// +optional
	FileName *string `json:"fileName,omitempty"`
	// +optional
	Message string `json:"message,omitempty"`
}

type MemoryDumpPhase string

// Values of MemoryDumpPhase.
const (
	MemoryDumpPhaseAssociating  MemoryDumpPhase = "Associating"
	MemoryDumpPhaseInProgress   MemoryDumpPhase = "InProgress"
	MemoryDumpPhaseUnmounting   MemoryDumpPhase = "Unmounting"
	MemoryDumpPhaseCompleted    MemoryDumpPhase = "Completed"
	MemoryDumpPhaseDissociating MemoryDumpPhase = "Dissociating"
	MemoryDumpPhaseFailed       MemoryDumpPhase = "Failed"
)
