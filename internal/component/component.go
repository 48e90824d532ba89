// Package component knows every object of an installation: what virt-operator
// wants the cluster to hold. It only computes; one file per component.
package component

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Object is an API object with its metadata.
type Object interface {
	metav1.Object
	runtime.Object
}

// Names of the workloads; also the values of their pods' label kubevirt.io and the
// names of their main containers.
const (
	Operator   = "virt-operator"
	API        = "virt-api"
	Controller = "virt-controller"
	Handler    = "virt-handler"
)

// Names of the service accounts.
const (
	OperatorAccount   = "kubevirt-operator"
	APIAccount        = "kubevirt-apiserver"
	ControllerAccount = "kubevirt-controller"
	HandlerAccount    = "kubevirt-handler"
	// ControlPlaneAccount is that of virt-api and virt-controller in one process.
	ControlPlaneAccount = "kubevirt-control-plane"
)

// Names under which the components' certificates are kept.
const (
	CASecret            = "kubevirt-ca"
	CAConfigMap         = "kubevirt-ca"
	OperatorSecret      = "kubevirt-operator-certs"
	APISecret           = "kubevirt-virt-api-certs"
	ControllerSecret    = "kubevirt-controller-certs"
	HandlerClientSecret = "kubevirt-virt-handler-certs"
	HandlerServerSecret = "kubevirt-virt-handler-server-certs"
)

// CABundleKey is the key of CAConfigMap under which the trusted CAs stand, PEM encoded.
const CABundleKey = "ca-bundle"

// APIClientName is the common name of the certificate by which virt-api makes
// itself known to virt-handlers; they admit nobody else.
const APIClientName = "kubevirt.io:system:client:virt-handler"

// HandlerServerName is the DNS name in every virt-handler's server certificate.
const HandlerServerName = "virt-handler"

// Ports of the components.
const (
	// ServingPort is where every component serves HTTPS: metrics and health, and
	// at virt-api its API and webhooks.
	ServingPort = 8443
	// OperatorWebhookPort is where virt-operator serves the KubeVirt object's webhooks.
	OperatorWebhookPort = 8444
	// HandlerPort is where virt-handler listens for virt-api.
	HandlerPort = 8186
)

// Installation is everything that belongs to one KubeVirt object, in the groups in
// which it comes to life.
type Installation struct {
	// Definitions are the API's kinds.
	Definitions []Object
	// Foundations need nothing and wait for nobody: identities, rights, services, policies.
	Foundations []Object
	// Admission refuses what virt-api has not seen; in place before virt-api is, so
	// that nothing slips in unchecked meanwhile.
	Admission []Object
	// API, Controller and Handler are the workloads. In the edge profile API is
	// Controller too.
	API, Controller, Handler []Object
	// Aggregation hands parts of the cluster's API to virt-api, once that serves.
	Aggregation []Object
	// Monitoring has a Prometheus read the components' metrics and watch over them.
	Monitoring []Object
	// Certificates are the Secrets of the components' certificates as far as they are
	// the administrator's to change: without keys, which are not made here.
	Certificates []Object
}

// New computes the installation for a configuration. definitions are the CRDs that
// the operator is to install.
func New(c *Config, definitions []Object) (*Installation, error) {
	i := render(c, definitions)
	if errs := customize(c, i.all()); len(errs) > 0 {
		return nil, errs.ToAggregate()
	}
	for _, object := range i.all() {
		if err := stamp(c, object); err != nil {
			return nil, err
		}
	}
	return i, nil
}

// render computes the installation as it is without an administrator's changes.
func render(c *Config, definitions []Object) *Installation {
	return &Installation{
		Definitions: definitions,
		Foundations: concat(
			[]Object{PriorityClass()},
			accounts(c), userRoles(c), infraRights(c), handlerRights(c),
			services(c), nodePolicy(c),
		),
		Admission:    admission(c),
		API:          api(c),
		Controller:   controller(c),
		Handler:      handler(c),
		Aggregation:  aggregation(c),
		Monitoring:   monitoring(c),
		Certificates: certificateStubs(c),
	}
}

// Objects lists all objects of the installation.
func (i *Installation) Objects() []Object {
	return concat(i.Definitions, i.Foundations, i.Admission, i.API, i.Controller, i.Handler, i.Aggregation, i.Monitoring)
}

func (i *Installation) all() []Object { return append(i.Objects(), i.Certificates...) }

func concat(lists ...[]Object) []Object {
	var all []Object
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}
