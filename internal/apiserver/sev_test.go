package apiserver

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// gates is a configuration that turns feature gates on, or off with a leading "-".
func gates(names ...string) func() *clusterconfig.Config {
	developer := &v1.DeveloperConfiguration{}
	for _, name := range names {
		if off, found := strings.CutPrefix(name, "-"); found {
			developer.DisabledFeatureGates = append(developer.DisabledFeatureGates, off)
		} else {
			developer.FeatureGates = append(developer.FeatureGates, name)
		}
	}
	kv := &v1.KubeVirt{}
	kv.Spec.Configuration.DeveloperConfiguration = developer
	return func() *clusterconfig.Config { return clusterconfig.New(kv) }
}

// ask sends a request for ns/myvm to a route.
func (s *server) ask(method, resource, subresource, query, body string) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	request := httptest.NewRequest(method, "/?"+query, strings.NewReader(body))
	findRoute(method, resource, subresource).handle(s, answer, request, target{namespace: "ns", name: "myvm"})
	return answer
}

// refused reads the status error of an answer.
func refused(t *testing.T, answer *httptest.ResponseRecorder) metav1.Status {
	t.Helper()
	var status metav1.Status
	if err := json.Unmarshal(answer.Body.Bytes(), &status); err != nil || status.Kind != "Status" || int(status.Code) != answer.Code {
		t.Fatalf("%d %s is no status error (%v)", answer.Code, answer.Body, err)
	}
	return status
}

func TestSEV(t *testing.T) {
	const session, secret = `{"session":"YQ==","dhCert":"Yg=="}`, `{"header":"YQ==","secret":"Yg=="}`
	const off = "-WorkloadEncryptionSEV"
	for _, c := range []struct {
		method, subresource, gate, body string
		vmi                             *v1.VirtualMachineInstance
		code                            int
		says                            string
	}{
		{"GET", "fetchcertchain", off, "", guest(), 400, "WorkloadEncryptionSEV"},
		{"GET", "fetchcertchain", "", "", nil, 500, "not found"},
		{"GET", "fetchcertchain", "", "", guest(in(v1.VMIPhaseScheduling)), 500, "does not run yet"},
		{"GET", "fetchcertchain", "", "", guest(in(v1.VMIPhaseScheduled)), 500, "attestation is not set"},
		{"GET", "fetchcertchain", "", "", guest(), 500, "attestation is not set"},
		{"GET", "querylaunchmeasurement", off, "", guest(paused), 400, "WorkloadEncryptionSEV"},
		{"GET", "querylaunchmeasurement", "", "", nil, 500, "not found"},
		{"GET", "querylaunchmeasurement", "", "", guest(in(v1.VMIPhaseScheduled)), 500, "does not run yet"},
		{"GET", "querylaunchmeasurement", "", "", guest(), 500, "not paused"},
		{"GET", "querylaunchmeasurement", "", "", guest(paused), 500, "attestation is not set"},
		{"PUT", "setupsession", off, session, guest(), 400, "WorkloadEncryptionSEV"},
		{"PUT", "setupsession", "", "", guest(), 400, "session"},
		{"PUT", "setupsession", "", `{"dhCert":"Yg=="}`, guest(), 400, "session"},
		{"PUT", "setupsession", "", `{"session":"YQ=="}`, guest(), 400, "dhCert"},
		{"PUT", "setupsession", "", session, nil, 404, "not found"},
		{"PUT", "setupsession", "", session, guest(), 409, "Scheduled"},
		{"PUT", "setupsession", "", session, guest(in(v1.VMIPhaseScheduled)), 409, "attestation is not set"},
		{"PUT", "injectlaunchsecret", off, secret, guest(paused), 400, "WorkloadEncryptionSEV"},
		{"PUT", "injectlaunchsecret", "", "", guest(paused), 400, "header"},
		{"PUT", "injectlaunchsecret", "", secret, nil, 404, "not found"},
		{"PUT", "injectlaunchsecret", "", secret, guest(in(v1.VMIPhaseSucceeded)), 409, "has ended"},
		{"PUT", "injectlaunchsecret", "", secret, guest(), 409, "not paused"},
		{"PUT", "injectlaunchsecret", "", secret, guest(paused), 409, "attestation is not set"},
	} {
		s := &server{client: cluster{vmi: c.vmi}, config: gates(c.gate), log: logr.Discard()}
		status := refused(t, s.ask(c.method, instances, "sev/"+c.subresource, "", c.body))
		if int(status.Code) != c.code || !strings.Contains(status.Message, c.says) {
			t.Errorf("%s with %q: %d %q, want %d %q", c.subresource, c.body, status.Code, status.Message, c.code, c.says)
		}
	}
}

