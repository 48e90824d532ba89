package webhook

import (
	"context"
	"net/http"
	"slices"

	admissionv1 "k8s.io/api/admission/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/defaults"
	"kubevirt.io/kubevirt/internal/validate"
)

func (d Deps) mutateInstance(ctx context.Context, request admission.Request) admission.Response {
	vmi, err := decode[v1.VirtualMachineInstance](request.Object.Raw)
	if err != nil {
		return malformed()
	}
	if request.Operation == admissionv1.Create {
		defaults.VirtualMachineInstance(vmi, d.Config(), d.Now(), d.NewUUID)
		vmi.Finalizers = withFinalizer(vmi.Finalizers, v1.FinalizerVMI)
		return patched(request, vmi)
	}
	old, err := decode[v1.VirtualMachineInstance](request.OldObject.Raw)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	if d.account(request.UserInfo) == otherAccount {
		// The object has no status subresource, so that no role can say so.
		vmi.Status = old.Status
	}
	if err := d.keepFinalizers(ctx, request, v1.ResourceVirtualMachineInstances, old, vmi); err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	return patched(request, vmi)
}

func withFinalizer(finalizers []string, finalizer string) []string {
	if slices.Contains(finalizers, finalizer) {
		return finalizers
	}
	return append(finalizers, finalizer)
}

func (d Deps) validateInstanceCreate(_ context.Context, request admission.Request) admission.Response {
	vmi, err := decode[v1.VirtualMachineInstance](request.Object.Raw)
	if err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	errs := validate.VirtualMachineInstance(vmi, d.Config())
	if d.account(request.UserInfo) == otherAccount {
		errs = append(errs, validate.ReservedLabels(field.NewPath("metadata", "labels"), nil, vmi.Labels)...)
	}
	return verdict(request, errs)
}

func (d Deps) validateInstanceUpdate(ctx context.Context, request admission.Request) admission.Response {
	vmi, err := decode[v1.VirtualMachineInstance](request.Object.Raw)
	if err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	old, err := decode[v1.VirtualMachineInstance](request.OldObject.Raw)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	switch d.account(request.UserInfo) {
	case handlerAccount:
		if err := handlerWrite(nodeOf(request.UserInfo), old, vmi); err != nil {
			return admission.Denied(err.Error())
		}
	case otherAccount:
		errs := validate.ReservedLabels(field.NewPath("metadata", "labels"), old.Labels, vmi.Labels)
		if !apiequality.Semantic.DeepEqual(old.Spec, vmi.Spec) {
			errs = append(errs, field.Forbidden(field.NewPath("spec"), "the spec of a running instance does not change; change its VirtualMachine"))
		}
		return verdict(request, append(errs, d.checkFinalizers(ctx, request, v1.ResourceVirtualMachineInstances, old, vmi)...))
	}
	return admission.Allowed("")
}
