package apiserver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

func (s *server) stop(w http.ResponseWriter, r *http.Request, at target) {
	var options subresourcesv1.StopOptions
	s.verb(w, r, at, &options, func() error { return checkStop(options) }, func(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) error {
		patch, err := stopPatch(vm, vmi, options)
		if err != nil {
			return err
		}
		if options.GracePeriod != nil && vmi != nil && !vmi.IsFinal() {
			if err := s.shortenGrace(r.Context(), vmi, *options.GracePeriod, options.DryRun); err != nil {
				return err
			}
		}
		if patch == nil {
			return nil
		}
		return s.patchVM(r.Context(), vm, patch, options.DryRun)
	})
}

func checkStop(options subresourcesv1.StopOptions) error {
	if options.GracePeriod != nil && *options.GracePeriod < 0 {
		return apierrors.NewBadRequest(fmt.Sprintf("gracePeriod: %d seconds are not possible: 0 or more are", *options.GracePeriod))
	}
	return checkDryRun(options.DryRun)
}

// stopPatch decides what stopping means for a machine; nil without an error means
// that only the grace period changes.
func stopPatch(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance, options subresourcesv1.StopOptions) ([]patchOperation, error) {
	strategy, err := vm.RunStrategy()
	if err != nil {
		return nil, conflict(vm, err.Error())
	}
	switch strategy {
	case v1.RunStrategyAlways:
		return flip(vm, v1.RunStrategyAlways, v1.RunStrategyHalted), nil
	case v1.RunStrategyHalted:
		if vmi == nil || vmi.IsFinal() {
			return nil, conflict(vm, "it is not running")
		}
		if options.GracePeriod == nil || *options.GracePeriod >= vmi.GracePeriod() {
			return nil, conflict(vm, "it is being stopped already; a shorter grace period hurries it")
		}
		return nil, nil
	}
	return nil, conflict(vm, fmt.Sprintf("stopping a machine of run strategy %s is not supported yet", strategy))
}

func (s *server) shortenGrace(ctx context.Context, vmi *v1.VirtualMachineInstance, seconds int64, dryRun []string) error {
	data, err := json.Marshal([]patchOperation{
		{Op: "test", Path: "/metadata/uid", Value: vmi.UID},
		{Op: "add", Path: "/spec/terminationGracePeriodSeconds", Value: seconds},
	})
	if err != nil {
		return fmt.Errorf("encoding the patch: %w", err)
	}
	if err := s.client.Patch(ctx, vmi, client.RawPatch(types.JSONPatchType, data), &client.PatchOptions{DryRun: dryRun}); err != nil {
		return fmt.Errorf("shortening the grace period of the instance: %w", err)
	}
	return nil
}
