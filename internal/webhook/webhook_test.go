package webhook

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

const base = `
apiVersion: kubevirt.io/v1
kind: VirtualMachineInstance
metadata: {name: myvm, namespace: ns}
spec:
  domain:
    resources: {requests: {memory: 64Mi}}
    devices: {disks: [{name: root, disk: {bus: virtio}}]}
  volumes: [{name: root, containerDisk: {image: "guest:1"}}]
`

var (
	user       = authenticationv1.UserInfo{Username: "jane"}
	controller = authenticationv1.UserInfo{Username: "system:serviceaccount:kubevirt:kubevirt-controller"}
	stranger   = authenticationv1.UserInfo{Username: "system:serviceaccount:elsewhere:kubevirt-controller"}
	// both is virt-api and virt-controller as one program.
	both = authenticationv1.UserInfo{Username: "system:serviceaccount:kubevirt:kubevirt-control-plane"}
)

func handlerOf(node string) authenticationv1.UserInfo {
	return authenticationv1.UserInfo{
		Username: "system:serviceaccount:kubevirt:kubevirt-handler",
		Extra:    map[string]authenticationv1.ExtraValue{nodeNameExtra: {node}},
	}
}

// ask sends one admission request over HTTP, as the API server does.
func ask(t *testing.T, path string, who authenticationv1.UserInfo, object, old any) *admissionv1.AdmissionResponse {
	t.Helper()
	request := &admissionv1.AdmissionRequest{
		UID: "1", UserInfo: who, Operation: admissionv1.Create, Name: "myvm", Namespace: "ns",
		Kind: metav1.GroupVersionKind{Group: "kubevirt.io", Version: "v1", Kind: "VirtualMachineInstance"},
	}
	if typed, ok := object.(runtime.Object); ok && typed.GetObjectKind().GroupVersionKind().Kind != "" {
		request.Kind.Kind = typed.GetObjectKind().GroupVersionKind().Kind
	}
	raw := func(object any) []byte {
		data, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	request.Object = runtime.RawExtension{Raw: raw(object)}
	if old != nil {
		request.Operation, request.OldObject = admissionv1.Update, runtime.RawExtension{Raw: raw(old)}
	}
	review := admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: request,
	}
	handlers := Handlers(Deps{
		Config:    func() *clusterconfig.Config { return clusterconfig.New(nil) },
		Namespace: "kubevirt", NewUUID: func() types.UID { return "5d307ca9-b3ef-428c-8861-06e72d69f223" },
		Now: func() metav1.Time { return metav1.NewTime(time.Unix(1e9, 0)) },
	})
	if handlers[path] == nil {
		t.Fatalf("no webhook at %s", path)
	}
	web := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(raw(review)))
	r.Header.Set("Content-Type", "application/json")
	handlers[path].ServeHTTP(web, r)
	var answer admissionv1.AdmissionReview
	if err := json.Unmarshal(web.Body.Bytes(), &answer); err != nil || answer.Response == nil {
		t.Fatalf("answer %s: %v", web.Body, err)
	}
	return answer.Response
}

func parse(t *testing.T, manifest string) *v1.VirtualMachineInstance {
	t.Helper()
	vmi := &v1.VirtualMachineInstance{}
	if err := yaml.UnmarshalStrict([]byte(manifest), vmi); err != nil {
		t.Fatal(err)
	}
	return vmi
}

// apply returns the object as it would be stored.
func apply(t *testing.T, object *v1.VirtualMachineInstance, response *admissionv1.AdmissionResponse) *v1.VirtualMachineInstance {
	t.Helper()
	if !response.Allowed {
		t.Fatalf("refused: %v", response.Result)
	}
	data, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	if len(response.Patch) > 0 {
		patch, err := jsonpatch.DecodePatch(response.Patch)
		if err != nil {
			t.Fatal(err)
		}
		if data, err = patch.Apply(data); err != nil {
			t.Fatal(err)
		}
	}
	stored := &v1.VirtualMachineInstance{}
	if err := json.Unmarshal(data, stored); err != nil {
		t.Fatal(err)
	}
	return stored
}

