package v1

type KubeVirtStatus struct {
	// +optional
	Phase KubeVirtPhase `json:"phase,omitempty"`
	// +optional
	Conditions []Condition `json:"conditions,omitempty"`
	// +optional
	OperatorVersion string `json:"operatorVersion,omitempty"`
	// +optional
	TargetKubeVirtRegistry string `json:"targetKubeVirtRegistry,omitempty"`
	// +optional
	TargetKubeVirtVersion string `json:"targetKubeVirtVersion,omitempty"`
	// +optional
	TargetDeploymentConfig string `json:"targetDeploymentConfig,omitempty"`
	// +optional
	TargetDeploymentID string `json:"targetDeploymentID,omitempty"`
	// +optional
	ObservedKubeVirtRegistry string `json:"observedKubeVirtRegistry,omitempty"`
	// +optional
	ObservedKubeVirtVersion string `json:"observedKubeVirtVersion,omitempty"`
	// +optional
	ObservedDeploymentConfig string `json:"observedDeploymentConfig,omitempty"`
	// +optional
	ObservedDeploymentID string `json:"observedDeploymentID,omitempty"`
	// +optional
	OutdatedVirtualMachineInstanceWorkloads *int `json:"outdatedVirtualMachineInstanceWorkloads,omitempty"`
	// +optional
	ObservedGeneration *int64 `json:"observedGeneration,omitempty"`
	// +optional
	DefaultArchitecture string `json:"defaultArchitecture,omitempty"`
	// +optional
	// +listType=atomic
	Generations []GenerationStatus `json:"generations,omitempty"`
	// +optional
	// +listType=atomic
	SynchronizationAddresses []string `json:"synchronizationAddresses,omitempty"`
}

type GenerationStatus struct {
	Group    string `json:"group"`
	Resource string `json:"resource"`
	// +optional
	Namespace      string `json:"namespace,omitempty"`
	Name           string `json:"name"`
	LastGeneration int64  `json:"lastGeneration"`
	// +optional
	Hash string `json:"hash,omitempty"`
}

type KubeVirtPhase string

// Values of KubeVirtPhase.
const (
	KubeVirtPhaseDeploying KubeVirtPhase = "Deploying"
	KubeVirtPhaseDeployed  KubeVirtPhase = "Deployed"
	KubeVirtPhaseDeleting  KubeVirtPhase = "Deleting"
	KubeVirtPhaseDeleted   KubeVirtPhase = "Deleted"
)
