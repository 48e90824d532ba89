package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Plugin adds behaviour of its own to guests and nodes.
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=plugins,singular=plugin,scope=Cluster
// +kubebuilder:storageversion
// +kubebuilder:metadata:labels={"kubevirt.io="}
type Plugin struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// What the plugin does.
	Spec PluginSpec `json:"spec"`
	// Of no content yet.
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

// PluginSpec describes a plugin.
type PluginSpec struct {
	// CEL expression on the instance that must hold for any hook to apply; true if empty.
	// +optional
	Condition string `json:"condition,omitempty"`
	// What a failing hook does where the hook does not say; Fail if empty.
	// +optional
	FailureStrategy FailureStrategy `json:"failureStrategy,omitempty"`
	// Changes to the guest's definition.
	// +optional
	// +listType=atomic
	DomainHooks []DomainHook `json:"domainHooks,omitempty"`
	// Calls at moments of the guest's life on its node.
	// +optional
	// +listType=atomic
	NodeHooks []NodeHook `json:"nodeHooks,omitempty"`
	// MutatingAdmissionPolicies that belong to the plugin.
	// +optional
	// +listType=atomic
	MutatingAdmissionPolicies []AdmissionReference `json:"mutatingAdmissionPolicies,omitempty"`
	// ValidatingAdmissionPolicies that belong to the plugin.
	// +optional
	// +listType=atomic
	ValidatingAdmissionPolicies []AdmissionReference `json:"validatingAdmissionPolicies,omitempty"`
	// MutatingWebhookConfigurations that belong to the plugin.
	// +optional
	// +listType=atomic
	MutatingAdmissionWebhooks []AdmissionReference `json:"mutatingAdmissionWebhooks,omitempty"`
	// ValidatingWebhookConfigurations that belong to the plugin.
	// +optional
	// +listType=atomic
	ValidatingAdmissionWebhooks []AdmissionReference `json:"validatingAdmissionWebhooks,omitempty"`
}

// DomainHook changes the guest's definition; exactly one of cel and sidecar is set.
type DomainHook struct {
	// Changes it by an expression.
	// +optional
	CEL *CELDomainHook `json:"cel,omitempty"`
	// Changes it by a container beside the launcher.
	// +optional
	Sidecar *SidecarDomainHook `json:"sidecar,omitempty"`
	// CEL expression on the instance that must hold; true if empty.
	// +optional
	Condition string `json:"condition,omitempty"`
	// What a failure does; the plugin's choice if empty.
	// +optional
	FailureStrategy FailureStrategy `json:"failureStrategy,omitempty"`
	// How long the hook may take; 5 seconds if unset.
	// +optional
	Timeout *metav1.Duration `json:"timeout,omitempty"`
}

// CELDomainHook changes the guest's definition by an expression.
type CELDomainHook struct {
	// CEL expression whose value is the change.
	// +kubebuilder:validation:MinLength=1
	Expression string `json:"expression"`
}

// SidecarDomainHook changes the guest's definition by a container.
type SidecarDomainHook struct {
	// Socket under /var/run/kubevirt-plugin/<plugin>/ on which the container listens.
	// +kubebuilder:validation:MinLength=1
	SocketPath string `json:"socketPath"`
}

// NodeHook calls a program of the node.
type NodeHook struct {
	// Socket of the node on which the program listens.
	// +kubebuilder:validation:MinLength=1
	Socket string `json:"socket"`
	// Moments at which it is called.
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	PermittedHooks []NodeHookPoint `json:"permittedHooks"`
	// CEL expression on the instance that must hold; true if empty.
	// +optional
	Condition string `json:"condition,omitempty"`
	// What a failure does; the plugin's choice if empty.
	// +optional
	FailureStrategy FailureStrategy `json:"failureStrategy,omitempty"`
	// How long a call may take; 5 seconds if unset.
	// +optional
	Timeout *metav1.Duration `json:"timeout,omitempty"`
}

// AdmissionReference names an admission object.
type AdmissionReference struct {
	// Name of the object.
	// +kubebuilder:validation:MinLength=1
	Name string `json:"name"`
}

// PluginStatus has no content yet.
type PluginStatus struct {
}

// FailureStrategy is what a failing hook does.
type FailureStrategy string

// Values of FailureStrategy.
const (
	// FailureStrategyFail fails what the hook was called for.
	FailureStrategyFail FailureStrategy = "Fail"
	// FailureStrategyIgnore goes on as if there were no hook.
	FailureStrategyIgnore FailureStrategy = "Ignore"
)

// NodeHookPoint is a moment of a guest's life on its node.
type NodeHookPoint string

// Values of NodeHookPoint.
const (
	// NodeHookPointPreVMStart is before the guest starts.
	NodeHookPointPreVMStart NodeHookPoint = "PreVMStart"
	// NodeHookPointPostVMStart is after the guest has started.
	NodeHookPointPostVMStart NodeHookPoint = "PostVMStart"
	// NodeHookPointPreVMStop is before the guest stops.
	NodeHookPointPreVMStop NodeHookPoint = "PreVMStop"
	// NodeHookPointPostVMStop is after the guest has stopped.
	NodeHookPointPostVMStop NodeHookPoint = "PostVMStop"
	// NodeHookPointPreMigrationSource is before a migration, on the node the guest leaves.
	NodeHookPointPreMigrationSource NodeHookPoint = "PreMigrationSource"
	// NodeHookPointPreMigrationTarget is before a migration, on the node the guest goes to.
	NodeHookPointPreMigrationTarget NodeHookPoint = "PreMigrationTarget"
	// NodeHookPointPostMigrationTarget is after a migration, on the node the guest went to.
	NodeHookPointPostMigrationTarget NodeHookPoint = "PostMigrationTarget"
)
