// Package webhook adapts the pure rules of defaults and validate to admission
// requests of the API server.
package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	admissionv1 "k8s.io/api/admission/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/util/flowcontrol"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// Deps is what the webhooks need of their surroundings.
type Deps struct {
	// Client reads live, with virt-api's rights. It should be the webhooks' own, and
	// limited: anybody may have them ask something.
	Client client.Client
	// Config returns the configuration in effect.
	Config func() *clusterconfig.Config
	// Namespace is where the components run; their service accounts live there.
	Namespace string
	// Now is the clock.
	Now func() metav1.Time
	// NewUUID invents identifiers.
	NewUUID func() types.UID

	// evictions and reviews are how many requests that use virt-api's rights are served.
	evictions, reviews flowcontrol.RateLimiter
}

// How many evictions, and reviews of who may force an object away, are begun in a
// second, and at once. The drain of a full node is slower, and tries again.
const (
	evictionRate, evictionBurst = 10, 50
	reviewRate, reviewBurst     = 5, 20
)

// Handlers returns the webhooks by the path that they are registered under. Anybody
// who reaches virt-api may call them: the API server shows a webhook no credentials,
// unless a file on the disk of every control plane holds some. So what a request says
// of its user is hearsay. Most webhooks only compute; the two that act with virt-api's
// rights do no more than the cluster's state, which they read, calls for, and seldom.
func Handlers(deps Deps) map[string]http.Handler {
	deps.evictions = flowcontrol.NewTokenBucketRateLimiter(evictionRate, evictionBurst)
	deps.reviews = flowcontrol.NewTokenBucketRateLimiter(reviewRate, reviewBurst)
	handlers := map[string]http.Handler{}
	for path, handle := range map[string]admission.HandlerFunc{
		"/virtualmachines-mutate":                  deps.mutateVirtualMachine,
		"/virtualmachines-validate":                deps.validateVirtualMachine,
		"/virtualmachineinstances-mutate":          deps.mutateInstance,
		"/virtualmachineinstances-validate-create": deps.validateInstanceCreate,
		"/virtualmachineinstances-validate-update": deps.validateInstanceUpdate,
		"/virtualmachinereplicaset-validate":       deps.validateReplicaSet,
		"/virtualmachinepool-validate":             deps.validatePool,
		"/status-validate":                         deps.validateStatus,
		"/pod-eviction-validate":                   deps.validateEviction,
		"/unsupported-kinds-validate":              refuseKind,
	} {
		handlers[path] = &admission.Webhook{Handler: handle}
	}
	return handlers
}

// refuseKind is registered for the creation of kinds that nothing acts on yet.
func refuseKind(_ context.Context, request admission.Request) admission.Response {
	return admission.Denied(request.Kind.Kind + " is not supported by this version")
}

// decode reads the request's object, or its old one.
func decode[T any](raw []byte) (*T, error) {
	object := new(T)
	if err := json.Unmarshal(raw, object); err != nil {
		return nil, fmt.Errorf("decoding the object: %w", err)
	}
	return object, nil
}

// patched answers with the difference between the object as sent and as it is to
// be stored.
func patched(request admission.Request, object any) admission.Response {
	data, err := json.Marshal(object)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, fmt.Errorf("encoding the object: %w", err))
	}
	return admission.PatchResponseFromRaw(request.Object.Raw, data)
}

// verdict answers with every broken rule as a cause of one Invalid status.
func verdict(request admission.Request, errs field.ErrorList) admission.Response {
	if len(errs) == 0 {
		return admission.Allowed("")
	}
	kind := schema.GroupKind{Group: request.Kind.Group, Kind: request.Kind.Kind}
	status := apierrors.NewInvalid(kind, request.Name, errs).ErrStatus
	return admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{Result: &status}}
}

// added returns the errors that an update brings. What was accepted once stays
// writable: to stop a machine, to change its labels or to let it go must not depend
// on rules that came later.
func added(errs, before field.ErrorList) field.ErrorList {
	known := map[string]bool{}
	for _, err := range before {
		known[err.Error()] = true
	}
	return slices.DeleteFunc(errs, func(err *field.Error) bool { return known[err.Error()] })
}

// malformed leaves an object that does not decode to the API server, whose schema
// validation names the field that is wrong.
func malformed() admission.Response { return admission.Allowed("") }
