package webhook

import (
	"context"
	"net/http"

	admissionv1 "k8s.io/api/admission/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/defaults"
	"kubevirt.io/kubevirt/internal/validate"
)

func (d Deps) mutateVirtualMachine(ctx context.Context, request admission.Request) admission.Response {
	vm, err := decode[v1.VirtualMachine](request.Object.Raw)
	if err != nil {
		return malformed()
	}
	if vm.DeletionTimestamp != nil {
		return admission.Allowed("")
	}
	created := request.Operation == admissionv1.Create
	defaults.VirtualMachine(vm, d.Config(), created, d.NewUUID)
	if created {
		// Here it costs no write of its own; the controller adds it only to what
		// was created without this webhook.
		vm.Finalizers = withFinalizer(vm.Finalizers, v1.FinalizerVM)
	} else if old, err := decode[v1.VirtualMachine](request.OldObject.Raw); err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	} else if err := d.keepFinalizers(ctx, request, v1.ResourceVirtualMachines, old, vm); err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	return patched(request, vm)
}

func (d Deps) validateVirtualMachine(ctx context.Context, request admission.Request) admission.Response {
	vm, err := decode[v1.VirtualMachine](request.Object.Raw)
	if err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	var errs, before field.ErrorList
	if request.Operation == admissionv1.Update {
		old, err := decode[v1.VirtualMachine](request.OldObject.Raw)
		if err != nil {
			return admission.Errored(http.StatusInternalServerError, err)
		}
		errs = d.checkFinalizers(ctx, request, v1.ResourceVirtualMachines, old, vm)
		if vm.DeletionTimestamp != nil || apiequality.Semantic.DeepEqual(old.Spec, vm.Spec) {
			return verdict(request, errs)
		}
		errs = append(errs, validate.VirtualMachineUpdate(old, vm)...)
		before = d.virtualMachineErrors(old)
	} else if vm.Spec.Template != nil {
		errs = validate.PresentInterfaces(field.NewPath("spec", "template", "spec"), &vm.Spec.Template.Spec)
	}
	response := verdict(request, append(errs, added(d.virtualMachineErrors(vm), before)...))
	if vm.Spec.Running != nil {
		response.Warnings = append(response.Warnings, "spec.running is deprecated, use spec.runStrategy")
	}
	return response
}

func (d Deps) virtualMachineErrors(vm *v1.VirtualMachine) field.ErrorList {
	cfg := d.Config()
	return validate.VirtualMachine(vm, cfg, func(vmi *v1.VirtualMachineInstance) {
		defaults.VirtualMachineInstance(vmi, cfg, d.Now(), d.NewUUID)
	})
}
