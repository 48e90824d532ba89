// Package apiserver serves the aggregated API subresources.kubevirt.io: verbs and
// byte streams of virtual machines. One table, routes.go, drives the web services,
// discovery and authorization.
package apiserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/turns"
)

// server answers the routes.
type server struct {
	// client reads and writes live objects: a verb must not act on a stale cache.
	client client.Client
	config func() *clusterconfig.Config
	// inEffect is the configuration by which the process itself runs already.
	inEffect  func() *clusterconfig.Config
	streams   streamer
	guests    signaler
	questions asker
	// asked and awaited bound what guests are asked at a time, and the programs in them
	// that are waited for.
	asked, awaited *turns.Turns
	// explaining bounds the explanations at a time; they read with a client of their own.
	explaining *turns.Turns
	surveyor   client.Reader
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

// readFailure is what has failed when virt-api read an object for itself. That there
// is no such object is an answer to the caller; anything else is about virt-api, with
// its own name in it, and for the log.
func (s *server) readFailure(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case apierrors.IsNotFound(err):
		return fmt.Errorf("%s: %w", what, err)
	}
	s.log.Error(err, what+" failed")
	return apierrors.NewInternalError(errors.New(what + " failed: try again; the log of virt-api says more"))
}

// asInternal answers any failure with code 500, as the contract has it for what asks
// something of a guest and changes nothing. To try again later is none.
func asInternal(err error) error {
	if err == nil || apierrors.IsTooManyRequests(err) {
		return err
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
