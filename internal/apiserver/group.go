package apiserver

import (
	"net/http"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiversion "k8s.io/apimachinery/pkg/version"

	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/internal/unsupported"
	"kubevirt.io/kubevirt/internal/version"
)

// groupRoute is something that belongs to no object and no namespace.
type groupRoute struct {
	name, doc string
	serve     func(*server, http.ResponseWriter, *http.Request)
	// answer is a sample of what is received.
	answer any
	// open says that nobody has to tell who they are.
	open bool
}

var groupRoutes = []groupRoute{
	{name: "version", doc: "the version of the system", serve: (*server).version, answer: apiversion.Info{}, open: true},
	{name: "healthz", doc: "the configuration in effect", serve: (*server).health, open: true},
	{name: "guestfs", doc: "the image with the tools of libguestfs", serve: (*server).guestfs},
	{name: "start-cluster-profiler", doc: "start the profiler of every component", serve: (*server).profiler},
	{name: "stop-cluster-profiler", doc: "stop the profiler of every component", serve: (*server).profiler},
	{name: "dump-cluster-profiler", doc: "what the profilers have found", serve: (*server).profiler,
		answer: subresourcesv1.ClusterProfilerResults{}},
}

// isOpen tells whether something of the group's own is served to everybody.
func isOpen(name string) bool {
	return slices.ContainsFunc(groupRoutes, func(g groupRoute) bool { return g.open && g.name == name })
}

// openPaths are served without authentication: what probes, Prometheus and clients
// that look for the version need, and what the API server's admission calls without a name.
func openPaths(webhooks map[string]http.Handler) []string {
	paths := []string{"/healthz", "/livez", "/readyz", "/metrics"}
	for _, v := range Versions {
		for _, g := range groupRoutes {
			if g.open {
				paths = append(paths, "/apis/"+Group+"/"+v+"/"+g.name)
			}
		}
	}
	for path := range webhooks {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

func (s *server) version(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, version.Info())
}

// health tells which configuration is in effect.
func (s *server) health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"config-resource-version": s.inEffect().ResourceVersion})
}

// guestfs would name the image with libguestfs; there is none in this version.
func (s *server) guestfs(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusInternalServerError, map[string]any{
		"guestfs": map[string]string{"status": "failed", "error": unsupported.Sentence(unsupported.Guestfs)},
	})
}

// profiler is always off: the field that turns it on is refused at admission.
func (s *server) profiler(w http.ResponseWriter, _ *http.Request) {
	s.fail(w, &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden,
		Message: "the cluster profiler is off and cannot be turned on: the KubeVirt object's " +
			"spec.configuration.developerConfiguration.clusterProfiler is not part of this version",
	}})
}
