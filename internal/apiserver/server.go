// Package apiserver serves the aggregated API subresources.kubevirt.io: verbs and
// byte streams of virtual machines. One table, routes.go, drives the web services,
// discovery and authorization.
package apiserver

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// server answers the routes.
type server struct {
	// client reads and writes live objects: a verb must not act on a stale cache.
	client    client.Client
	config    func() *clusterconfig.Config
	streams   streamer
	guests    signaler
	questions asker
	// dial reaches the addresses of guests.
	dial dialer
	log  logr.Logger
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

// asInternal answers any failure with code 500, as the contract has it for what asks
// something of a guest and changes nothing.
func asInternal(err error) error {
	if err == nil {
		return nil
	}
	return apierrors.NewInternalError(err)
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
