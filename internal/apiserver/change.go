package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/patch"
)

// machineChange is what a verb changes. Either spec or requests is set, or neither
// when only the grace period changes.
type machineChange struct {
	// spec patches the machine.
	spec []patch.Operation
	// requests are for the machine's controller to carry out, in place of those that wait.
	requests []v1.VirtualMachineStateChangeRequest
	// grace is the instance's new grace period in seconds; nil leaves it.
	grace *int64
}

// flip replaces the run strategy, in the field that the user chose, if it still
// is what the decision was made on.
func flip(vm *v1.VirtualMachine, from, to v1.VirtualMachineRunStrategy) []patch.Operation {
	if vm.Spec.Running != nil {
		return []patch.Operation{
			{Op: "test", Path: "/spec/running", Value: *vm.Spec.Running},
			{Op: "replace", Path: "/spec/running", Value: to == v1.RunStrategyAlways},
		}
	}
	return []patch.Operation{
		{Op: "test", Path: "/spec/runStrategy", Value: from},
		{Op: "replace", Path: "/spec/runStrategy", Value: to},
	}
}

// verb is the frame of every verb of a VirtualMachine: read the options and the
// objects, decide, answer 202.
func (s *server) verb(w http.ResponseWriter, r *http.Request, at target, options any, check func() error,
	act func(*v1.VirtualMachine, *v1.VirtualMachineInstance) error,
) {
	err := readOptions(r, options)
	if err == nil {
		err = check()
	}
	if err == nil {
		err = s.withMachine(r.Context(), at, act)
	}
	if err != nil {
		s.fail(w, err)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (s *server) withMachine(ctx context.Context, at target, act func(*v1.VirtualMachine, *v1.VirtualMachineInstance) error) error {
	key := types.NamespacedName{Namespace: at.namespace, Name: at.name}
	vm, vmi := &v1.VirtualMachine{}, &v1.VirtualMachineInstance{}
	if err := s.client.Get(ctx, key, vm); err != nil {
		return s.readFailure("reading the virtual machine", err)
	}
	if err := s.client.Get(ctx, key, vmi); client.IgnoreNotFound(err) != nil {
		return s.readFailure("reading the instance", err)
	} else if err != nil || !metav1.IsControlledBy(vmi, vm) {
		vmi = nil // somebody else's is not the machine's to stop
	}
	return act(vm, vmi)
}

// change carries out what a verb decided: the instance's grace period first, which
// has to be in place when the guest is stopped.
func (s *server) change(ctx context.Context, vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance, c machineChange, dryRun []string) error {
	options := &client.PatchOptions{DryRun: dryRun}
	if c.grace != nil {
		shorten, err := patch.JSON([]patch.Operation{
			{Op: "test", Path: "/metadata/uid", Value: vmi.UID},
			{Op: "add", Path: "/spec/terminationGracePeriodSeconds", Value: *c.grace},
		})
		if err != nil {
			return err
		}
		if err := s.client.Patch(ctx, vmi, shorten, options); err != nil {
			return fmt.Errorf("shortening the grace period of the instance: %w", err)
		}
	}
	var err error
	var change client.Patch
	switch {
	case len(c.spec) > 0:
		if change, err = patch.JSON(c.spec); err == nil {
			err = s.client.Patch(ctx, vm, change, options)
		}
	case len(c.requests) > 0:
		if change, err = patch.JSON(requestPatch(vm, c.requests)); err == nil {
			err = s.client.Status().Patch(ctx, vm, change, &client.SubResourcePatchOptions{PatchOptions: *options})
		}
	}
	// A failed test operation comes back as an invalid request.
	if apierrors.IsInvalid(err) && !hasCauses(err) {
		return conflict(vm, "it was changed at the same time; try again")
	}
	if err != nil {
		return fmt.Errorf("changing the virtual machine: %w", err)
	}
	return nil
}

// requestPatch puts requests in place of those that wait. What is asked for now
// does not wait for the delay of earlier failures.
func requestPatch(vm *v1.VirtualMachine, requests []v1.VirtualMachineStateChangeRequest) []patch.Operation {
	if equality.Semantic.DeepEqual(vm.Status, v1.VirtualMachineStatus{}) {
		// Nobody has written a status yet to which something could be added.
		return []patch.Operation{
			{Op: "test", Path: "/status", Value: patch.Null},
			{Op: "add", Path: "/status", Value: map[string]any{"stateChangeRequests": requests}},
		}
	}
	present := patch.Operation{Op: "test", Path: "/status/stateChangeRequests", Value: patch.Null}
	if len(vm.Status.StateChangeRequests) > 0 {
		present.Value = vm.Status.StateChangeRequests
	}
	operations := []patch.Operation{present, {Op: "add", Path: present.Path, Value: requests}}
	if vm.Status.StartFailure != nil {
		operations = append(operations, patch.Operation{Op: "remove", Path: "/status/startFailure"})
	}
	return operations
}

// hasCauses tells a broken admission rule from a patch that did not apply.
func hasCauses(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Details != nil && len(status.Status().Details.Causes) > 0
}

func conflict(vm *v1.VirtualMachine, why string) error {
	return apierrors.NewConflict(resource("virtualmachines"), vm.Name, errors.New(why))
}