func TestObjectGraph(t *testing.T) {
	vm := machine(nil, v1.RunStrategyAlways)
	vm.Namespace, vm.UID = "ns", "vm"
	vm.Spec.Template = &v1.VirtualMachineInstanceTemplateSpec{}
	vm.Spec.Template.Spec.Volumes = []v1.Volume{{Name: "a"}, {Name: "b"}}
	vm.Spec.Template.Spec.Volumes[0].PersistentVolumeClaim = &v1.PersistentVolumeClaimVolumeSource{ClaimName: "claim"}
	vm.Spec.Template.Spec.Volumes[1].ConfigMap = &v1.ConfigMapVolumeSource{Name: "map", Optional: ptr(true)}
	owned := guest(func(vmi *v1.VirtualMachineInstance) {
		vmi.OwnerReferences = []metav1.OwnerReference{{UID: "vm", Controller: ptr(true)}}
	})
	const storage = "kubevirt.io/dependency-type=storage"
	for _, c := range []struct {
		resource, gate, query, body string
		vmi                         *v1.VirtualMachineInstance
		code                        int
		// has and hasNot are in the answer, or not.
		has, hasNot string
	}{
		{machines, "", "", "", owned, 400, "ObjectGraph", ""},
		{instances, "", "", "", owned, 400, "ObjectGraph", ""},
		{machines, "ObjectGraph", "", "", owned, 200, `"kind":"VirtualMachineInstance"`, ""},
		{machines, "ObjectGraph", "", "", guest(), 200, `"name":"claim"`, `"kind":"VirtualMachineInstance"`},
		{machines, "ObjectGraph", "includeOptionalNodes=false", "", owned, 200, `"name":"claim"`, `"name":"map"`},
		{machines, "ObjectGraph", "", `{"includeOptionalNodes":false}`, owned, 200, `"name":"claim"`, `"name":"map"`},
		{machines, "ObjectGraph", "labelSelector=" + storage, "", owned, 200, `"name":"claim"`, `"name":"map"`},
		{machines, "ObjectGraph", "", `{"labelSelector":{"matchLabels":{"kubevirt.io/dependency-type":"storage"}}}`, owned, 200, `"name":"claim"`, `"name":"map"`},
		{machines, "ObjectGraph", "includeOptionalNodes=perhaps", "", owned, 400, "includeOptionalNodes", ""},
		{machines, "ObjectGraph", "labelSelector==", "", owned, 400, "labelSelector", ""},
		{machines, "ObjectGraph", "", `{"labelSelector":{"matchExpressions":[{"key":"a","operator":"Like"}]}}`, owned, 400, "labelSelector", ""},
		{instances, "ObjectGraph", "", "", owned, 200, `"kind":"ObjectGraphNode","apiVersion":"subresources.kubevirt.io/v1"`, ""},
		{instances, "ObjectGraph", "", "", nil, 404, "not found", ""},
	} {
		s := &server{client: cluster{vmi: c.vmi, vm: vm}, config: gates(c.gate), log: logr.Discard()}
		answer := s.ask(http.MethodGet, c.resource, "objectgraph", c.query, c.body)
		if answer.Code != c.code || !strings.Contains(answer.Body.String(), c.has) ||
			c.hasNot != "" && strings.Contains(answer.Body.String(), c.hasNot) {
			t.Errorf("%s?%s %s: %d %s, want %d, %q and not %q", c.resource, c.query, c.body, answer.Code, answer.Body, c.code, c.has, c.hasNot)
		}
	}
}

func TestGroupRoutes(t *testing.T) {
	want := "/apis/subresources.kubevirt.io/v1/healthz /apis/subresources.kubevirt.io/v1/version " +
		"/apis/subresources.kubevirt.io/v1alpha3/healthz /apis/subresources.kubevirt.io/v1alpha3/version " +
		"/healthz /hook /livez /metrics /readyz"
	if got := strings.Join(openPaths(map[string]http.Handler{"/hook": nil}), " "); got != want {
		t.Errorf("open to everybody: %s\nwant %s", got, want)
	}
	s := &server{config: gates(), inEffect: gates(), log: logr.Discard()}
	for _, g := range groupRoutes {
		answer := httptest.NewRecorder()
		g.serve(s, answer, httptest.NewRequest(http.MethodGet, "/", nil))
		switch {
		case g.open:
			if answer.Code != http.StatusOK {
				t.Errorf("%s: %d %s", g.name, answer.Code, answer.Body)
			}
		case g.name == "guestfs":
			if want := `{"guestfs":{"error":"a shell with the tools of libguestfs is not part of this version","status":"failed"}}`; answer.Code != 500 ||
				strings.TrimSpace(answer.Body.String()) != want {
				t.Errorf("guestfs: %d %s", answer.Code, answer.Body)
			}
		default:
			if status := refused(t, answer); status.Code != 403 || !strings.Contains(status.Message, "clusterProfiler") {
				t.Errorf("%s: %+v", g.name, status)
			}
		}
	}
}
