package console

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// lookInterval is the pause between two looks at an instance: who may open a console
// may not be allowed to watch.
const lookInterval = 500 * time.Millisecond

// waitRunning returns once the instance runs, or with the reason why it never will. As
// long as its virtual machine is not stopped, a new instance follows one that is missing
// or has ended.
func waitRunning(asked context.Context, c *client.Client, o Options) error {
	ctx, cancel := context.WithTimeout(asked, o.Timeout)
	defer cancel()
	told, last := false, v1.VMIPhaseUnset
	for ctx.Err() == nil {
		machine, ready, err := look(ctx, c, o.Name, &last)
		switch {
		case ready:
			return nil
		case err != nil && ctx.Err() == nil:
			return err
		case machine != "" && !told:
			told = true
			fmt.Fprintf(o.Err, "Waiting for %s to run; the virtual machine is %s.\n", o.Name, machine)
		}
		select {
		case <-time.After(lookInterval):
		case <-ctx.Done():
		}
	}
	if asked.Err() != nil {
		return asked.Err()
	}
	return late(c.Namespace, last, o)
}

// look tells whether the console can be opened, or why it never will be, and otherwise
// the status of the virtual machine that is to make an instance, if one is to. It keeps
// the last phase that was seen.
func look(ctx context.Context, c *client.Client, name string, last *v1.VirtualMachineInstancePhase) (machine string, ready bool, err error) {
	instance, err := c.Objects.Resource(client.VirtualMachineInstances).Namespace(c.Namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsForbidden(err): // the console itself may be allowed
		return "", true, nil
	case err == nil:
		phase, _, _ := unstructured.NestedString(instance.Object, "status", "phase")
		*last = v1.VirtualMachineInstancePhase(phase)
		if *last == v1.VMIPhaseRunning {
			return "", true, nil
		}
	case !apierrors.IsNotFound(err):
		return "", false, c.Explain(ctx, err, client.InstanceResource, name, "console")
	}
	ended := *last == v1.VMIPhaseFailed || *last == v1.VMIPhaseSucceeded
	if err == nil && !ended {
		return "", false, nil
	}
	machine = c.MachineStatus(ctx, name)
	switch {
	case ended && (machine == "" || machine == string(v1.PrintableStatusStopped)):
		return "", false, fmt.Errorf("the guest of %s has ended (phase %s): start it with `virtctl start %s -n %s`", name, *last, name, c.Namespace)
	case machine == "":
		return "", false, c.Explain(ctx, err, client.InstanceResource, name, "console")
	}
	return machine, false, nil
}

// late says what has come of the instance when the time is up.
func late(namespace string, last v1.VirtualMachineInstancePhase, o Options) error {
	if last == v1.VMIPhaseUnset {
		return fmt.Errorf("no instance of %s in namespace %s after %s: is the virtual machine started?", o.Name, namespace, o.Timeout)
	}
	return fmt.Errorf("%s is still in phase %s after %s: `virtctl explain vm %s -n %s` says why", o.Name, last, o.Timeout, o.Name, namespace)
}
