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

func (d Deps) validateReplicaSet(_ context.Context, request admission.Request) admission.Response {
	set, err := decode[v1.VirtualMachineInstanceReplicaSet](request.Object.Raw)
	if err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	if set.DeletionTimestamp != nil {
		return admission.Allowed("")
	}
	var before field.ErrorList
	if request.Operation == admissionv1.Update {
		old, err := decode[v1.VirtualMachineInstanceReplicaSet](request.OldObject.Raw)
		if err == nil && apiequality.Semantic.DeepEqual(old.Spec, set.Spec) {
			return admission.Allowed("")
		}
		if err == nil {
			before = d.replicaSetErrors(old)
		}
	}
	return verdict(request, added(d.replicaSetErrors(set), before))
}

func (d Deps) replicaSetErrors(set *v1.VirtualMachineInstanceReplicaSet) field.ErrorList {
	cfg := d.Config()
	return validate.ReplicaSet(set, cfg, func(vmi *v1.VirtualMachineInstance) {
		defaults.VirtualMachineInstance(vmi, cfg, d.Now(), d.NewUUID)
	})
}
