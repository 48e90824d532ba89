package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +kubebuilder:object:root=true
// +kubebuilder:resource:path=plugins,singular=plugin,scope=Cluster
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type Plugin struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec PluginSpec `json:"spec"`
	// +optional
	Status PluginStatus `json:"status,omitempty"`
}

// PluginList is what a LIST of plugins returns.
// +kubebuilder:object:root=true
type PluginList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items are the objects of this page of the list.
	Items []Plugin `json:"items"`
}

type PluginSpec struct {
	// +optional
	Condition string `json:"condition,omitempty"`
	// +optional
	FailureStrategy FailureStrategy `json:"failureStrategy,omitempty"`
	// +optional
	// +listType=atomic
	DomainHooks []DomainHook `json:"domainHooks,omitempty"`
	// +optional
	// +listType=atomic
	NodeHooks []NodeHook `json:"nodeHooks,omitempty"`
	// +optional
	// +listType=atomic
	MutatingAdmissionPolicies []AdmissionReference `json:"mutatingAdmissionPolicies,omitempty"`
	// +optional
	// +listType=atomic
	ValidatingAdmissionPolicies []AdmissionReference `json:"validatingAdmissionPolicies,omitempty"`
	// +optional
	// +listType=atomic
	MutatingAdmissionWebhooks []AdmissionReference `json:"mutatingAdmissionWebhooks,omitempty"`
	// +optional
	// +listType=atomic
	ValidatingAdmissionWebhooks []AdmissionReference `json:"validatingAdmissionWebhooks,omitempty"`
}

type DomainHook struct {
	// +optional
	CEL *CELDomainHook `json:"cel,omitempty"`
	// +optional
	Sidecar *SidecarDomainHook `json:"sidecar,omitempty"`
	// +optional
	Condition string `json:"condition,omitempty"`
	// +optional
	FailureStrategy FailureStrategy `json:"failureStrategy,omitempty"`
	// +optional
	Timeout *metav1.Duration `json:"timeout,omitempty"`
}

type CELDomainHook struct {
	// +kubebuilder:validation:MinLength=1
	Expression string `json:"expression"`
}

type SidecarDomainHook struct {
	// +kubebuilder:validation:MinLength=1
	SocketPath string `json:"socketPath"`
}

type NodeHook struct {
	// +kubebuilder:validation:MinLength=1
	Socket string `json:"socket"`
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	PermittedHooks []NodeHookPoint `json:"permittedHooks"`
	// +optional
	Condition string `json:"condition,omitempty"`
	// +optional
	FailureStrategy FailureStrategy `json:"failureStrategy,omitempty"`
	// +optional
	Timeout *metav1.Duration `json:"timeout,omitempty"`
}

type AdmissionReference struct {
	// +kubebuilder:validation:MinLength=1
	Name string `json:"name"`
}

type PluginStatus struct {
}

type FailureStrategy string

// Values of FailureStrategy.
const (
	FailureStrategyFail   FailureStrategy = "Fail"
	FailureStrategyIgnore FailureStrategy = "Ignore"
)

type NodeHookPoint string

// Values of NodeHookPoint.
const (
	NodeHookPointPreVMStart          NodeHookPoint = "PreVMStart"
	NodeHookPointPostVMStart         NodeHookPoint = "PostVMStart"
	NodeHookPointPreVMStop           NodeHookPoint = "PreVMStop"
	NodeHookPointPostVMStop          NodeHookPoint = "PostVMStop"
	NodeHookPointPreMigrationSource  NodeHookPoint = "PreMigrationSource"
	NodeHookPointPreMigrationTarget  NodeHookPoint = "PreMigrationTarget"
	NodeHookPointPostMigrationTarget NodeHookPoint = "PostMigrationTarget"
)
