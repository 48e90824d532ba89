package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/condition"
	"kubevirt.io/kubevirt/internal/patch"
)

// The descheduler says of its evictions that they are its own.
// https://github.com/kubernetes-sigs/descheduler
const (
	requestedBy     = "requested-by"
	descheduler     = "sigs.k8s.io/descheduler"
	fromDescheduler = "descheduler"
)

// byHand tells who drains a node what he can do where nothing else will.
const byHand = "stop it to let the drain go on (virtctl stop, or delete the VirtualMachineInstance), " +
	"and set spec.evictionStrategy of its template to None for a drain to stop it in future"

// eviction is what becomes of a request to evict a pod.
type eviction struct {
	// mark has the instance say that it is to leave its node.
	mark bool
	// refusal is why the pod stays for now; empty lets it go.
	refusal string
}

// decideEviction says whether the launcher pod of an instance may be evicted. vmi is
// nil for a pod that is none's.
func decideEviction(pod *corev1.Pod, vmi *v1.VirtualMachineInstance) eviction {
	switch {
	case vmi == nil, pod.Status.Phase == corev1.PodSucceeded, pod.Status.Phase == corev1.PodFailed,
		pod.Annotations[v1.AnnotationEphemeralProvisioning] == "true":
		return eviction{}
	case !pod.DeletionTimestamp.IsZero(), !vmi.DeletionTimestamp.IsZero(), vmi.IsFinal():
		// The guest is being stopped already, in its own time.
		return eviction{}
	case vmi.Status.NodeName == "" && !vmi.IsScheduled() && !vmi.IsRunning():
		// There is no guest yet that could be lost.
		return eviction{}
	}
	strategy := v1.EvictionStrategyNone
	if vmi.Spec.EvictionStrategy != nil {
		strategy = *vmi.Spec.EvictionStrategy
	}
	// Who may evict need not see the instance: its name is what the pod's tells, too.
	guest := fmt.Sprintf("guest %s/%s", vmi.Namespace, vmi.Name)
	node := pod.Spec.NodeName
	switch migratable := vmi.IsConditionTrue(v1.ConditionLiveMigratable); {
	case strategy == v1.EvictionStrategyNone, strategy == v1.EvictionStrategyLiveMigrateIfPossible && !migratable:
		return eviction{}
	case node == "" || node != vmi.Status.NodeName:
		return eviction{refusal: guest + " is between nodes: try again"}
	case strategy == v1.EvictionStrategyLiveMigrate && !migratable:
		return eviction{refusal: guest + " cannot be live-migrated (see its condition LiveMigratable): " + byHand}
	case strategy == v1.EvictionStrategyExternal:
		return eviction{mark: vmi.Status.EvacuationNodeName != node, refusal: guest + " is marked to leave its node " +
			"(status.evacuationNodeName) and waits for the controller that is to do it; without one, " + byHand}
	}
	return eviction{mark: vmi.Status.EvacuationNodeName != node, refusal: guest + " is marked to leave its node " +
		"(status.evacuationNodeName) by live migration: try again until it has"}
}

// errNoEviction refuses to be asked about anything else.
var errNoEviction = errors.New("only the creation of pods/eviction is decided here")

// validateEviction is asked, by its registration, about launcher pods only.
func (d Deps) validateEviction(ctx context.Context, request admission.Request) admission.Response {
	if request.Operation != admissionv1.Create || request.Resource.Group != "" || request.Resource.Resource != "pods" ||
		request.SubResource != "eviction" {
		return admission.Errored(http.StatusBadRequest, errNoEviction)
	}
	if !d.evictions.TryAccept() {
		return tooMany("too many launcher pods are being evicted at once: try again")
	}
	asked, err := decode[policyv1.Eviction](request.Object.Raw)
	if err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	pod := &corev1.Pod{}
	if err := d.Client.Get(ctx, client.ObjectKey{Namespace: request.Namespace, Name: request.Name}, pod); err != nil {
		return unless(apierrors.IsNotFound(err), fmt.Errorf("reading the pod: %w", err))
	}
	vmi, err := d.guestOf(ctx, pod)
	if err != nil {
		return unless(false, err)
	}
	decision := decideEviction(pod, vmi)
	if decision.refusal == "" {
		return admission.Allowed("")
	}
	if decision.mark && !dryRun(request, asked) {
		if err := d.markEvacuation(ctx, vmi, asked); err != nil {
			return unless(apierrors.IsNotFound(err), err)
		}
	}
	return tooMany(decision.refusal)
}

// guestOf returns the instance whose launcher a pod is, nil if there is none.
func (d Deps) guestOf(ctx context.Context, pod *corev1.Pod) (*v1.VirtualMachineInstance, error) {
	owner := metav1.GetControllerOf(pod)
	if owner == nil || owner.Kind != v1.KindVirtualMachineInstance {
		return nil, nil
	}
	vmi := &v1.VirtualMachineInstance{}
	err := d.Client.Get(ctx, types.NamespacedName{Namespace: pod.Namespace, Name: owner.Name}, vmi)
	if apierrors.IsNotFound(err) || err == nil && (vmi.UID != owner.UID || pod.Labels[v1.LabelCreatedBy] != string(vmi.UID)) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the VirtualMachineInstance: %w", err)
	}
	return vmi, nil
}

func (d Deps) markEvacuation(ctx context.Context, vmi *v1.VirtualMachineInstance, asked *policyv1.Eviction) error {
	change := patch.NewInstance(d.Client, d.Client, patch.API, vmi)
	vmi.Status.EvacuationNodeName = vmi.Status.NodeName
	condition.True(&vmi.Status.Conditions, v1.ConditionEvictionRequested, v1.ReasonEvictionRequested,
		"the eviction from node "+vmi.Status.NodeName+" was requested", d.Now().Time)
	if asked.Annotations[requestedBy] == descheduler {
		metav1.SetMetaDataAnnotation(&vmi.ObjectMeta, v1.AnnotationEvictionSource, fromDescheduler)
	}
	return change.Finish(ctx, vmi, nil)
}

// dryRun reports whether nothing may be written: an eviction can say so in two places.
func dryRun(request admission.Request, asked *policyv1.Eviction) bool {
	return request.DryRun != nil && *request.DryRun ||
		asked.DeleteOptions != nil && slices.Contains(asked.DeleteOptions.DryRun, metav1.DryRunAll)
}

// unless allows what an error says there is nothing of, and has the caller try again
// after any other.
func unless(gone bool, err error) admission.Response {
	if gone {
		return admission.Allowed("")
	}
	return tooMany(err.Error())
}

// tooMany refuses in the way of a disruption budget, upon which a drain tries again.
func tooMany(message string) admission.Response {
	return admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{Result: &metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusTooManyRequests, Reason: metav1.StatusReasonTooManyRequests, Message: message,
	}}}
}
