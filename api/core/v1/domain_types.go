package v1

// DomainSpec is the virtual machine: its processors, memory, firmware and devices.
type DomainSpec struct {
	// CPU and memory that the launcher pod asks its node for.
	// +optional
	Resources ResourceRequirements `json:"resources,omitempty"`
	// Virtual CPUs of the guest.
	// +optional
	CPU *CPU `json:"cpu,omitempty"`
	// Memory of the guest.
	// +optional
	Memory *Memory `json:"memory,omitempty"`
	// Machine type, which fixes the chipset and what it can do.
	// +optional
	Machine *Machine `json:"machine,omitempty"`
	// How the guest boots and what the firmware tells it about itself.
	// +optional
	Firmware *Firmware `json:"firmware,omitempty"`
	// Where the guest gets its time from.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	Clock *Clock `json:"clock,omitempty"`
	// Features of the virtual CPU and platform.
	// +optional
	Features *Features `json:"features,omitempty"`
	// Devices of the guest.
	Devices Devices `json:"devices"`
	// How disk work is shared among threads; one main thread if empty.
	// +optional
	IOThreadsPolicy *IOThreadsPolicy `json:"ioThreadsPolicy,omitempty"`
	// Size of the thread pool that the policy supplementalPool uses.
	// +optional
	IOThreads *DiskIOThreads `json:"ioThreads,omitempty"`
	// What SMBIOS says about the guest's chassis.
	// +optional
	Chassis *Chassis `json:"chassis,omitempty"`
	// Encryption of the guest's memory against its host.
	// +optional
	LaunchSecurity *LaunchSecurity `json:"launchSecurity,omitempty"`
	// Whether a reboot by the guest restarts it or ends the instance; Reboot if empty.
	// +optional
	RebootPolicy *RebootPolicy `json:"rebootPolicy,omitempty"`
}

// RebootPolicy says what a reboot from within the guest does.
// +kubebuilder:validation:Enum=Reboot;Terminate
type RebootPolicy string

// Values of RebootPolicy.
const (
	// RebootPolicyReboot restarts the guest within its instance.
	RebootPolicyReboot RebootPolicy = "Reboot"
	// RebootPolicyTerminate ends the instance.
	RebootPolicyTerminate RebootPolicy = "Terminate"
)
