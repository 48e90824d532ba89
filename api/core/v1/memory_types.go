package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

type ResourceRequirements struct {
	// +optional
	Requests corev1.ResourceList `json:"requests,omitempty"`
	// +optional
	Limits corev1.ResourceList `json:"limits,omitempty"`
	// +optional
	OvercommitGuestOverhead bool `json:"overcommitGuestOverhead,omitempty"`
}

type Memory struct {
	// +optional
	Hugepages *Hugepages `json:"hugepages,omitempty"`
	// +optional
	Guest *resource.Quantity `json:"guest,omitempty"`
	// +optional
	MaxGuest *resource.Quantity `json:"maxGuest,omitempty"`
	// +optional
	ReservedOverhead *ReservedOverhead `json:"reservedOverhead,omitempty"`
}

type Hugepages struct {
	// +optional
	PageSize string `json:"pageSize,omitempty"`
}

type ReservedOverhead struct {
	// +optional
	AddedOverhead *resource.Quantity `json:"addedOverhead,omitempty"`
	// +optional
	MemLock *MemLockRequirement `json:"memLock,omitempty"`
}

type MemoryStatus struct {
	// +optional
	GuestAtBoot *resource.Quantity `json:"guestAtBoot,omitempty"`
	// +optional
	GuestCurrent *resource.Quantity `json:"guestCurrent,omitempty"`
	// +optional
	GuestRequested *resource.Quantity `json:"guestRequested,omitempty"`
	// +optional
	MemoryOverhead *resource.Quantity `json:"memoryOverhead,omitempty"`
}

// +kubebuilder:validation:Enum=NotRequired;Required
type MemLockRequirement string

// Values of MemLockRequirement.
const (
	MemLockRequirementNotRequired MemLockRequirement = "NotRequired"
	MemLockRequirementRequired    MemLockRequirement = "Required"
)
