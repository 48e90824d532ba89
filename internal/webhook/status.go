package webhook

import (
	"context"
	"net/http"

	admissionv1 "k8s.io/api/admission/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/validate"
)

// validateStatus is asked about the status of machines and of replica sets, and by
// its registration only when others than our own controllers write it. Of a replica
// set's nothing is acted upon, and its schema says all there is to say.
func (d Deps) validateStatus(_ context.Context, request admission.Request) admission.Response {
	if request.Kind.Kind != v1.KindVirtualMachine {
		return admission.Allowed("")
	}
	vm, err := decode[v1.VirtualMachine](request.Object.Raw)
	if err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	if request.Operation == admissionv1.Update {
		// What is there already keeps nobody from writing something else.
		old, err := decode[v1.VirtualMachine](request.OldObject.Raw)
		if err == nil && apiequality.Semantic.DeepEqual(old.Status.StateChangeRequests, vm.Status.StateChangeRequests) &&
			apiequality.Semantic.DeepEqual(old.Status.VolumeRequests, vm.Status.VolumeRequests) {
			return admission.Allowed("")
		}
	}
	return verdict(request, validate.VirtualMachineStatus(&vm.Status))
}
