// Package kubevirt checks KubeVirt objects: what cannot be done as they ask it,
// field by field, that there is one only, and that nobody deletes it under the
// virtual machines.
package kubevirt

import (
	"context"
	"encoding/json"
	"net/http"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Webhooks answers the API server's questions about KubeVirt objects.
type Webhooks struct {
	// Live reads past any cache: of two objects created at once, one must see the other.
	Live client.Reader
	// Namespace is the operator's.
	Namespace string
	// Workloads says why an installation may not be removed; empty if it may.
	Workloads func(context.Context, client.Reader, *v1.KubeVirt) (string, error)
	// Customizations says what of spec.customizeComponents cannot be done, by doing it
	// to what would be installed. An installation asks itself, each time.
	Customizations func(*v1.KubeVirt) field.ErrorList
	// Trial takes objects that the API server is to check and not to keep.
	Trial client.Writer
}

// Create checks a new object.
func (w Webhooks) Create(ctx context.Context, request admission.Request) admission.Response {
	kv, err := decode(request.Object.Raw)
	if err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	if request.Namespace != w.Namespace {
		return admission.Denied("a KubeVirt object has to be created in the operator's namespace, " + w.Namespace)
	}
	existing := &v1.KubeVirtList{}
	if err := w.Live.List(ctx, existing); err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	for i := range existing.Items {
		if other := &existing.Items[i]; other.Namespace == w.Namespace {
			return admission.Denied("a cluster holds one KubeVirt object only, and " + other.Namespace + "/" + other.Name + " exists")
		}
	}
	return verdict(request, kv, w.errors(ctx, kv))
}

// Update checks a changed object. One that is on its way out, or whose spec and
// profile stay as they are, passes: what was once accepted must not keep a finalizer from going. Nor is
// a value refused that was accepted before, by rules that came later.
func (w Webhooks) Update(ctx context.Context, request admission.Request) admission.Response {
	kv, err := decode(request.Object.Raw)
	if err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	old, err := decode(request.OldObject.Raw)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	if apiequality.Semantic.DeepEqual(kv.Spec, old.Spec) && kv.Annotations[v1.AnnotationProfile] == old.Annotations[v1.AnnotationProfile] {
		return admission.Allowed("")
	}
	errs := w.errors(ctx, kv)
	if len(errs) > 0 {
		errs = added(errs, w.errors(ctx, old), request)
	}
	return verdict(request, kv, errs)
}

// Delete refuses to take the installation away from under virtual machines.
func (w Webhooks) Delete(ctx context.Context, request admission.Request) admission.Response {
	kv, err := decode(request.OldObject.Raw)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	if kv.Namespace != w.Namespace || kv.Status.Phase != v1.KubeVirtPhaseDeployed {
		return admission.Allowed("")
	}
	blocked, err := w.Workloads(ctx, w.Live, kv)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	if blocked != "" {
		return admission.Denied(blocked)
	}
	return admission.Allowed("")
}

func decode(raw []byte) (*v1.KubeVirt, error) {
	kv := &v1.KubeVirt{}
	return kv, json.Unmarshal(raw, kv)
}

// errors returns every rule that an object breaks.
func (w Webhooks) errors(ctx context.Context, kv *v1.KubeVirt) field.ErrorList {
	errs := Validate(kv)
	if w.Customizations != nil {
		errs = append(errs, w.Customizations(kv)...)
	}
	return append(errs, w.placements(ctx, kv)...)
}

// verdict answers with every broken rule as a cause of one Invalid status.
func verdict(request admission.Request, kv *v1.KubeVirt, errs field.ErrorList) admission.Response {
	if len(errs) == 0 {
		return admission.Allowed("").WithWarnings(Warnings(kv)...)
	}
	status := apierrors.NewInvalid(v1.KubeVirtGroupVersionKind.GroupKind(), request.Name, errs).ErrStatus
	response := admission.Denied("")
	response.Result = &status
	return response
}
