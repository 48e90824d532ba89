package console

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// waitRunning returns once the instance runs, or with the reason why it never
// will. The missing instance of a VM is waited for: the VM may be starting.
func waitRunning(ctx context.Context, c *client.Client, o Options) error {
	instances := c.Objects.Resource(client.VirtualMachineInstances).Namespace(c.Namespace)
	if _, err := instances.Get(ctx, o.Name, metav1.GetOptions{}); err != nil {
		status := c.MachineStatus(ctx, o.Name)
		if !apierrors.IsNotFound(err) || status == "" {
			return c.Explain(ctx, err, client.InstanceResource, o.Name, "console")
		}
		fmt.Fprintf(o.Err, "Waiting for %s to run; the virtual machine is %s.\n", o.Name, status)
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	byName := fields.OneTermEqualSelector("metadata.name", o.Name).String()
	last := v1.VMIPhaseUnset
	source := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.FieldSelector = byName
			return instances.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.FieldSelector = byName
			return instances.Watch(ctx, options)
		},
	}
	_, err := watchtools.UntilWithSync(ctx, source, &unstructured.Unstructured{}, nil, func(event watch.Event) (bool, error) {
		object, ok := event.Object.(*unstructured.Unstructured)
		if !ok {
			return false, apierrors.FromObject(event.Object)
		}
		phase, _, _ := unstructured.NestedString(object.Object, "status", "phase")
		last = v1.VirtualMachineInstancePhase(phase)
		if last == v1.VMIPhaseFailed || last == v1.VMIPhaseSucceeded {
			return false, fmt.Errorf("the guest of %s has ended (phase %s): start it with `virtctl start %s`", o.Name, last, o.Name)
		}
		return last == v1.VMIPhaseRunning, nil
	})
	if errors.Is(err, watchtools.ErrWatchClosed) || errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		if last == v1.VMIPhaseUnset {
			return fmt.Errorf("no instance of %s in namespace %s after %s: is the virtual machine started?", o.Name, c.Namespace, o.Timeout)
		}
		return fmt.Errorf("%s is still in phase %s after %s: see its conditions with `kubectl describe vmi %s`", o.Name, last, o.Timeout, o.Name)
	}
	return err
}
