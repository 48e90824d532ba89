package v1

import (
	"k8s.io/apimachinery/pkg/api/resource"
)

// DeveloperConfiguration is settings for developers and for trying things out.
type DeveloperConfiguration struct {
	// Features to switch on that are off by default.
	// +optional
	// +listType=atomic
	FeatureGates []string `json:"featureGates,omitempty"`
	// Features to switch off that are on by default.
	// +optional
	// +listType=atomic
	DisabledFeatureGates []string `json:"disabledFeatureGates,omitempty"`
	// Percent by which a claim may be smaller than asked for; 10 if 0.
	// +optional
	PVCTolerateLessSpaceUpToPercent int `json:"pvcTolerateLessSpaceUpToPercent,omitempty"`
	// Bytes of a claim left free when a disk image is made; 131072 if 0.
	// +optional
	MinimumReservePVCBytes uint64 `json:"minimumReservePVCBytes,omitempty"`
	// Percent of guest memory per requested memory, from 10; 100 if 0.
	// +optional
	// +kubebuilder:validation:Minimum=10
	MemoryOvercommit int `json:"memoryOvercommit,omitempty"`
	// Labels that nodes of all guests must have.
	// +optional
	NodeSelectors map[string]string `json:"nodeSelectors,omitempty"`
	// Emulates CPUs where the node has no KVM; slow, false by default.
	// +optional
	UseEmulation bool `json:"useEmulation,omitempty"`
	// Virtual CPUs per requested CPU; 10 if 0.
	// +optional
	CPUAllocationRatio int `json:"cpuAllocationRatio,omitempty"`
	// Least TSC frequency in Hz that guests may rely on; the lowest of all nodes if unset.
	// +optional
	MinimumClusterTSCFrequency *int64 `json:"minimumClusterTSCFrequency,omitempty"`
	// Limits while disk images are looked at.
	// +optional
	DiskVerification *DiskVerification `json:"diskVerification,omitempty"`
	// Log levels.
	// +optional
	LogVerbosity *LogVerbosity `json:"logVerbosity,omitempty"`
	// Lets the components be profiled; false by default.
	// +optional
	ClusterProfiler bool `json:"clusterProfiler,omitempty"`
}

// DiskVerification limits the program that looks at disk images.
type DiskVerification struct {
	// Memory it may use, 2000M where the whole setting is unset.
	MemoryLimit *resource.Quantity `json:"memoryLimit"`
}

// LogVerbosity is log levels, 2 where 0. More than 7 shows no more: what would come then holds Secrets.
type LogVerbosity struct {
	// Level of virt-api.
	// +optional
	VirtAPI uint `json:"virtAPI,omitempty"`
	// Level of virt-controller.
	// +optional
	VirtController uint `json:"virtController,omitempty"`
	// Level of virt-handler.
	// +optional
	VirtHandler uint `json:"virtHandler,omitempty"`
	// Level of launchers.
	// +optional
	VirtLauncher uint `json:"virtLauncher,omitempty"`
	// Level of virt-operator.
	// +optional
	VirtOperator uint `json:"virtOperator,omitempty"`
	// Level of the controller for migrations between clusters.
	// +optional
	VirtSynchronizationController uint `json:"virtSynchronizationController,omitempty"`
	// Level of virt-handler and launchers on single nodes, by node name.
	// +optional
	NodeVerbosity map[string]uint `json:"nodeVerbosity,omitempty"`
}
