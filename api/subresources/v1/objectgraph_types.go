package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ObjectGraphOptions is the query of objectgraph.
type ObjectGraphOptions struct {
	// Lists optional objects too; true if unset.
	// +optional
	IncludeOptionalNodes *bool `json:"includeOptionalNodes,omitempty"`
	// Labels of the nodes to list; all if unset.
	// +optional
	LabelSelector *metav1.LabelSelector `json:"labelSelector,omitempty"`
}

// ObjectGraphNode is an object that a machine or instance depends on, with those it depends on in turn.
// +kubebuilder:object:root=true
type ObjectGraphNode struct {
	metav1.TypeMeta `json:",inline"`
	// The object.
	ObjectReference corev1.TypedObjectReference `json:"objectReference"`
	// Labels of the node, such as the kind of dependency.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// Whether the machine could do without.
	// +optional
	Optional *bool `json:"optional,omitempty"`
	// Objects that this one depends on.
	// +optional
	Children []ObjectGraphNode `json:"children,omitempty"`
}
