package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type ObjectGraphOptions struct {
	// +optional
	IncludeOptionalNodes *bool `json:"includeOptionalNodes,omitempty"`
	// +optional
	LabelSelector *metav1.LabelSelector `json:"labelSelector,omitempty"`
}

// +kubebuilder:object:root=true
type ObjectGraphNode struct {
	metav1.TypeMeta `json:",inline"`
	ObjectReference corev1.TypedObjectReference `json:"objectReference"`
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// +optional
	Optional *bool `json:"optional,omitempty"`
	// +optional
	Children []ObjectGraphNode `json:"children,omitempty"`
}