func TestCreateFillsInAndForgesNothing(t *testing.T) {
	vmi := parse(t, base)
	vmi.Status.Phase = v1.VMIPhaseRunning
	vmi.Status.NodeName = "forged"
	stored := apply(t, vmi, ask(t, "/virtualmachineinstances-mutate", user, vmi, nil))
	if stored.Status.Phase != v1.VMIPhasePending || stored.Status.NodeName != "" {
		t.Errorf("status %+v, want a new one", stored.Status)
	}
	if len(stored.Finalizers) != 1 || stored.Finalizers[0] != v1.FinalizerVMI {
		t.Errorf("finalizers %v", stored.Finalizers)
	}
	if guest := stored.Spec.Domain.Memory.Guest; guest == nil || guest.String() != "64Mi" {
		t.Errorf("guest memory %v, want what is requested", guest)
	}
	if len(stored.Spec.Networks) != 1 || stored.Spec.Domain.Machine.Type == "" || stored.Spec.Domain.CPU.Sockets != 1 {
		t.Errorf("spec was not filled in: %+v", stored.Spec)
	}
}

func TestWhoWritesStatus(t *testing.T) {
	old := parse(t, base)
	old.Status.Phase, old.Status.NodeName = v1.VMIPhaseScheduled, "node01"
	changed := old.DeepCopy()
	changed.Status.Phase = v1.VMIPhaseRunning
	changed.Labels = map[string]string{"by": "somebody"}
	for _, tc := range []struct {
		name  string
		who   authenticationv1.UserInfo
		phase v1.VirtualMachineInstancePhase
	}{
		{"a user changes metadata only", user, v1.VMIPhaseScheduled},
		{"an account of another namespace is a user", stranger, v1.VMIPhaseScheduled},
		{"the controller changes both", controller, v1.VMIPhaseRunning},
		{"as part of one program as well", both, v1.VMIPhaseRunning},
	} {
		t.Run(tc.name, func(t *testing.T) {
			stored := apply(t, changed, ask(t, "/virtualmachineinstances-mutate", tc.who, changed, old))
			if stored.Status.Phase != tc.phase {
				t.Errorf("phase %s, want %s", stored.Status.Phase, tc.phase)
			}
			if stored.Labels["by"] == "" {
				t.Errorf("labels %v", stored.Labels)
			}
		})
	}
}

func TestUpdateRules(t *testing.T) {
	old := parse(t, base)
	old.Status.NodeName = "node01"
	newSpec := old.DeepCopy()
	newSpec.Spec.Hostname = "other"
	newLabel := old.DeepCopy()
	newLabel.Labels = map[string]string{v1.LabelNodeName: "node02"}
	for _, tc := range []struct {
		name    string
		who     authenticationv1.UserInfo
		object  *v1.VirtualMachineInstance
		refused string
	}{
		{"unchanged", user, old, ""},
		{"a user changes the spec", user, newSpec, "spec"},
		{"a user moves it to another node", user, newLabel, v1.LabelNodeName},
		{"the controller does", controller, newLabel, ""},
		{"the controller as part of one program does", both, newLabel, ""},
		{"the node's handler", handlerOf("node01"), old, ""},
		{"another node's handler", handlerOf("node02"), old, "node02"},
		{"a handler without a node", handlerOf(""), old, "may not write"},
		{"the node's handler changes the spec", handlerOf("node01"), newSpec, "spec"},
		{"the node's handler moves it", handlerOf("node01"), newLabel, v1.LabelNodeName},
	} {
		t.Run(tc.name, func(t *testing.T) {
			response := ask(t, "/virtualmachineinstances-validate-update", tc.who, tc.object, old)
			if response.Allowed != (tc.refused == "") {
				t.Fatalf("allowed %v: %v", response.Allowed, response.Result)
			}
			if tc.refused != "" && !strings.Contains(response.Result.Message, tc.refused) {
				t.Errorf("message %q does not name %q", response.Result.Message, tc.refused)
			}
		})
	}
}

func TestUnsupportedKinds(t *testing.T) {
	response := ask(t, "/unsupported-kinds-validate", user, parse(t, base), nil)
	if response.Allowed || response.Result.Message != "VirtualMachineInstance is not supported by this version" {
		t.Errorf("%+v", response.Result)
	}
}

func TestMalformedObjectsAreLeftToTheSchema(t *testing.T) {
	wrong := map[string]any{"spec": map[string]any{"domain": map[string]any{"cpu": map[string]any{"cores": "many"}}}}
	if response := ask(t, "/virtualmachineinstances-mutate", user, wrong, nil); !response.Allowed || len(response.Patch) > 0 {
		t.Errorf("%+v", response)
	}
	if response := ask(t, "/virtualmachineinstances-validate-create", user, wrong, nil); response.Allowed {
		t.Error("validated")
	}
}
