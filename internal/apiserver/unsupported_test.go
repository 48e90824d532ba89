package apiserver

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	restful "github.com/emicklei/go-restful/v3"
	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestUnsupported asks for everything that this version leaves out, in both versions.
func TestUnsupported(t *testing.T) {
	s := &server{client: cluster{}, log: logr.Discard()}
	container := restful.NewContainer()
	for _, v := range Versions {
		container.Add(s.webService(v))
	}
	const vm, vmi = "virtualmachines/myvm/", "virtualmachineinstances/myvm/"
	for _, c := range []struct{ method, path, names string }{
		{http.MethodPut, vm + "migrate", "live migration"},
		{http.MethodPut, vm + "evacuate/cancel", "evacuation"},
		{http.MethodPut, vmi + "evacuate/cancel", "evacuation"},
		{http.MethodPut, vm + "addvolume", "attaching a volume"},
		{http.MethodPut, vmi + "addvolume", "attaching a volume"},
		{http.MethodPut, vm + "removevolume", "detaching a volume"},
		{http.MethodPut, vmi + "removevolume", "detaching a volume"},
		{http.MethodPut, vm + "memorydump", "memory"},
		{http.MethodPut, vm + "removememorydump", "memory"},
		{http.MethodPut, vmi + "backup", "backup"},
		{http.MethodPut, vmi + "redefine-checkpoint", "checkpoints"},
		{http.MethodGet, vm + "expand-spec", "expansion"},
		{http.MethodPut, "expand-vm-spec", "expansion"},
	} {
		for _, v := range Versions {
			answer := httptest.NewRecorder()
			path := "/apis/" + Group + "/" + v + "/namespaces/ns/" + c.path
			container.ServeHTTP(answer, httptest.NewRequest(c.method, path, strings.NewReader("{}")))
			var got metav1.Status
			if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
				t.Errorf("%s: %d %q: %v", path, answer.Code, answer.Body, err)
				continue
			}
			if answer.Code != http.StatusNotImplemented || got.Code != http.StatusNotImplemented || got.Kind != "Status" ||
				got.Reason != reasonNotImplemented || !strings.Contains(got.Message, c.names) {
				t.Errorf("%s: %d %+v, want 501 and %q", path, answer.Code, got, c.names)
			}
			for _, listed := range resourceList(v).APIResources {
				if listed.Name == strings.Replace(c.path, "/myvm/", "/", 1) {
					t.Errorf("%s is in discovery", listed.Name)
				}
			}
		}
	}
}

// TestDiscovery: exactly what the contract lists, as far as it is served, and what is
// our own.
func TestDiscovery(t *testing.T) {
	contract := map[string]bool{}
	for _, name := range strings.Fields(`
		virtualmachineinstances/vnc virtualmachineinstances/vnc/screenshot virtualmachineinstances/console
		virtualmachineinstances/portforward virtualmachineinstances/pause virtualmachineinstances/unpause
		virtualmachineinstances/freeze virtualmachineinstances/unfreeze virtualmachineinstances/reset
		virtualmachineinstances/softreboot virtualmachineinstances/guestosinfo virtualmachineinstances/userlist
		virtualmachineinstances/filesystemlist virtualmachineinstances/objectgraph
		virtualmachineinstances/sev/fetchcertchain virtualmachineinstances/sev/querylaunchmeasurement
		virtualmachineinstances/sev/setupsession virtualmachineinstances/sev/injectlaunchsecret
		virtualmachines/start virtualmachines/stop virtualmachines/restart virtualmachines/objectgraph
		virtualmachineinstances/exec virtualmachineinstances/file virtualmachines/explain`) {
		contract[name] = false
	}
	for _, listed := range resourceList("v1").APIResources {
		if seen, known := contract[listed.Name]; seen || !known || len(listed.Verbs) == 0 || !listed.Namespaced {
			t.Errorf("discovery lists %+v", listed)
		}
		contract[listed.Name] = true
	}
	for name, seen := range contract {
		if !seen {
			t.Errorf("discovery does not list %s", name)
		}
	}
}
