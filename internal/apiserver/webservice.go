package apiserver

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	restful "github.com/emicklei/go-restful/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pathParameters say what the parameters of the paths are.
var pathParameters = map[string]string{
	"namespace": "namespace of the object",
	"name":      "name of the object",
	"port":      "port of the guest",
	"protocol":  "tcp or udp",
}

// webService serves one version: its discovery, what is the group's own and every route.
func (s *server) webService(v string) *restful.WebService {
	ws := new(restful.WebService).Path("/apis/"+Group+"/"+v).Produces(restful.MIME_JSON, "*/*").Consumes("*/*")
	ws.Route(ws.GET("").Operation("getAPIResources").Doc("the subresources of this version").
		Returns(http.StatusOK, "OK", metav1.APIResourceList{}).
		To(func(_ *restful.Request, response *restful.Response) {
			writeJSON(response, http.StatusOK, resourceList(v))
		}))
	for i := range groupRoutes {
		g := &groupRoutes[i]
		ws.Route(ws.GET("/"+g.name).Operation("get"+camelCase(g.name)).Doc(g.doc).
			Returns(http.StatusOK, "OK", sample(g.answer)).
			To(func(request *restful.Request, response *restful.Response) {
				g.serve(s, response, request.Request)
			}))
	}
	for i := range routes {
		s.addRoute(ws, &routes[i])
	}
	return ws
}

func (s *server) addRoute(ws *restful.WebService, r *route) {
	builder := ws.Method(r.method).Path(r.path()).Operation(r.operation()).
		To(func(request *restful.Request, response *restful.Response) {
			r.handle(s, response, request.Request, target{
				namespace: request.PathParameter("namespace"), name: request.PathParameter("name"),
				port: request.PathParameter("port"), protocol: request.PathParameter("protocol"),
			})
		})
	for _, name := range slices.Sorted(maps.Keys(pathParameters)) {
		if strings.Contains(r.path(), "{"+name+"}") {
			builder.Param(ws.PathParameter(name, pathParameters[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.query)) {
		builder.Param(ws.QueryParameter(name, "").DataType(r.query[name]).Required(false))
	}
	if r.body != nil {
		builder.Reads(r.body)
		builder.ParameterNamed("body").Required(false)
	}
	code := r.code()
	ws.Route(builder.Returns(code, http.StatusText(code), sample(r.answer)))
}

// sample stands in for an answer that is no JSON: OpenAPI calls it text.
func sample(answer any) any {
	if answer == nil {
		return ""
	}
	return answer
}
