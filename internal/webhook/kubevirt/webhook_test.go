package kubevirt

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// objects answers a List of KubeVirt objects.
type objects []v1.KubeVirt

func (o objects) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	return errors.New("nothing here is read by name")
}

func (o objects) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	list.(*v1.KubeVirtList).Items = o
	return nil
}

func request(t *testing.T, kv, old *v1.KubeVirt) admission.Request {
	t.Helper()
	raw := func(kv *v1.KubeVirt) runtime.RawExtension {
		if kv == nil {
			return runtime.RawExtension{}
		}
		text, err := json.Marshal(kv)
		if err != nil {
			t.Fatal(err)
		}
		return runtime.RawExtension{Raw: text}
	}
	some := kv
	if some == nil {
		some = old
	}
	return admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		Name: some.Name, Namespace: some.Namespace, Object: raw(kv), OldObject: raw(old),
	}}
}

func named(namespace, name, spec string) *v1.KubeVirt {
	kv := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	if err := json.Unmarshal([]byte(spec), &kv.Spec); err != nil {
		panic(err)
	}
	return kv
}

const unsupportedSpec = `{"workloadUpdateStrategy":{"workloadUpdateMethods":["LiveMigrate"]}}`

// expect compares an answer: refused is a part of the message, empty if it is to be allowed.
func expect(t *testing.T, what string, got admission.Response, refused string) {
	t.Helper()
	message := ""
	if got.Result != nil {
		message = got.Result.Message
	}
	if got.Allowed != (refused == "") || !strings.Contains(message, refused) {
		t.Errorf("%s: allowed %t, %q; want a word on %q", what, got.Allowed, message, refused)
	}
}

func TestCreate(t *testing.T) {
	ctx := context.Background()
	empty := Webhooks{Namespace: "kubevirt", Live: objects{}}
	expect(t, "the first", empty.Create(ctx, request(t, named("kubevirt", "kubevirt", `{}`), nil)), "")
	expect(t, "elsewhere", empty.Create(ctx, request(t, named("default", "kubevirt", `{}`), nil)), "the operator's namespace, kubevirt")
	expect(t, "unsupported", empty.Create(ctx, request(t, named("kubevirt", "kubevirt", unsupportedSpec), nil)), "spec.workloadUpdateStrategy")
	taken := Webhooks{Namespace: "kubevirt", Live: objects{*named("kubevirt", "first", `{}`)}}
	expect(t, "the second", taken.Create(ctx, request(t, named("kubevirt", "second", `{}`), nil)), "kubevirt/first exists")
	stray := Webhooks{Namespace: "kubevirt", Live: objects{*named("default", "stray", `{}`)}}
	expect(t, "beside a stray one", stray.Create(ctx, request(t, named("kubevirt", "kubevirt", `{}`), nil)), "")
}

func TestUpdate(t *testing.T) {
	ctx := context.Background()
	w := Webhooks{Namespace: "kubevirt"}
	good, bad := named("kubevirt", "kubevirt", `{}`), named("kubevirt", "kubevirt", unsupportedSpec)
	expect(t, "to something unsupported", w.Update(ctx, request(t, bad, good)), "spec.workloadUpdateStrategy")
	finished := bad.DeepCopy()
	finished.Finalizers = nil
	bad.Finalizers = []string{v1.FinalizerKubeVirt}
	expect(t, "of metadata only", w.Update(ctx, request(t, finished, bad)), "")
	gated := named("kubevirt", "kubevirt", `{"configuration":{"developerConfiguration":{"featureGates":["LiveMigration"]}}}`)
	answer := w.Update(ctx, request(t, gated, good))
	expect(t, "to a gate without effect", answer, "")
	if len(answer.Warnings) != 1 {
		t.Errorf("warnings %q, want one", answer.Warnings)
	}
}

