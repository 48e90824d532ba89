package v1

// CPU describes the guest's virtual CPUs; their number is sockets times cores times threads.
type CPU struct {
	// Cores of a socket; 1 if 0.
	// +optional
	Cores uint32 `json:"cores,omitempty"`
	// Sockets of the guest; 1 if 0, or as many as requested CPUs when cores and threads are 0 too.
	// +optional
	Sockets uint32 `json:"sockets,omitempty"`
	// Sockets up to which the guest can be grown while it runs; decided by the cluster if 0.
	// +optional
	MaxSockets uint32 `json:"maxSockets,omitempty"`
	// Threads of a core; 1 if 0.
	// +optional
	Threads uint32 `json:"threads,omitempty"`
	// CPU model the guest sees: a name, host-model or host-passthrough; the cluster's model or host-model if empty.
	// +optional
	Model string `json:"model,omitempty"`
	// CPU features to add to or take from the model.
	// +optional
	Features []CPUFeature `json:"features,omitempty"`
	// Gives every virtual CPU a whole CPU of the node for itself.
	// +optional
	DedicatedCPUPlacement bool `json:"dedicatedCpuPlacement,omitempty"`
	// How the guest's memory is laid out over NUMA nodes.
	// +optional
	NUMA *NUMA `json:"numa,omitempty"`
	// Gives QEMU's own work a further dedicated CPU.
	// +optional
	IsolateEmulatorThread bool `json:"isolateEmulatorThread,omitempty"`
	// Tunes the virtual CPUs for real-time guests; needs dedicated CPUs.
	// +optional
	Realtime *Realtime `json:"realtime,omitempty"`
}

// CPUFeature is a feature of the CPU and whether the guest has it.
type CPUFeature struct {
	// Name of the feature as libvirt knows it, such as vmx.
	// +kubebuilder:validation:MinLength=1
	Name string `json:"name"`
	// force, require, optional, disable or forbid; require if empty.
	// +optional
	// +kubebuilder:validation:Enum="";force;require;optional;disable;forbid
	Policy string `json:"policy,omitempty"`
}

// NUMA describes the guest's memory layout.
type NUMA struct {
	// Shows the guest the NUMA layout of the CPUs it was given; needs huge pages and dedicated CPUs.
	// +optional
	GuestMappingPassthrough *NUMAGuestMappingPassthrough `json:"guestMappingPassthrough,omitempty"`
}

// NUMAGuestMappingPassthrough mirrors the node's NUMA layout in the guest.
type NUMAGuestMappingPassthrough struct {
}

// Realtime tunes virtual CPUs for real-time work.
type Realtime struct {
	// Virtual CPUs that get real-time priority, such as 0-3,^1; all if empty.
	// +optional
	Mask string `json:"mask,omitempty"`
}

// DiskIOThreads sizes the threads that serve disks.
type DiskIOThreads struct {
	// Threads of the pool; at least 1 with the policy supplementalPool.
	// +optional
	SupplementalPoolThreadCount *uint32 `json:"supplementalPoolThreadCount,omitempty"`
}

// CPUTopology tells the layout of the virtual CPUs a guest has.
type CPUTopology struct {
	// Cores of a socket.
	// +optional
	Cores uint32 `json:"cores,omitempty"`
	// Sockets plugged in.
	// +optional
	Sockets uint32 `json:"sockets,omitempty"`
	// Threads of a core.
	// +optional
	Threads uint32 `json:"threads,omitempty"`
}

// IOThreadsPolicy says how disks share the threads that serve them.
// +kubebuilder:validation:Enum=shared;auto;supplementalPool
type IOThreadsPolicy string

// Values of IOThreadsPolicy.
const (
	// IOThreadsPolicyShared serves all disks by one further thread.
	IOThreadsPolicyShared IOThreadsPolicy = "shared"
	// IOThreadsPolicyAuto serves disks by a number of threads that follows the virtual CPUs.
	IOThreadsPolicyAuto IOThreadsPolicy = "auto"
	// IOThreadsPolicySupplementalPool serves every disk by all threads of a pool.
	IOThreadsPolicySupplementalPool IOThreadsPolicy = "supplementalPool"
)
