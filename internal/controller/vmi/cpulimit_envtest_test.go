//go:build envtest

package vmi

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// The label is one that every namespace has.
func TestCPULimitOfANamespace(t *testing.T) {
	for name, want := range map[string]string{"": "1", "another": "0"} {
		s := newSuite(t)
		if name == "" {
			name = s.key.Namespace
		}
		s.kubevirt = kubeVirt(v1.KubeVirtConfiguration{
			AutoCPULimitNamespaceLabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: name}},
		})
		s.reconcile("POST pod", "PATCH vmi")
		limit := s.pod().Spec.Containers[0].Resources.Limits[corev1.ResourceCPU]
		if limit.String() != want {
			t.Errorf("selecting namespace %s: limited to %s, want %s", name, limit.String(), want)
		}
	}
}