// What was accepted before there was a rule against it stays writable, and is refused
// again as soon as it is to be another.
func TestUpdateOfWhatWasAcceptedOnce(t *testing.T) {
	w := Webhooks{Namespace: "kubevirt"}
	of := func(spec string) *v1.KubeVirt { return named("kubevirt", "kubevirt", spec) }
	const method = `"workloadUpdateStrategy":{"workloadUpdateMethods":["LiveMigrate"]}`
	const ratio, refused = `"configuration":{"additionalGuestMemoryOverheadRatio":"0.5"}`, `"configuration":{"changedBlockTrackingLabelSelectors":`
	for name, c := range map[string]struct{ old, now, refused string }{
		"something else":            {`{` + method + `}`, `{` + method + `,"imagePullPolicy":"Always"}`, ""},
		"one of two":                {`{` + method + `,` + ratio + `}`, `{` + method + `}`, ""},
		"another":                   {`{` + method + `}`, `{` + method + `,` + ratio + `}`, "additionalGuestMemoryOverheadRatio"},
		"a worse value":             {`{` + ratio + `}`, `{"configuration":{"additionalGuestMemoryOverheadRatio":"0.1"}}`, `"0.1"`},
		"moved":                     {`{` + method + `}`, `{"workloadUpdateStrategy":{"workloadUpdateMethods":["Evict","LiveMigrate"]}}`, "workloadUpdateMethods[1]"},
		"a refused field":           {`{` + refused + `{"namespaceLabelSelector":{}}}}`, `{"imagePullPolicy":"Always",` + refused + `{"namespaceLabelSelector":{}}}}`, ""},
		"a refused field's content": {`{` + refused + `{"namespaceLabelSelector":{}}}}`, `{` + refused + `{"virtualMachineLabelSelector":{}}}}`, "changedBlockTrackingLabelSelectors"},
	} {
		answer := w.Update(t.Context(), request(t, of(c.now), of(c.old)))
		expect(t, name, answer, c.refused)
		if strings.Contains(answer.Result.Message, "workloadUpdateMethods[0]") {
			t.Errorf("%s: says also what is not new: %s", name, answer.Result.Message)
		}
	}
}

func TestAt(t *testing.T) {
	var tree any
	if err := json.Unmarshal([]byte(`{"a":{"b":[{"c.d/e":1}]}}`), &tree); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]any{"a.b[0][c.d/e]": 1.0, "a.b[1]": nil, "a.b[c]": nil, "a.x.y": nil, "a.b[0][c.d/e].f": nil} {
		if got := at(tree, path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}

func TestCustomizations(t *testing.T) {
	ctx := context.Background()
	path := field.NewPath("spec", "customizeComponents", "patches").Index(0)
	w := Webhooks{Namespace: "kubevirt", Live: objects{}, Customizations: func(kv *v1.KubeVirt) field.ErrorList {
		if len(kv.Spec.CustomizeComponents.Patches) == 0 {
			return nil
		}
		return field.ErrorList{field.Invalid(path, "x", "nothing of the installation has this name")}
	}}
	good := named("kubevirt", "kubevirt", `{}`)
	bad := named("kubevirt", "kubevirt", `{"customizeComponents":{"patches":[{"resourceType":"Deployment","resourceName":"x","type":"merge","patch":"{}"}]}}`)
	expect(t, "a new one", w.Create(ctx, request(t, bad, nil)), "spec.customizeComponents.patches[0]")
	expect(t, "a changed one", w.Update(ctx, request(t, bad, good)), "spec.customizeComponents.patches[0]")
	expect(t, "without any", w.Update(ctx, request(t, good, bad)), "")
}

func TestDelete(t *testing.T) {
	ctx := context.Background()
	w := Webhooks{Namespace: "kubevirt", Workloads: func(context.Context, client.Reader, *v1.KubeVirt) (string, error) {
		return "there is default/guest", nil
	}}
	kv := named("kubevirt", "kubevirt", `{}`)
	expect(t, "before anything runs", w.Delete(ctx, request(t, nil, kv)), "")
	kv.Status.Phase = v1.KubeVirtPhaseDeployed
	expect(t, "under a guest", w.Delete(ctx, request(t, nil, kv)), "default/guest")
	w.Workloads = func(context.Context, client.Reader, *v1.KubeVirt) (string, error) { return "", nil }
	expect(t, "without guests", w.Delete(ctx, request(t, nil, kv)), "")
	w.Workloads = func(context.Context, client.Reader, *v1.KubeVirt) (string, error) { return "", errors.New("no answer") }
	expect(t, "when nobody knows", w.Delete(ctx, request(t, nil, kv)), "no answer")
}
