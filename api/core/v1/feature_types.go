package v1

// Features are properties of the virtual CPU and platform; unset ones are off but for acpi.
type Features struct {
	// Power management tables; on if unset, and needed for an orderly shutdown.
	// +optional
	ACPI FeatureState `json:"acpi,omitempty"`
	// Interrupt controller of x86.
	// +optional
	APIC *FeatureAPIC `json:"apic,omitempty"`
	// Gives the guest every Hyper-V feature the node has; excludes hyperv.
	// +optional
	HypervPassthrough *HyperVPassthrough `json:"hypervPassthrough,omitempty"`
	// Hyper-V features that make Windows guests faster.
	// +optional
	Hyperv *FeatureHyperv `json:"hyperv,omitempty"`
	// System Management Mode, which secure boot needs.
	// +optional
	SMM *FeatureState `json:"smm,omitempty"`
	// What the guest sees of KVM.
	// +optional
	KVM *FeatureKVM `json:"kvm,omitempty"`
	// Spinlocks that tell the host when they wait; on if unset.
	// +optional
	Pvspinlock *FeatureState `json:"pvspinlock,omitempty"`
}

// FeatureState switches a feature.
type FeatureState struct {
	// Whether the feature is on; true if unset.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
}

// FeatureAPIC describes the interrupt controller of x86.
type FeatureAPIC struct {
	// Whether the guest has the controller; true if unset.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Lets the guest end interrupts without leaving it; false by default.
	// +optional
	EndOfInterrupt bool `json:"endOfInterrupt,omitempty"`
}

// HyperVPassthrough gives a guest all Hyper-V features of its node.
type HyperVPassthrough struct {
	// Whether the features are passed on.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
}

// FeatureHyperv lists Hyper-V features; a set one is on unless it says otherwise.
type FeatureHyperv struct {
	// Relaxes the guest's watchdogs, so that it survives being descheduled.
	// +optional
	Relaxed *FeatureState `json:"relaxed,omitempty"`
	// Virtual interrupt controller.
	// +optional
	VAPIC *FeatureState `json:"vapic,omitempty"`
	// Tells the host when a spinlock has been waited for long.
	// +optional
	Spinlocks *FeatureSpinlocks `json:"spinlocks,omitempty"`
	// Lets the guest ask which virtual CPU it is on.
	// +optional
	VPIndex *FeatureState `json:"vpindex,omitempty"`
	// Lets the guest ask how long a virtual CPU has run.
	// +optional
	Runtime *FeatureState `json:"runtime,omitempty"`
	// Synthetic interrupt controller; needs vpindex.
	// +optional
	SyNIC *FeatureState `json:"synic,omitempty"`
	// Synthetic timers; needs synic.
	// +optional
	SyNICTimer *SyNICTimer `json:"synictimer,omitempty"`
	// Lets the guest reset itself through Hyper-V.
	// +optional
	Reset *FeatureState `json:"reset,omitempty"`
	// Name under which the hypervisor presents itself.
	// +optional
	VendorID *FeatureVendorID `json:"vendorid,omitempty"`
	// Tells the guest the frequencies of its counters.
	// +optional
	Frequencies *FeatureState `json:"frequencies,omitempty"`
	// Tells the guest when the frequency of its counter changed by a migration.
	// +optional
	Reenlightenment *FeatureState `json:"reenlightenment,omitempty"`
	// Lets the guest flush translation buffers of all its CPUs at once; needs vpindex.
	// +optional
	TLBFlush *TLBFlush `json:"tlbflush,omitempty"`
	// Lets the guest interrupt many of its CPUs at once; needs vpindex.
	// +optional
	IPI *FeatureState `json:"ipi,omitempty"`
	// Faster nested virtualization on Intel; needs vapic and the CPU feature vmx.
	// +optional
	EVMCS *FeatureState `json:"evmcs,omitempty"`
}

// FeatureSpinlocks describes the spinlock feature of Hyper-V.
type FeatureSpinlocks struct {
	// Whether the feature is on; true if unset.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Attempts before the host is told; 4096 if unset.
	// +optional
	// +kubebuilder:validation:Minimum=4095
	Spinlocks *uint32 `json:"spinlocks,omitempty"`
}

// SyNICTimer describes the synthetic timers of Hyper-V.
type SyNICTimer struct {
	// Whether the timers are on; true if unset.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Delivers expirations as interrupts of their own instead of messages.
	// +optional
	Direct *FeatureState `json:"direct,omitempty"`
}

// FeatureVendorID sets the vendor that the hypervisor calls itself.
type FeatureVendorID struct {
	// Whether the name is changed; true if unset.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// The name, at most 12 characters; required where the feature is on.
	// +optional
	// +kubebuilder:validation:MaxLength=12
	// +kubebuilder:validation:Pattern=`^[^,]*$`
	VendorID string `json:"vendorid,omitempty"`
}

// TLBFlush describes the flushing of translation buffers through Hyper-V.
type TLBFlush struct {
	// Whether flushing is on; true if unset.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Lets a nested guest flush without its hypervisor's help.
	// +optional
	Direct *FeatureState `json:"direct,omitempty"`
	// Lets the guest flush ranges instead of everything.
	// +optional
	Extended *FeatureState `json:"extended,omitempty"`
}

// FeatureKVM says what a guest sees of KVM.
type FeatureKVM struct {
	// Hides KVM from the guest, for drivers that refuse to run under it; false by default.
	// +optional
	Hidden bool `json:"hidden,omitempty"`
}
