package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// ResourceRequirements are the resources a launcher pod asks for on behalf of its guest.
type ResourceRequirements struct {
	// Least amounts of cpu and memory; memory defaults to the guest's.
	// +optional
	Requests corev1.ResourceList `json:"requests,omitempty"`
	// Most amounts of cpu and memory; equal requests make the pod Guaranteed.
	// +optional
	Limits corev1.ResourceList `json:"limits,omitempty"`
	// Leaves the launcher's own needs out of the memory request, at the risk of its being killed.
	// +optional
	OvercommitGuestOverhead bool `json:"overcommitGuestOverhead,omitempty"`
}

// Memory is the guest's memory.
type Memory struct {
	// Backs the memory by huge pages of the node.
	// +optional
	Hugepages *Hugepages `json:"hugepages,omitempty"`
	// Memory the guest sees; the requested memory if unset.
	// +optional
	Guest *resource.Quantity `json:"guest,omitempty"`
	// Memory up to which the guest can be grown while it runs; decided by the cluster if unset.
	// +optional
	MaxGuest *resource.Quantity `json:"maxGuest,omitempty"`
	// Memory set aside in the launcher pod beyond what is reckoned for it.
	// +optional
	ReservedOverhead *ReservedOverhead `json:"reservedOverhead,omitempty"`
}

// Hugepages says which huge pages back a guest's memory.
type Hugepages struct {
	// Size of a page, such as 2Mi or 1Gi; the guest's memory must be a multiple.
	// +optional
	PageSize string `json:"pageSize,omitempty"`
}

// ReservedOverhead is memory that a launcher pod keeps for what its guest's devices need.
type ReservedOverhead struct {
	// Memory added to the launcher pod's request.
	// +optional
	AddedOverhead *resource.Quantity `json:"addedOverhead,omitempty"`
	// Whether the guest's memory and this overhead must be locked in RAM; NotRequired if unset.
	// +optional
	MemLock *MemLockRequirement `json:"memLock,omitempty"`
}

// MemoryStatus tells how much memory a guest has had.
type MemoryStatus struct {
	// Memory the guest was started with.
	// +optional
	GuestAtBoot *resource.Quantity `json:"guestAtBoot,omitempty"`
	// Memory the guest has now.
	// +optional
	GuestCurrent *resource.Quantity `json:"guestCurrent,omitempty"`
	// Memory the guest was last asked to have.
	// +optional
	GuestRequested *resource.Quantity `json:"guestRequested,omitempty"`
	// Memory of the launcher pod beyond the guest's.
	// +optional
	MemoryOverhead *resource.Quantity `json:"memoryOverhead,omitempty"`
}

// MemLockRequirement says whether a guest's memory must stay in RAM.
// +kubebuilder:validation:Enum=NotRequired;Required
type MemLockRequirement string

// Values of MemLockRequirement.
const (
	// MemLockRequirementNotRequired leaves memory free to be swapped.
	MemLockRequirementNotRequired MemLockRequirement = "NotRequired"
	// MemLockRequirementRequired locks memory in RAM.
	MemLockRequirementRequired MemLockRequirement = "Required"
)
