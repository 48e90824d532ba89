package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// MigrationPolicy changes the migration settings for the guests it selects.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=migrationpolicies,singular=migrationpolicy,scope=Cluster
// +kubebuilder:subresource:status
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type MigrationPolicy struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Which guests, and which settings.
	Spec MigrationPolicySpec `json:"spec"`
	// Of no content yet.
	// +optional
	// +nullable
	Status MigrationPolicyStatus `json:"status,omitempty"`
}

// MigrationPolicyList is what a LIST of migrationpolicies returns.
// +kubebuilder:object:root=true
type MigrationPolicyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []MigrationPolicy `json:"items"`
}

// MigrationPolicySpec describes a policy; what it leaves unset is as the cluster's.
type MigrationPolicySpec struct {
	// Guests it applies to; of several matching policies the most specific wins.
	Selectors *Selectors `json:"selectors"`
	// Slows the guest down when it dirties memory faster than it is copied.
	// +optional
	AllowAutoConverge *bool `json:"allowAutoConverge,omitempty"`
	// Bytes per second a migration may use; 0 is no limit.
	// +optional
	BandwidthPerMigration *resource.Quantity `json:"bandwidthPerMigration,omitempty"`
	// Seconds a migration may take per GiB of memory and copied disk.
	// +optional
	CompletionTimeoutPerGiB *int64 `json:"completionTimeoutPerGiB,omitempty"`
	// Milliseconds the guest may stand still at the end.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2000000
	MaxDowntimeMs *uint64 `json:"maxDowntimeMs,omitempty"`
	// Lets the guest run on the target before all memory is there.
	// +optional
	AllowPostCopy *bool `json:"allowPostCopy,omitempty"`
	// Lets a slow migration pause the guest or go post-copy.
	// +optional
	AllowWorkloadDisruption *bool `json:"allowWorkloadDisruption,omitempty"`
	// Settings behind feature gates.
	// +optional
	Experimental *v1.ExperimentalMigrationOptions `json:"experimental,omitempty"`
}

// Selectors choose guests; both must match where both are set.
type Selectors struct {
	// Labels of the guest's namespace.
	// +optional
	NamespaceSelector LabelSelector `json:"namespaceSelector,omitempty"`
	// Labels of the instance.
	// +optional
	VirtualMachineInstanceSelector LabelSelector `json:"virtualMachineInstanceSelector,omitempty"`
}

// LabelSelector is labels that must all be there.
type LabelSelector map[string]string

// MigrationPolicyStatus has no content yet.
type MigrationPolicyStatus struct {
}
