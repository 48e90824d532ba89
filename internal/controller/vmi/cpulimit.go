package vmi

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/launcherpod"
)

// limitCPU limits a launcher pod to be made where the cluster selects its namespace.
// That is read then only, once for each launcher: with a cache this component would
// have to be shown every namespace.
func (r *Reconciler) limitCPU(ctx context.Context, pod *corev1.Pod, vmi *v1.VirtualMachineInstance) error {
	selected := r.Config().AutoCPULimit
	if selected == nil {
		return nil
	}
	selector, err := metav1.LabelSelectorAsSelector(selected)
	if err != nil {
		return fmt.Errorf("reading autoCPULimitNamespaceLabelSelector: %w", err)
	}
	if !selector.Empty() {
		namespace := &metav1.PartialObjectMetadata{}
		namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
		if err := r.Live.Get(ctx, client.ObjectKey{Name: vmi.Namespace}, namespace); err != nil {
			return fmt.Errorf("reading namespace %s: %w", vmi.Namespace, err)
		}
		if !selector.Matches(labels.Set(namespace.Labels)) {
			return nil
		}
	}
	launcherpod.LimitCPU(pod, vmi)
	return nil
}
