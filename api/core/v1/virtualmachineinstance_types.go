package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// VirtualMachineInstance is one run of a guest, from the moment it is asked for to its end; it never runs twice.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualmachineinstances,singular=virtualmachineinstance,shortName=vmi;vmis,categories=all,scope=Namespaced
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase"
// +kubebuilder:printcolumn:name="IP",type="string",JSONPath=".status.interfaces[0].ipAddress"
// +kubebuilder:printcolumn:name="NodeName",type="string",JSONPath=".status.nodeName"
// +kubebuilder:printcolumn:name="Ready",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="Live-Migratable",type="string",JSONPath=".status.conditions[?(@.type=='LiveMigratable')].status",priority=1
// +kubebuilder:printcolumn:name="Paused",type="string",JSONPath=".status.conditions[?(@.type=='Paused')].status",priority=1
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type VirtualMachineInstance struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// What to run; cannot be changed by its users once the instance exists.
	Spec VirtualMachineInstanceSpec `json:"spec"`
	// How the run goes, as the controllers and the node agent see it.
	// +optional
	Status VirtualMachineInstanceStatus `json:"status,omitempty"`
}

// VirtualMachineInstanceList is what a LIST of virtualmachineinstances returns.
// +kubebuilder:object:root=true
type VirtualMachineInstanceList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []VirtualMachineInstance `json:"items"`
}

// VirtualMachineInstanceSpec describes a guest and the pod it runs in.
type VirtualMachineInstanceSpec struct {
	// Priority class of the launcher pod; the cluster's default if empty.
	// +optional
	PriorityClassName string `json:"priorityClassName,omitempty"`
	// The virtual machine as the guest sees it.
	Domain DomainSpec `json:"domain"`
	// Labels a node must have to run the guest.
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// Placement rules, as for a pod.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// Scheduler that places the launcher pod; the cluster's default if empty.
	// +optional
	SchedulerName string `json:"schedulerName,omitempty"`
	// Service account offered to the guest by a serviceAccount volume; the launcher itself never uses it.
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
	// Node taints that the launcher pod puts up with.
	// +optional
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
	// How instances are spread over zones and nodes, as for a pod.
	// +optional
	// +listType=map
	// +listMapKey=topologyKey
	// +listMapKey=whenUnsatisfiable
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty"`
	// What happens when the node is drained; the cluster's setting if empty.
	// +optional
	EvictionStrategy *EvictionStrategy `json:"evictionStrategy,omitempty"`
	// Paused leaves the guest stopped right after it was started, for debugging or attestation.
	// +optional
	StartStrategy *StartStrategy `json:"startStrategy,omitempty"`
	// Seconds the guest gets to power off by itself; 30 if unset, 0 for none.
	// +optional
	// +kubebuilder:validation:Minimum=0
	TerminationGracePeriodSeconds *int64 `json:"terminationGracePeriodSeconds,omitempty"`
	// Storage that disks and filesystems of the same name show to the guest.
	// +optional
	// +kubebuilder:validation:MaxItems=256
	Volumes []Volume `json:"volumes,omitempty"`
	// Probe whose failure ends the instance; none if unset.
	// +optional
	LivenessProbe *Probe `json:"livenessProbe,omitempty"`
	// Probe that decides whether Services send traffic to the guest; none if unset.
	// +optional
	ReadinessProbe *Probe `json:"readinessProbe,omitempty"`
	// Host name given to the guest by DHCP and cloud-init; the instance's name if empty.
	// +optional
	Hostname string `json:"hostname,omitempty"`
	// Subdomain that completes the host name to a full one.
	// +optional
	Subdomain string `json:"subdomain,omitempty"`
	// Networks that interfaces of the same name connect to.
	// +optional
	// +kubebuilder:validation:MaxItems=256
	Networks []Network `json:"networks,omitempty"`
	// How the guest's name servers are chosen; ClusterFirst if empty.
	// +optional
	// +kubebuilder:validation:Enum="";ClusterFirst;ClusterFirstWithHostNet;Default;None
	DNSPolicy corev1.DNSPolicy `json:"dnsPolicy,omitempty"`
	// Name servers and search domains added to those of the policy.
	// +optional
	DNSConfig *corev1.PodDNSConfig `json:"dnsConfig,omitempty"`
	// ssh keys and passwords brought into the guest.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	AccessCredentials []AccessCredential `json:"accessCredentials,omitempty"`
	// CPU architecture of the guest: amd64, arm64 or s390x; the cluster's default if empty.
	// +optional
	Architecture string `json:"architecture,omitempty"`
	// Dynamic resource claims that devices and networks take their hardware from.
	// +optional
	// +listType=map
	// +listMapKey=name
	ResourceClaims []VirtualMachineInstanceResourceClaim `json:"resourceClaims,omitempty"`
	// Claims attached to the launcher pod for a task, such as a memory dump, and unseen by the guest.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	UtilityVolumes []UtilityVolume `json:"utilityVolumes,omitempty"`
}

// VirtualMachineInstanceResourceClaim names a dynamic resource claim, existing or to be made.
type VirtualMachineInstanceResourceClaim struct {
	// Name by which devices refer to the claim.
	Name string `json:"name"`
	// An existing ResourceClaim in the instance's namespace.
	// +optional
	ResourceClaimName *string `json:"resourceClaimName,omitempty"`
	// A template from which a claim is made for this instance alone.
	// +optional
	ResourceClaimTemplateName *string `json:"resourceClaimTemplateName,omitempty"`
}

// VirtualMachineInstanceTemplateSpec is what instances are made from.
type VirtualMachineInstanceTemplateSpec struct {
	// Labels and annotations of the instances.
	// +optional
	// +nullable
	// +kubebuilder:pruning:PreserveUnknownFields
	Metadata metav1.ObjectMeta `json:"metadata,omitempty"`
	// Spec of the instances.
	// +optional
	Spec VirtualMachineInstanceSpec `json:"spec,omitempty"`
}

// EvictionStrategy says what happens to an instance when its node is drained.
// +kubebuilder:validation:Enum=None;LiveMigrate;LiveMigrateIfPossible;External
type EvictionStrategy string

// Values of EvictionStrategy.
const (
	// EvictionStrategyNone lets the guest be stopped with its pod.
	EvictionStrategyNone EvictionStrategy = "None"
	// EvictionStrategyLiveMigrate moves the guest away and refuses the eviction where it cannot move.
	EvictionStrategyLiveMigrate EvictionStrategy = "LiveMigrate"
	// EvictionStrategyLiveMigrateIfPossible moves the guest away and lets it be stopped where it cannot move.
	EvictionStrategyLiveMigrateIfPossible EvictionStrategy = "LiveMigrateIfPossible"
	// EvictionStrategyExternal leaves it to another controller to get the guest away.
	EvictionStrategyExternal EvictionStrategy = "External"
)

// StartStrategy says in which state a guest begins.
// +kubebuilder:validation:Enum=Paused
type StartStrategy string

// Values of StartStrategy.
const (
	// StartStrategyPaused leaves the guest stopped right after it was started.
	StartStrategyPaused StartStrategy = "Paused"
)
