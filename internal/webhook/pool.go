package webhook

import (
	"context"
	"net/http"

	admissionv1 "k8s.io/api/admission/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	"kubevirt.io/kubevirt/internal/defaults"
	"kubevirt.io/kubevirt/internal/validate"
)

func (d Deps) validatePool(_ context.Context, request admission.Request) admission.Response {
	pool, err := decode[poolv1beta1.VirtualMachinePool](request.Object.Raw)
	if err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	if pool.DeletionTimestamp != nil {
		return admission.Allowed("")
	}
	var errs, before field.ErrorList
	if request.Operation == admissionv1.Update {
		old, err := decode[poolv1beta1.VirtualMachinePool](request.OldObject.Raw)
		if err != nil {
			return admission.Errored(http.StatusInternalServerError, err)
		}
		if apiequality.Semantic.DeepEqual(old.Spec, pool.Spec) {
			return admission.Allowed("")
		}
		errs = validate.PoolUpdate(old, pool)
		before = d.poolErrors(old)
	}
	return verdict(request, append(errs, added(d.poolErrors(pool), before)...))
}

func (d Deps) poolErrors(pool *poolv1beta1.VirtualMachinePool) field.ErrorList {
	cfg := d.Config()
	return validate.Pool(pool, cfg, func(vmi *v1.VirtualMachineInstance) {
		defaults.VirtualMachineInstance(vmi, cfg, d.Now(), d.NewUUID)
	})
}
