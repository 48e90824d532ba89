package apiserver

import (
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/internal/apiserver/objectgraph"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

func (s *server) machineGraph(w http.ResponseWriter, r *http.Request, at target) {
	s.graph(w, r, func() (root *objectgraph.Node, err error) {
		err = s.withMachine(r.Context(), at, func(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) error {
			root = objectgraph.Machine(vm, vmi)
			return nil
		})
		return root, err
	})
}

func (s *server) instanceGraph(w http.ResponseWriter, r *http.Request, at target) {
	s.graph(w, r, func() (root *objectgraph.Node, err error) {
		err = s.withGuest(r.Context(), at, func(vmi *v1.VirtualMachineInstance) error {
			root = objectgraph.Instance(vmi)
			return nil
		})
		return root, err
	})
}

func (s *server) graph(w http.ResponseWriter, r *http.Request, build func() (*objectgraph.Node, error)) {
	err := s.needGate(clusterconfig.GateObjectGraph)
	var options subresourcesv1.ObjectGraphOptions
	if err == nil {
		err = readGraphOptions(r, &options)
	}
	var root *objectgraph.Node
	if err == nil {
		root, err = build()
	}
	if err == nil {
		if wrong := objectgraph.Select(root, &options); wrong != nil {
			err = apierrors.NewBadRequest("labelSelector: " + wrong.Error())
		}
	}
	if err != nil {
		s.fail(w, err)
		return
	}
	writeDocument(w, root, "ObjectGraphNode")
}

// readGraphOptions takes the options from the body, which clients of this API send
// with a GET, and from the query, which a person can type.
func readGraphOptions(r *http.Request, options *subresourcesv1.ObjectGraphOptions) error {
	if err := readOptions(r, options); err != nil {
		return err
	}
	query := r.URL.Query()
	if query.Has("includeOptionalNodes") {
		include, err := boolQuery(r, "includeOptionalNodes", true)
		if err != nil {
			return err
		}
		options.IncludeOptionalNodes = &include
	}
	if text := query.Get("labelSelector"); text != "" {
		selector, err := metav1.ParseToLabelSelector(text)
		if err != nil {
			return apierrors.NewBadRequest(fmt.Sprintf("labelSelector: %v", err))
		}
		options.LabelSelector = selector
	}
	return nil
}

// needGate refuses what the cluster's configuration leaves off.
func (s *server) needGate(gate clusterconfig.Gate) error {
	if s.config().Enabled(gate) {
		return nil
	}
	return apierrors.NewBadRequest(fmt.Sprintf("the feature gate %s is off; an administrator turns it on in the KubeVirt object's "+
		"spec.configuration.developerConfiguration.featureGates", gate))
}
