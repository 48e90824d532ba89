package v1

// KubeVirtStatus is what is installed.
type KubeVirtStatus struct {
	// Where the installation stands.
	// +optional
	Phase KubeVirtPhase `json:"phase,omitempty"`
	// Aspects of the installation's state, one per type.
	// +optional
	Conditions []Condition `json:"conditions,omitempty"`
	// Version of the operator.
	// +optional
	OperatorVersion string `json:"operatorVersion,omitempty"`
	// Registry of the images to be installed.
	// +optional
	TargetKubeVirtRegistry string `json:"targetKubeVirtRegistry,omitempty"`
	// Version to be installed.
	// +optional
	TargetKubeVirtVersion string `json:"targetKubeVirtVersion,omitempty"`
	// Settings of the images to be installed, in JSON.
	// +optional
	TargetDeploymentConfig string `json:"targetDeploymentConfig,omitempty"`
	// Hash of registry, version and settings to be installed.
	// +optional
	TargetDeploymentID string `json:"targetDeploymentID,omitempty"`
	// Registry of the images installed.
	// +optional
	ObservedKubeVirtRegistry string `json:"observedKubeVirtRegistry,omitempty"`
	// Version installed.
	// +optional
	ObservedKubeVirtVersion string `json:"observedKubeVirtVersion,omitempty"`
	// Settings of the images installed, in JSON.
	// +optional
	ObservedDeploymentConfig string `json:"observedDeploymentConfig,omitempty"`
	// Hash of registry, version and settings installed.
	// +optional
	ObservedDeploymentID string `json:"observedDeploymentID,omitempty"`
	// Guests whose launcher is older than the installation.
	// +optional
	OutdatedVirtualMachineInstanceWorkloads *int `json:"outdatedVirtualMachineInstanceWorkloads,omitempty"`
	// Generation of the spec that is installed.
	// +optional
	ObservedGeneration *int64 `json:"observedGeneration,omitempty"`
	// Architecture of guests that name none.
	// +optional
	DefaultArchitecture string `json:"defaultArchitecture,omitempty"`
	// Generations of the installed objects, by which changes by others are seen.
	// +optional
	// +listType=atomic
	Generations []GenerationStatus `json:"generations,omitempty"`
	// Addresses by which other clusters reach this one.
	// +optional
	// +listType=atomic
	SynchronizationAddresses []string `json:"synchronizationAddresses,omitempty"`
}

// GenerationStatus is an installed object as it was last written.
type GenerationStatus struct {
	// Its API group.
	Group string `json:"group"`
	// Its resource, in the plural.
	Resource string `json:"resource"`
	// Its namespace, empty for cluster-wide objects.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Its name.
	Name string `json:"name"`
	// Its generation after it was written.
	LastGeneration int64 `json:"lastGeneration"`
	// Hash of what was written, where the object has no generation.
	// +optional
	Hash string `json:"hash,omitempty"`
}

// KubeVirtPhase is where an installation stands.
type KubeVirtPhase string

// Values of KubeVirtPhase.
const (
	// KubeVirtPhaseDeploying is being installed or updated.
	KubeVirtPhaseDeploying KubeVirtPhase = "Deploying"
	// KubeVirtPhaseDeployed is installed.
	KubeVirtPhaseDeployed KubeVirtPhase = "Deployed"
	// KubeVirtPhaseDeleting is being removed.
	KubeVirtPhaseDeleting KubeVirtPhase = "Deleting"
	// KubeVirtPhaseDeleted is removed.
	KubeVirtPhaseDeleted KubeVirtPhase = "Deleted"
)
