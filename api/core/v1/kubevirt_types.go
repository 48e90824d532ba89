package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// KubeVirt is the installation: there is one in a cluster, and virt-operator makes it so.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=kubevirts,singular=kubevirt,shortName=kv;kvs,categories=all,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase"
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"operator.kubevirt.io="}
type KubeVirt struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// What is to be installed and how it is set up.
	Spec KubeVirtSpec `json:"spec"`
	// What is installed.
	// +optional
	Status KubeVirtStatus `json:"status,omitempty"`
}

// KubeVirtList is what a LIST of kubevirts returns.
// +kubebuilder:object:root=true
type KubeVirtList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []KubeVirt `json:"items"`
}

// KubeVirtSpec describes an installation.
type KubeVirtSpec struct {
	// Tag of the images to install; the operator's own if empty.
	// +optional
	ImageTag string `json:"imageTag,omitempty"`
	// Registry and path of the images to install; the operator's own if empty.
	// +optional
	ImageRegistry string `json:"imageRegistry,omitempty"`
	// When the components' images are pulled; IfNotPresent if empty.
	// +optional
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`
	// Secrets with the credentials for the images' registry.
	// +optional
	// +listType=atomic
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
	// Namespace of the Prometheus that scrapes; openshift-monitoring or monitoring, whichever exists, if empty.
	// +optional
	MonitorNamespace string `json:"monitorNamespace,omitempty"`
	// Namespace for the ServiceMonitor; the Prometheus's if empty.
	// +optional
	ServiceMonitorNamespace string `json:"serviceMonitorNamespace,omitempty"`
	// Service account of that Prometheus; prometheus-k8s if empty.
	// +optional
	MonitorAccount string `json:"monitorAccount,omitempty"`
	// How running guests get to a new launcher after an update.
	// +optional
	WorkloadUpdateStrategy KubeVirtWorkloadUpdateStrategy `json:"workloadUpdateStrategy,omitempty"`
	// What deleting the object does while there are guests; RemoveWorkloads if empty.
	// +optional
	UninstallStrategy KubeVirtUninstallStrategy `json:"uninstallStrategy,omitempty"`
	// How long certificates live.
	// +optional
	CertificateRotateStrategy KubeVirtCertificateRotateStrategy `json:"certificateRotateStrategy,omitempty"`
	// Version shown in labels of the installed objects.
	// +optional
	ProductVersion string `json:"productVersion,omitempty"`
	// Product shown in labels of the installed objects.
	// +optional
	ProductName string `json:"productName,omitempty"`
	// Component shown in labels of the installed objects.
	// +optional
	ProductComponent string `json:"productComponent,omitempty"`
	// Port for migrations between clusters; 9185 if empty.
	// +optional
	SynchronizationPort string `json:"synchronizationPort,omitempty"`
	// How guests run in this cluster.
	// +optional
	Configuration KubeVirtConfiguration `json:"configuration,omitempty"`
	// Where and how often the control plane runs.
	// +optional
	Infra *ComponentConfig `json:"infra,omitempty"`
	// Where the node agent, and so guests, run.
	// +optional
	Workloads *ComponentConfig `json:"workloads,omitempty"`
	// Changes to the installed objects that no other setting provides.
	// +optional
	CustomizeComponents CustomizeComponents `json:"customizeComponents,omitempty"`
}

// KubeVirtWorkloadUpdateStrategy says how running guests get to a new launcher.
type KubeVirtWorkloadUpdateStrategy struct {
	// LiveMigrate and Evict; none leaves guests alone, both evict only those that cannot migrate.
	// +optional
	// +listType=atomic
	WorkloadUpdateMethods []WorkloadUpdateMethod `json:"workloadUpdateMethods,omitempty"`
	// Guests evicted at a time; 10 if unset.
	// +optional
	// +kubebuilder:validation:Minimum=1
	BatchEvictionSize *int `json:"batchEvictionSize,omitempty"`
	// Time between evictions; 1 minute if unset.
	// +optional
	BatchEvictionInterval *metav1.Duration `json:"batchEvictionInterval,omitempty"`
}

// KubeVirtCertificateRotateStrategy says who makes certificates and how long they live.
type KubeVirtCertificateRotateStrategy struct {
	// Certificates signed by the installation's own CA.
	// +optional
	SelfSigned *KubeVirtSelfSignConfiguration `json:"selfSigned,omitempty"`
}

// KubeVirtSelfSignConfiguration is the lifetimes of certificates.
type KubeVirtSelfSignConfiguration struct {
	// Life of the CA; deprecated in favour of ca.
	// +optional
	CARotateInterval *metav1.Duration `json:"caRotateInterval,omitempty"`
	// Life of certificates; deprecated in favour of server.
	// +optional
	CertRotateInterval *metav1.Duration `json:"certRotateInterval,omitempty"`
	// Time in which old and new CA are both trusted; deprecated in favour of ca.
	// +optional
	CAOverlapInterval *metav1.Duration `json:"caOverlapInterval,omitempty"`
	// Life of the CA's certificate.
	// +optional
	CA *CertConfig `json:"ca,omitempty"`
	// Life of the components' certificates.
	// +optional
	Server *CertConfig `json:"server,omitempty"`
}

// CertConfig is a certificate's lifetime.
type CertConfig struct {
	// How long it is valid; 168h for the CA and 24h for others if unset.
	// +optional
	Duration *metav1.Duration `json:"duration,omitempty"`
	// How long before its end it is renewed; a fifth of duration if unset.
	// +optional
	RenewBefore *metav1.Duration `json:"renewBefore,omitempty"`
}

// ComponentConfig places components.
type ComponentConfig struct {
	// Nodes they run on.
	// +optional
	NodePlacement *NodePlacement `json:"nodePlacement,omitempty"`
	// How many of each run, at least 1; 2 or more by cluster size if unset; no effect on the node agent.
	// +optional
	Replicas *uint8 `json:"replicas,omitempty"`
}

// NodePlacement chooses nodes.
type NodePlacement struct {
	// Labels a node must have.
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// Placement rules, as for a pod.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// Node taints to put up with.
	// +optional
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
}

// CustomizeComponents changes installed objects.
type CustomizeComponents struct {
	// Patches of single objects.
	// +optional
	// +listType=atomic
	Patches []CustomizeComponentsPatch `json:"patches,omitempty"`
	// Command line flags of components.
	// +optional
	Flags *Flags `json:"flags,omitempty"`
}

// CustomizeComponentsPatch is a patch of an installed object.
type CustomizeComponentsPatch struct {
	// Name of the object; * for all.
	// +kubebuilder:validation:MinLength=1
	ResourceName string `json:"resourceName"`
	// Kind of the object, such as Deployment; * for all.
	// +kubebuilder:validation:MinLength=1
	ResourceType string `json:"resourceType"`
	// The patch, in JSON.
	Patch string `json:"patch"`
	// How the patch is applied.
	Type PatchType `json:"type"`
}

// Flags are added to components' command lines, by flag name without dashes; they win over those given there.
type Flags struct {
	// Flags of virt-api.
	// +optional
	API map[string]string `json:"api,omitempty"`
	// Flags of virt-controller.
	// +optional
	Controller map[string]string `json:"controller,omitempty"`
	// Flags of virt-handler.
	// +optional
	Handler map[string]string `json:"handler,omitempty"`
}

// WorkloadUpdateMethod is a way to get a running guest to a new launcher.
// +kubebuilder:validation:Enum=LiveMigrate;Evict
type WorkloadUpdateMethod string

// Values of WorkloadUpdateMethod.
const (
	// WorkloadUpdateMethodLiveMigrate moves guests to new launchers.
	WorkloadUpdateMethodLiveMigrate WorkloadUpdateMethod = "LiveMigrate"
	// WorkloadUpdateMethodEvict stops guests; their machines start them again.
	WorkloadUpdateMethodEvict WorkloadUpdateMethod = "Evict"
)

// KubeVirtUninstallStrategy says what deleting the installation does while there are guests.
type KubeVirtUninstallStrategy string

// Values of KubeVirtUninstallStrategy.
const (
	// UninstallStrategyRemoveWorkloads removes guests with the installation.
	UninstallStrategyRemoveWorkloads KubeVirtUninstallStrategy = "RemoveWorkloads"
	// UninstallStrategyBlockUninstallIfWorkloadsExist refuses while there are guests.
	UninstallStrategyBlockUninstallIfWorkloadsExist KubeVirtUninstallStrategy = "BlockUninstallIfWorkloadsExist"
)

// PatchType is how a patch is applied.
type PatchType string

// Values of PatchType.
const (
	// PatchTypeJSON is a list of JSON patch operations.
	PatchTypeJSON PatchType = "json"
	// PatchTypeMerge is a JSON merge patch.
	PatchTypeMerge PatchType = "merge"
	// PatchTypeStrategic is a strategic merge patch.
	PatchTypeStrategic PatchType = "strategic"
)
