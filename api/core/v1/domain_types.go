package v1

type DomainSpec struct {
	// +optional
	Resources ResourceRequirements `json:"resources,omitempty"`
	// +optional
	CPU *CPU `json:"cpu,omitempty"`
	// +optional
	Memory *Memory `json:"memory,omitempty"`
	// +optional
	Machine *Machine `json:"machine,omitempty"`
	// +optional
	Firmware *Firmware `json:"firmware,omitempty"`
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	Clock *Clock `json:"clock,omitempty"`
	// +optional
	Features *Features `json:"features,omitempty"`
	Devices  Devices   `json:"devices"`
	// +optional
	IOThreadsPolicy *IOThreadsPolicy `json:"ioThreadsPolicy,omitempty"`
	// +optional
	IOThreads *DiskIOThreads `json:"ioThreads,omitempty"`
	// +optional
	Chassis *Chassis `json:"chassis,omitempty"`
	// +optional
	LaunchSecurity *LaunchSecurity `json:"launchSecurity,omitempty"`
	// +optional
	RebootPolicy *RebootPolicy `json:"rebootPolicy,omitempty"`
}

// +kubebuilder:validation:Enum=Reboot;Terminate
type RebootPolicy string

// Values of RebootPolicy.
const (
	RebootPolicyReboot    RebootPolicy = "Reboot"
	RebootPolicyTerminate RebootPolicy = "Terminate"
)
