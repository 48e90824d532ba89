package apiserver

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// url of a route with every parameter filled in.
func (r *route) url(version string) string {
	return "/apis/" + Group + "/" + version + strings.NewReplacer(
		"{namespace}", "ns", "{name}", "myvm", "{port}", "80", "{protocol}", "tcp").Replace(r.path())
}

// TestRequestInfo asks for every row what authorization will be asked.
func TestRequestInfo(t *testing.T) {
	for i := range routes {
		r := &routes[i]
		for _, v := range Versions {
			request := httptest.NewRequest(r.method, r.url(v), nil)
			info, err := newRequestInfo().NewRequestInfo(request)
			if err != nil {
				t.Fatal(err)
			}
			name := "myvm"
			if r.subresource == "" {
				name = ""
			}
			if info.APIGroup != Group || info.Resource != r.resource || info.Subresource != r.subresource ||
				info.Namespace != "ns" || info.Name != name || info.Verb != rbacVerbs[r.method] || info.Verb == "" {
				t.Errorf("%s %s: %+v", r.method, request.URL.Path, info)
			}
			if longRunning(request, info) != r.stream {
				t.Errorf("%s: long running is %v, want %v", request.URL.Path, !r.stream, r.stream)
			}
		}
	}
}

func TestRequestInfoOfPaths(t *testing.T) {
	for path, want := range map[string]string{
		"virtualmachineinstances/myvm/vnc/screenshot":     "vnc/screenshot",
		"virtualmachineinstances/myvm/portforward/80":     "portforward",
		"virtualmachineinstances/myvm/portforward/80/udp": "portforward",
		"virtualmachineinstances/myvm/console/80":         "console/80",
		"expand-vm-spec": "",
	} {
		url := "/apis/" + Group + "/v1/namespaces/ns/" + path
		info, err := newRequestInfo().NewRequestInfo(httptest.NewRequest(http.MethodGet, url, nil))
		if err != nil || info.Subresource != want {
			t.Errorf("%s: subresource %q, %v; want %q", path, info.Subresource, err, want)
		}
	}
}

// TestRoutesAreUnique: what is looked up by method and subresource is the same for
// every row with these.
func TestRoutesAreUnique(t *testing.T) {
	paths, ids := map[string]bool{}, map[string]bool{}
	for i := range routes {
		r := &routes[i]
		if path := r.method + " " + r.path(); paths[path] {
			t.Errorf("%s is there twice", path)
		} else {
			paths[path] = true
		}
		if id := r.operation(); ids[id] {
			t.Errorf("operation %s is there twice", id)
		} else {
			ids[id] = true
		}
		if first := findRoute(r.method, r.resource, r.subresource); first.stream != r.stream || first.listed != r.listed {
			t.Errorf("%s %s: rows disagree", r.method, r.path())
		}
		if (r.serve == nil) == (r.feature == "") {
			t.Errorf("%s %s: want either somebody who serves it or the feature that is missing", r.method, r.path())
		}
	}
}
