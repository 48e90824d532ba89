package validate

import (
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

func runStrategy(path *field.Path, spec *v1.VirtualMachineSpec, cfg *clusterconfig.Config) field.ErrorList {
	strategy := path.Child("runStrategy")
	switch {
	case spec.Running != nil && spec.RunStrategy != nil:
		return field.ErrorList{field.Forbidden(path.Child("running"), "running and runStrategy exclude each other; use runStrategy")}
	case spec.Running != nil:
		return nil
	case spec.RunStrategy == nil:
		return field.ErrorList{field.Required(strategy, "say when the machine runs: Always, RerunOnFailure, Manual, Once or Halted")}
	case *spec.RunStrategy == v1.RunStrategyWaitAsReceiver && !cfg.Enabled(clusterconfig.GateDecentralizedLiveMigration):
		return field.ErrorList{field.Forbidden(strategy, "WaitAsReceiver needs the feature gate DecentralizedLiveMigration")}
	}
	return nil
}

// VirtualMachineUpdate checks what may not change while a machine's volumes are
// read or written by something else than its guest.
func VirtualMachineUpdate(old, vm *v1.VirtualMachine) field.ErrorList {
	if vm.Spec.Template == nil || old.Spec.Template == nil {
		return nil
	}
	spec := field.NewPath("spec")
	var errs field.ErrorList
	forbid := func(path *field.Path, before, after any, what string) {
		if !apiequality.Semantic.DeepEqual(before, after) {
			errs = append(errs, field.Forbidden(path, "cannot be changed while "+what))
		}
	}
	if name := old.Status.SnapshotInProgress; name != nil {
		what := "the snapshot " + *name + " is taken (status.snapshotInProgress)"
		forbid(spec.Child("template", "spec", "volumes"), old.Spec.Template.Spec.Volumes, vm.Spec.Template.Spec.Volumes, what)
		forbid(spec.Child("template", "spec", "domain", "devices", "disks"),
			old.Spec.Template.Spec.Domain.Devices.Disks, vm.Spec.Template.Spec.Domain.Devices.Disks, what)
		forbid(spec.Child("runStrategy"), old.Spec.RunStrategy, vm.Spec.RunStrategy, what)
		forbid(spec.Child("running"), old.Spec.Running, vm.Spec.Running, what)
	}
	if name := old.Status.RestoreInProgress; name != nil {
		what := "the restore " + *name + " is under way (status.restoreInProgress)"
		forbid(spec.Child("runStrategy"), old.Spec.RunStrategy, vm.Spec.RunStrategy, what)
		forbid(spec.Child("running"), old.Spec.Running, vm.Spec.Running, what)
	}
	return errs
}
