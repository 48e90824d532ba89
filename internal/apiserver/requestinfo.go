package apiserver

import (
	"net/http"
	"strings"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/request"
)

// requestInfo reads requests for authorization as Kubernetes does, but keeps
// every segment of a subresource: vnc/screenshot is not vnc.
type requestInfo struct{ request.RequestInfoFactory }

func newRequestInfo() requestInfo {
	return requestInfo{request.RequestInfoFactory{APIPrefixes: sets.NewString("apis"), GrouplessAPIPrefixes: sets.NewString()}}
}

// NewRequestInfo implements request.RequestInfoResolver.
func (f requestInfo) NewRequestInfo(r *http.Request) (*request.RequestInfo, error) {
	info, err := f.RequestInfoFactory.NewRequestInfo(r)
	if err != nil || !info.IsResourceRequest {
		return info, err
	}
	if info.Namespace == "" && isOpen(info.Resource) && len(info.Parts) == 1 {
		// Only what is no resource can be open to everybody.
		info.IsResourceRequest = false
		return info, nil
	}
	if info.Subresource == "" {
		return info, nil
	}
	// Parts are resource, name and then the subresource's segments. Which port is
	// forwarded is a parameter, not a subresource of its own.
	if info.Subresource != "portforward" {
		info.Subresource = strings.Join(info.Parts[2:], "/")
	}
	return info, nil
}

// longRunning tells streams from requests that have to end within the server's
// time limit.
func longRunning(request *http.Request, info *request.RequestInfo) bool {
	r := findRoute(request.Method, info.Resource, info.Subresource)
	return r != nil && r.stream
}
