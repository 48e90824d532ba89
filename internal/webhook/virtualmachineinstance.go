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

// reservedLabels steer our own controllers.
var reservedLabels = []string{
	v1.LabelCreatedBy, v1.LabelMigrationJobUID, v1.LabelNodeName, v1.LabelMigrationTargetNodeName, v1.LabelSchedulable,
}

func (d Deps) mutateInstance(_ context.Context, request admission.Request) admission.Response {
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
	return patched(request, d.writable(request, old, vmi))
}

func withFinalizer(finalizers []string, finalizer string) []string {
	if slices.Contains(finalizers, finalizer) {
		return finalizers
	}
	return append(finalizers, finalizer)
}

// writable returns what of an update counts: everybody but our own accounts
// leaves the status as it was, and a virt-handler writes nothing else. The
// object has no status subresource, so that no role can say so.
func (d Deps) writable(request admission.Request, old, vmi *v1.VirtualMachineInstance) *v1.VirtualMachineInstance {
	switch d.account(request.UserInfo) {
	case otherAccount:
		vmi.Status = old.Status
	case handlerAccount:
		status := vmi.Status
		metadata := vmi.ObjectMeta
		vmi = old.DeepCopy()
		vmi.ManagedFields, vmi.ResourceVersion, vmi.Generation = metadata.ManagedFields, metadata.ResourceVersion, metadata.Generation
		vmi.Status = status
	}
	return vmi
}

func (d Deps) validateInstanceCreate(_ context.Context, request admission.Request) admission.Response {
	vmi, err := decode[v1.VirtualMachineInstance](request.Object.Raw)
	if err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	errs := validate.VirtualMachineInstance(vmi, d.Config())
	if d.account(request.UserInfo) == otherAccount {
		errs = append(errs, reserved(nil, vmi.Labels)...)
	}
	return verdict(request, errs)
}

func (d Deps) validateInstanceUpdate(_ context.Context, request admission.Request) admission.Response {
	vmi, err := decode[v1.VirtualMachineInstance](request.Object.Raw)
	if err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	old, err := decode[v1.VirtualMachineInstance](request.OldObject.Raw)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	var errs field.ErrorList
	switch d.account(request.UserInfo) {
	case handlerAccount:
		node := nodeOf(request.UserInfo)
		if node == "" || node != old.Status.NodeName && !migrationTarget(old, node) {
			return admission.Denied("the virt-handler of node " + node + " may not write the status of an instance on node " + old.Status.NodeName)
		}
	case otherAccount:
		errs = reserved(old.Labels, vmi.Labels)
		if !apiequality.Semantic.DeepEqual(old.Spec, vmi.Spec) {
			errs = append(errs, field.Forbidden(field.NewPath("spec"), "the spec of a running instance does not change; change its VirtualMachine"))
		}
	}
	return verdict(request, errs)
}

func migrationTarget(vmi *v1.VirtualMachineInstance, node string) bool {
	return vmi.Status.MigrationState != nil && vmi.Status.MigrationState.TargetNode == node
}

// reserved reports reserved labels that a user added, changed or removed.
func reserved(old, labels map[string]string) field.ErrorList {
	var errs field.ErrorList
	for _, label := range reservedLabels {
		before, had := old[label]
		now, has := labels[label]
		if had != has || before != now {
			errs = append(errs, field.Forbidden(field.NewPath("metadata", "labels").Key(label), "is set by the system only"))
		}
	}
	return errs
}
