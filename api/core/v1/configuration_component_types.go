package v1

// SupportContainerResources is the resources of a kind of helper container.
type SupportContainerResources struct {
	// Kind of the container.
	Type SupportContainerType `json:"type"`
	// Its resources.
	Resources ResourceRequirementsWithoutClaims `json:"resources"`
}

// ReloadableComponentConfiguration is settings a component follows without a restart.
type ReloadableComponentConfiguration struct {
	// How it talks to the API server.
	// +optional
	RestClient *RESTClientConfiguration `json:"restClient,omitempty"`
}

// RESTClientConfiguration is how a component talks to the API server.
type RESTClientConfiguration struct {
	// How often it may ask: 200 a second and 400 at once if unset, webhooks 40 and 80, virt-handler 50 and 100.
	// +optional
	RateLimiter *RateLimiter `json:"rateLimiter,omitempty"`
}

// RateLimiter limits requests.
type RateLimiter struct {
	// A steady rate with bursts.
	// +optional
	TokenBucketRateLimiter *TokenBucketRateLimiter `json:"tokenBucketRateLimiter,omitempty"`
}

// TokenBucketRateLimiter allows a steady rate of requests with bursts.
type TokenBucketRateLimiter struct {
	// Requests per second over time, more than 0.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:ExclusiveMinimum=true
	QPS float32 `json:"qps"`
	// Requests at once.
	// +kubebuilder:validation:Minimum=1
	Burst int `json:"burst"`
}

// TLSConfiguration is what TLS connections the components accept. Between virt-api and virt-handler it is TLS 1.3 always.
type TLSConfiguration struct {
	// Least version; VersionTLS12 if empty.
	// +optional
	MinTLSVersion TLSProtocolVersion `json:"minTLSVersion,omitempty"`
	// Cipher suites by their IANA names, only with a minTLSVersion below VersionTLS13; Go's choice if none.
	// +optional
	// +listType=set
	Ciphers []string `json:"ciphers,omitempty"`
}

// SeccompConfiguration is the seccomp profiles in use.
type SeccompConfiguration struct {
	// Profile of launcher pods; the runtime's default if unset.
	// +optional
	VirtualMachineInstanceProfile *VirtualMachineInstanceProfile `json:"virtualMachineInstanceProfile,omitempty"`
}

// VirtualMachineInstanceProfile is the seccomp profile of launcher pods.
type VirtualMachineInstanceProfile struct {
	// The profile.
	// +optional
	CustomProfile *CustomProfile `json:"customProfile,omitempty"`
}

// CustomProfile is a seccomp profile; exactly one is set.
type CustomProfile struct {
	// File of the profile, relative to the kubelet's seccomp directory.
	// +optional
	LocalhostProfile *string `json:"localhostProfile,omitempty"`
	// Takes the container runtime's profile.
	// +optional
	RuntimeDefaultProfile bool `json:"runtimeDefaultProfile,omitempty"`
}

// SupportContainerType is a kind of helper container.
type SupportContainerType string

// Values of SupportContainerType.
const (
	// SupportContainerTypeHotplugDisk brings hotplugged volumes to a node.
	SupportContainerTypeHotplugDisk SupportContainerType = "hotplug-disk"
	// SupportContainerTypeContainerDisk holds a container disk.
	SupportContainerTypeContainerDisk SupportContainerType = "container-disk"
	// SupportContainerTypeVirtiofs shares a directory.
	SupportContainerTypeVirtiofs SupportContainerType = "virtiofs"
	// SupportContainerTypeSidecar changes guests' definitions.
	SupportContainerTypeSidecar SupportContainerType = "sidecar"
	// SupportContainerTypeVmexport serves exports.
	SupportContainerTypeVmexport SupportContainerType = "vmexport"
	// SupportContainerTypeGuestConsoleLog writes a serial console to its log.
	SupportContainerTypeGuestConsoleLog SupportContainerType = "guest-console-log"
)

// TLSProtocolVersion is a version of TLS.
// +kubebuilder:validation:Enum=VersionTLS10;VersionTLS11;VersionTLS12;VersionTLS13
type TLSProtocolVersion string

// Values of TLSProtocolVersion.
const (
	// VersionTLS10 is TLS 1.0.
	VersionTLS10 TLSProtocolVersion = "VersionTLS10"
	// VersionTLS11 is TLS 1.1.
	VersionTLS11 TLSProtocolVersion = "VersionTLS11"
	// VersionTLS12 is TLS 1.2.
	VersionTLS12 TLSProtocolVersion = "VersionTLS12"
	// VersionTLS13 is TLS 1.3.
	VersionTLS13 TLSProtocolVersion = "VersionTLS13"
)

// RoleAggregationStrategy says whether the user roles are part of the cluster's own.
// +kubebuilder:validation:Enum=AggregateToDefault;Manual
type RoleAggregationStrategy string

// Values of RoleAggregationStrategy.
const (
	// RoleAggregationStrategyAggregateToDefault adds the user roles to admin, edit and view.
	RoleAggregationStrategyAggregateToDefault RoleAggregationStrategy = "AggregateToDefault"
	// RoleAggregationStrategyManual leaves the user roles to be bound by hand.
	RoleAggregationStrategyManual RoleAggregationStrategy = "Manual"
)
