package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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

	Spec KubeVirtSpec `json:"spec"`
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

type KubeVirtSpec struct {
	// +optional
	ImageTag string `json:"imageTag,omitempty"`
	// +optional
	ImageRegistry string `json:"imageRegistry,omitempty"`
	// +optional
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`
	// +optional
	// +listType=atomic
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
	// +optional
	MonitorNamespace string `json:"monitorNamespace,omitempty"`
	// +optional
	ServiceMonitorNamespace string `json:"serviceMonitorNamespace,omitempty"`
	// +optional
	MonitorAccount string `json:"monitorAccount,omitempty"`
	// +optional
	WorkloadUpdateStrategy KubeVirtWorkloadUpdateStrategy `json:"workloadUpdateStrategy,omitempty"`
	// +optional
	UninstallStrategy KubeVirtUninstallStrategy `json:"uninstallStrategy,omitempty"`
	// +optional
	CertificateRotateStrategy KubeVirtCertificateRotateStrategy `json:"certificateRotateStrategy,omitempty"`
	// +optional
	ProductVersion string `json:"productVersion,omitempty"`
	// +optional
	ProductName string `json:"productName,omitempty"`
	// +optional
	ProductComponent string `json:"productComponent,omitempty"`
	// +optional
	SynchronizationPort string `json:"synchronizationPort,omitempty"`
	// +optional
	Configuration KubeVirtConfiguration `json:"configuration,omitempty"`
	// +optional
	Infra *ComponentConfig `json:"infra,omitempty"`
	// +optional
	Workloads *ComponentConfig `json:"workloads,omitempty"`
	// +optional
	CustomizeComponents CustomizeComponents `json:"customizeComponents,omitempty"`
}

type KubeVirtWorkloadUpdateStrategy struct {
	// +optional
	// +listType=atomic
	WorkloadUpdateMethods []WorkloadUpdateMethod `json:"workloadUpdateMethods,omitempty"`
	// +optional
	BatchEvictionSize *int `json:"batchEvictionSize,omitempty"`
	// +optional
	BatchEvictionInterval *metav1.Duration `json:"batchEvictionInterval,omitempty"`
}

type KubeVirtCertificateRotateStrategy struct {
	// +optional
	SelfSigned *KubeVirtSelfSignConfiguration `json:"selfSigned,omitempty"`
}

type KubeVirtSelfSignConfiguration struct {
	// +optional
	CARotateInterval *metav1.Duration `json:"caRotateInterval,omitempty"`
	// +optional
	CertRotateInterval *metav1.Duration `json:"certRotateInterval,omitempty"`
	// +optional
	CAOverlapInterval *metav1.Duration `json:"caOverlapInterval,omitempty"`
	// +optional
	CA *CertConfig `json:"ca,omitempty"`
	// +optional
	Server *CertConfig `json:"server,omitempty"`
}

type CertConfig struct {
	// +optional
	Duration *metav1.Duration `json:"duration,omitempty"`
	// +optional
	RenewBefore *metav1.Duration `json:"renewBefore,omitempty"`
}

type ComponentConfig struct {
	// +optional
	NodePlacement *NodePlacement `json:"nodePlacement,omitempty"`
	// +optional
	Replicas *uint8 `json:"replicas,omitempty"`
}

type NodePlacement struct {
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// +optional
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
}

type CustomizeComponents struct {
	// +optional
	// +listType=atomic
	Patches []CustomizeComponentsPatch `json:"patches,omitempty"`
	// +optional
	Flags *Flags `json:"flags,omitempty"`
}

type CustomizeComponentsPatch struct {
	// +kubebuilder:validation:MinLength=1
	ResourceName string `json:"resourceName"`
	// +kubebuilder:validation:MinLength=1
	ResourceType string    `json:"resourceType"`
	Patch        string    `json:"patch"`
	Type         PatchType `json:"type"`
}

type Flags struct {
	// +optional
	API map[string]string `json:"api,omitempty"`
	// +optional
	Controller map[string]string `json:"controller,omitempty"`
	// +optional
	Handler map[string]string `json:"handler,omitempty"`
}

type WorkloadUpdateMethod string

// Values of WorkloadUpdateMethod.
const (
	WorkloadUpdateMethodLiveMigrate WorkloadUpdateMethod = "LiveMigrate"
	WorkloadUpdateMethodEvict       WorkloadUpdateMethod = "Evict"
)

type KubeVirtUninstallStrategy string

// Values of KubeVirtUninstallStrategy.
const (
	UninstallStrategyRemoveWorkloads                KubeVirtUninstallStrategy = "RemoveWorkloads"
	UninstallStrategyBlockUninstallIfWorkloadsExist KubeVirtUninstallStrategy = "BlockUninstallIfWorkloadsExist"
)

type PatchType string

// Values of PatchType.
const (
	PatchTypeJSON      PatchType = "json"
	PatchTypeMerge     PatchType = "merge"
	PatchTypeStrategic PatchType = "strategic"
)
