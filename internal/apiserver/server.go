// Package apiserver serves the aggregated API subresources.kubevirt.io: verbs and
// byte streams of virtual machines. One table, routes.go, drives the web services,
// discovery and authorization.
package apiserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	restful "github.com/emicklei/go-restful/v3"
	"github.com/go-logr/logr"
	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints"
	"k8s.io/apiserver/pkg/endpoints/discovery/aggregated"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/version"
)

// server answers the routes.
type server struct {
	// client reads and writes live objects: a verb must not act on a stale cache.
	client  client.Client
	config  func() *clusterconfig.Config
	streams streamer
	guests  signaler
	log     logr.Logger
}

// install adds the group to the generic server.
func (s *server) install(generic *genericapiserver.GenericAPIServer) error {
	container := generic.Handler.GoRestfulContainer
	container.Add(discovery("/apis/"+Group, group()))
	generic.DiscoveryGroupManager.AddGroup(*group())
	for _, v := range Versions {
		container.Add(s.webService(v))
		if err := announce(generic.AggregatedDiscoveryGroupManager, v); err != nil {
			return err
		}
	}
	return nil
}

// announce adds one version to aggregated discovery, which the API server prefers
// (KEP-3352).
func announce(manager aggregated.ResourceManager, v string) error {
	if manager == nil {
		return nil
	}
	resources, err := endpoints.ConvertGroupVersionIntoToDiscovery(resourceList(v).APIResources)
	if err != nil {
		return fmt.Errorf("describing %s/%s for discovery: %w", Group, v, err)
	}
	manager.AddGroupVersion(Group, apidiscoveryv2.APIVersionDiscovery{
		Version: v, Freshness: apidiscoveryv2.DiscoveryFreshnessCurrent, Resources: resources,
	})
	return nil
}

func discovery(path string, document any) *restful.WebService {
	ws := new(restful.WebService).Path(path).Produces(restful.MIME_JSON)
	return ws.Route(ws.GET("").Operation("get" + Group).To(func(_ *restful.Request, response *restful.Response) {
		writeJSON(response, http.StatusOK, document)
	}))
}

// webService serves one version: its discovery, the version and every route.
func (s *server) webService(v string) *restful.WebService {
	ws := new(restful.WebService).Path("/apis/" + Group + "/" + v).Produces(restful.MIME_JSON).Consumes("*/*")
	ws.Route(ws.GET("").Operation(v + "getAPIResources").To(func(_ *restful.Request, response *restful.Response) {
		writeJSON(response, http.StatusOK, resourceList(v))
	}))
	ws.Route(ws.GET("/version").Operation(v + "version").To(func(_ *restful.Request, response *restful.Response) {
		writeJSON(response, http.StatusOK, version.Info())
	}))
	ws.Route(ws.GET("/healthz").Operation(v + "healthz").To(func(_ *restful.Request, response *restful.Response) {
		s.health(response, nil)
	}))
	for _, r := range routes {
		ws.Route(ws.Method(r.method).Path(r.path()).Operation(r.operation(v)).
			Param(ws.PathParameter("namespace", "namespace of the object")).
			Param(ws.PathParameter("name", "name of the object")).
			To(func(request *restful.Request, response *restful.Response) {
				r.serve(s, response, request.Request, target{namespace: request.PathParameter("namespace"), name: request.PathParameter("name")})
			}))
	}
	return ws
}

// openPaths are served without authentication: what probes, discovery and the API
// server's admission need.
func openPaths(webhooks map[string]http.Handler) []string {
	paths := []string{"/healthz", "/livez", "/readyz"}
	for _, v := range Versions {
		paths = append(paths, "/apis/"+Group+"/"+v+"/version", "/apis/"+Group+"/"+v+"/healthz")
	}
	for path := range webhooks {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

// health tells which configuration is in effect.
func (s *server) health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"config-resource-version": s.config().ResourceVersion})
}

// fail answers with a status error; anything that is none is internal.
func (s *server) fail(w http.ResponseWriter, err error) {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		s.log.Error(err, "a request failed")
		status = apierrors.NewInternalError(err)
	}
	body := status.Status()
	body.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	writeJSON(w, int(body.Code), &body)
}

func writeJSON(w http.ResponseWriter, code int, document any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// An error here means that the caller has gone.
	_ = json.NewEncoder(w).Encode(document)
}

func resource(plural string) schema.GroupResource {
	return schema.GroupResource{Group: "kubevirt.io", Resource: plural}
}
