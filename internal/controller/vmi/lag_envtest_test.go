//go:build envtest

package vmi

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
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

// behind is a cache that shows no pod of a namespace in any way.
type behind struct {
	blind
	namespace string
}

func (b behind) Get(ctx context.Context, key client.ObjectKey, obj client.Object, options ...client.GetOption) error {
	if _, ok := obj.(*corev1.Pod); ok && key.Namespace == b.namespace {
		return apierrors.NewNotFound(corev1.Resource("pods"), key.Name)
	}
	return b.Client.Get(ctx, key, obj, options...)
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

// lingering is a cache that shows pods as they once were.
type lingering struct {
	client.Client
	pods []corev1.Pod
}

func (l lingering) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	if pods, ok := list.(*corev1.PodList); ok {
		for i := range l.pods {
			pods.Items = append(pods.Items, *l.pods[i].DeepCopy())
		}
		return nil
	}
	return l.Client.List(ctx, list, options...)
}
