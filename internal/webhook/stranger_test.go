package webhook

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/flowcontrol"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/builder"
)

// asked is an API server without any object, where nobody may do anything.
type asked struct {
	client.Client
	reads   int
	reviews []authorizationv1.SubjectAccessReviewSpec
}

func (a *asked) Get(_ context.Context, key client.ObjectKey, _ client.Object, _ ...client.GetOption) error {
	a.reads++
	return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
}

func (a *asked) Create(_ context.Context, object client.Object, _ ...client.CreateOption) error {
	a.reviews = append(a.reviews, object.(*authorizationv1.SubjectAccessReview).Spec)
	return nil
}

// exposed are webhooks that somebody calls who is not the API server.
func exposed(burst int) (Deps, *asked) {
	a := &asked{}
	return Deps{
		Client: a, Namespace: "kubevirt",
		evictions: flowcontrol.NewTokenBucketRateLimiter(0.001, burst), reviews: flowcontrol.NewTokenBucketRateLimiter(0.001, burst),
	}, a
}

func rawOf(t *testing.T, object any) runtime.RawExtension {
	t.Helper()
	data, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return runtime.RawExtension{Raw: data}
}

func TestEvictionOfAnythingElse(t *testing.T) {
	request := func(change func(*admissionv1.AdmissionRequest)) admission.Request {
		r := admissionv1.AdmissionRequest{
			Operation: admissionv1.Create, Namespace: "ns", Name: "virt-launcher-guest",
			Resource: metav1.GroupVersionResource{Version: "v1", Resource: "pods"}, SubResource: "eviction",
			Object: rawOf(t, &policyv1.Eviction{}),
		}
		change(&r)
		return admission.Request{AdmissionRequest: r}
	}
	deps, a := exposed(3)
	for name, change := range map[string]func(*admissionv1.AdmissionRequest){
		"an update":        func(r *admissionv1.AdmissionRequest) { r.Operation = admissionv1.Update },
		"the pod itself":   func(r *admissionv1.AdmissionRequest) { r.SubResource = "" },
		"another resource": func(r *admissionv1.AdmissionRequest) { r.Resource.Resource = "virtualmachineinstances" },
		"another group":    func(r *admissionv1.AdmissionRequest) { r.Resource.Group = "kubevirt.io" },
	} {
		if response := deps.validateEviction(t.Context(), request(change)); response.Allowed || response.Result.Code != http.StatusBadRequest {
			t.Errorf("%s: %+v", name, response)
		}
	}
	if a.reads > 0 {
		t.Errorf("read %d times for what is no eviction", a.reads)
	}
	usual := request(func(*admissionv1.AdmissionRequest) {})
	for range 3 {
		if response := deps.validateEviction(t.Context(), usual); !response.Allowed {
			t.Fatalf("a pod that is gone: %+v", response.Result)
		}
	}
	response := deps.validateEviction(t.Context(), usual)
	if response.Allowed || response.Result.Code != http.StatusTooManyRequests || !strings.Contains(response.Result.Message, "try again") {
		t.Errorf("one too many: %+v", response)
	}
	if a.reads != 3 {
		t.Errorf("read %d times, want 3", a.reads)
	}
}

// What virt-api asks of the API server is whether somebody may force an instance or a
// machine away that he tries to force away, whatever a request says.
func TestReviewsAreOfOneKind(t *testing.T) {
	deps, a := exposed(2)
	with := func(finalizers ...string) *v1.VirtualMachineInstance {
		vmi := builder.VMI("ns", "guest")
		vmi.Finalizers = finalizers
		return vmi
	}
	ask := func(operation admissionv1.Operation, old, object *v1.VirtualMachineInstance) admission.Response {
		return deps.validateInstanceUpdate(t.Context(), admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
			Operation: operation, Namespace: "ns", Name: "guest", Object: rawOf(t, object), OldObject: rawOf(t, old),
			Resource: metav1.GroupVersionResource{Version: "v1", Resource: "secrets"},
			UserInfo: authenticationv1.UserInfo{Username: "eve"},
		}})
	}
	ask(admissionv1.Update, with(), with(v1.FinalizerVMI))
	ask(admissionv1.Update, with(v1.FinalizerVMI), with(v1.FinalizerVMI, "example.com/mine"))
	if ask(admissionv1.Delete, with(v1.FinalizerVMI), with()).Allowed || len(a.reviews) > 0 {
		t.Errorf("asked %+v about nobody who forces something", a.reviews)
	}
	for range 3 {
		if ask(admissionv1.Update, with(v1.FinalizerVMI), with()).Allowed {
			t.Error("forced away")
		}
	}
	if len(a.reviews) != 2 {
		t.Fatalf("asked %d times, want 2", len(a.reviews))
	}
	want := authorizationv1.ResourceAttributes{
		Namespace: "ns", Name: "guest", Verb: "update", Group: "kubevirt.io", Resource: "virtualmachineinstances", Subresource: "finalizers",
	}
	if got := a.reviews[0].ResourceAttributes; *got != want {
		t.Errorf("asked %+v, want %+v", got, want)
	}
}
