//go:build envtest

package vmi

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// blind is a cache that has not seen any pod yet.
type blind struct{ client.Client }

func (b blind) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	if _, ok := list.(*corev1.PodList); ok {
		return nil
	}
	return b.Client.List(ctx, list, options...)
}

// lagging is a cache that shows an instance as it once was.
type lagging struct {
	client.Client
	stale *v1.VirtualMachineInstance
}

func (l lagging) Get(ctx context.Context, key client.ObjectKey, obj client.Object, options ...client.GetOption) error {
	if vmi, ok := obj.(*v1.VirtualMachineInstance); ok {
		l.stale.DeepCopyInto(vmi)
		return nil
	}
	return l.Client.Get(ctx, key, obj, options...)
}
