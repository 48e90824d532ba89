package apiserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

// patchOperation is one step of a JSON patch (RFC 6902).
type patchOperation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

func (s *server) start(w http.ResponseWriter, r *http.Request, at target) {
	var options subresourcesv1.StartOptions
	s.verb(w, r, at, &options, func() error { return checkDryRun(options.DryRun) }, func(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) error {
		patch, err := startPatch(vm, vmi, options)
		if err != nil {
			return err
		}
		return s.patchVM(r.Context(), vm, patch, options.DryRun)
	})
}

// startPatch decides what starting means for a machine; vmi is nil when there is
// no instance.
func startPatch(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance, options subresourcesv1.StartOptions) ([]patchOperation, error) {
	if options.Paused {
		return nil, apierrors.NewBadRequest("paused: starting paused is not supported yet")
	}
	if vmi != nil && !vmi.IsFinal() {
		return nil, conflict(vm, "it is already running")
	}
	strategy, err := vm.RunStrategy()
	if err != nil {
		return nil, conflict(vm, err.Error())
	}
	if strategy != v1.RunStrategyHalted {
		return nil, conflict(vm, fmt.Sprintf("its run strategy %s starts it without being asked", strategy))
	}
	return flip(vm, v1.RunStrategyHalted, v1.RunStrategyAlways), nil
}

// flip replaces the run strategy, in the field that the user chose, if it still
// is what the decision was made on.
func flip(vm *v1.VirtualMachine, from, to v1.VirtualMachineRunStrategy) []patchOperation {
	if vm.Spec.Running != nil {
		return []patchOperation{
			{Op: "test", Path: "/spec/running", Value: *vm.Spec.Running},
			{Op: "replace", Path: "/spec/running", Value: to == v1.RunStrategyAlways},
		}
	}
	return []patchOperation{
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
		return fmt.Errorf("reading the virtual machine: %w", err)
	}
	if err := s.client.Get(ctx, key, vmi); apierrors.IsNotFound(err) {
		vmi = nil
	} else if err != nil {
		return fmt.Errorf("reading the instance: %w", err)
	}
	return act(vm, vmi)
}

func (s *server) patchVM(ctx context.Context, vm *v1.VirtualMachine, operations []patchOperation, dryRun []string) error {
	data, err := json.Marshal(operations)
	if err != nil {
		return fmt.Errorf("encoding the patch: %w", err)
	}
	err = s.client.Patch(ctx, vm, client.RawPatch(types.JSONPatchType, data), &client.PatchOptions{Raw: nil, DryRun: dryRun})
	// A failed test operation comes back as an invalid request.
	if apierrors.IsInvalid(err) && !hasCauses(err) {
		return conflict(vm, "it was changed at the same time; try again")
	}
	if err != nil {
		return fmt.Errorf("changing the virtual machine: %w", err)
	}
	return nil
}

// hasCauses tells a broken admission rule from a patch that did not apply.
func hasCauses(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Details != nil && len(status.Status().Details.Causes) > 0
}

func conflict(vm *v1.VirtualMachine, why string) error {
	return apierrors.NewConflict(resource("virtualmachines"), vm.Name, errors.New(why))
}
