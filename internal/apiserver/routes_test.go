package apiserver

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestRequestInfo asks for every row what authorization will be asked.
func TestRequestInfo(t *testing.T) {
	for _, r := range routes {
		for _, v := range Versions {
			path := "/apis/" + Group + "/" + v + "/namespaces/ns/" + r.resource + "/myvm/" + r.subresource
			info, err := newRequestInfo().NewRequestInfo(httptest.NewRequest(r.method, path, nil))
			if err != nil {
				t.Fatal(err)
			}
			if info.APIGroup != Group || info.Resource != r.resource || info.Subresource != r.subresource ||
				info.Namespace != "ns" || info.Name != "myvm" || info.Verb != rbacVerbs[r.method] {
				t.Errorf("%s %s: %+v", r.method, path, info)
			}
			if longRunning(nil, info) != r.stream {
				t.Errorf("%s: long running is %v, want %v", path, !r.stream, r.stream)
			}
		}
	}
}

func TestRequestInfoKeepsEverySegment(t *testing.T) {
	path := "/apis/" + Group + "/v1/namespaces/ns/virtualmachineinstances/myvm/vnc/screenshot"
	info, err := newRequestInfo().NewRequestInfo(httptest.NewRequest(http.MethodGet, path, nil))
	if err != nil || info.Subresource != "vnc/screenshot" {
		t.Fatalf("subresource %q, %v; want vnc/screenshot", info.Subresource, err)
	}
}
