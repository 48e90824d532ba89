// Package envtest runs a real etcd and kube-apiserver with this project's CRDs,
// rights and admission webhooks in place, for tests of what watches and writes the
// API. The programs come from the directory that KUBEBUILDER_ASSETS names
// (hack/cli.sh assets prints it).
package envtest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	"kubevirt.io/kubevirt/config/crd"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/logging"
	"kubevirt.io/kubevirt/internal/webhook"
)

// Namespace is where the components are taken to run.
const Namespace = "kubevirt"

// Cluster is a running API server.
type Cluster struct {
	// Config is the administrator's.
	Config *rest.Config
	// Scheme knows Kubernetes' kinds and ours.
	Scheme *runtime.Scheme
	// Client is the administrator's; it reads live.
	Client client.Client

	environment *envtest.Environment
	stop        context.CancelFunc
	served      chan error
	// kubevirt configures admission; nil for the defaults.
	kubevirt atomic.Pointer[v1.KubeVirt]
	// directory for files of the API server; empty without any.
	directory string
}

// Option changes how a cluster is started.
type Option func(*Cluster) error

// Main starts a cluster, puts it into the variable, runs the package's tests and
// stops it. Call it from TestMain.
func Main(m *testing.M, into **Cluster, options ...Option) {
	logging.New("envtest", 0)
	code, err := run(m, into, options)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M, into **Cluster, options []Option) (code int, err error) {
	cluster, err := Start(options...)
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, cluster.Stop()) }()
	*into = cluster
	return m.Run(), nil
}

// Start starts a cluster. The caller stops it.
func Start(options ...Option) (*Cluster, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1.AddToScheme, apiextensionsv1.AddToScheme, cdiv1beta1.AddToScheme, poolv1beta1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("registering kinds: %w", err)
		}
	}
	definitions, err := crd.All()
	if err != nil {
		return nil, err
	}
	installation, err := component.New(&component.Config{
		Namespace: Namespace, Image: "kubevirt", LauncherImage: "virt-launcher", Version: "v0.0.0",
		ReadNetworks: true, ReadNamespaces: true, RestrictNodes: true,
	}, nil)
	if err != nil {
		return nil, fmt.Errorf("computing the installation: %w", err)
	}
	c := &Cluster{Scheme: scheme, environment: &envtest.Environment{Scheme: scheme, CRDs: definitions}}
	c.registerWebhooks(installation)
	for _, option := range options {
		if err := option(c); err != nil {
			return nil, err
		}
	}
	if c.Config, err = c.environment.Start(); err != nil {
		return nil, fmt.Errorf("starting etcd and kube-apiserver: %w", errors.Join(err, c.environment.Stop()))
	}
	if err := c.prepare(installation); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Cluster) registerWebhooks(installation *component.Installation) {
	options := &c.environment.WebhookInstallOptions
	for _, object := range installation.Admission {
		switch o := object.(type) {
		case *admissionregistrationv1.MutatingWebhookConfiguration:
			options.MutatingWebhooks = append(options.MutatingWebhooks, o)
		case *admissionregistrationv1.ValidatingWebhookConfiguration:
			if o.Name == component.APIValidator {
				options.ValidatingWebhooks = append(options.ValidatingWebhooks, o)
			}
		}
	}
}

// prepare installs the rights and serves the webhooks.
func (c *Cluster) prepare(installation *component.Installation) error {
	c.Config.QPS = -1
	var err error
	if c.Client, err = client.New(c.Config, client.Options{Scheme: c.Scheme}); err != nil {
		return fmt.Errorf("making the client: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.stop = cancel
	objects := []component.Object{&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: Namespace}}}
	for _, object := range append(objects, installation.Foundations...) {
		if err := c.Client.Create(ctx, object.(client.Object)); err != nil {
			return fmt.Errorf("creating %T %s: %w", object, object.GetName(), err)
		}
	}
	options := c.environment.WebhookInstallOptions
	certificate, err := tls.LoadX509KeyPair(
		filepath.Join(options.LocalServingCertDir, "tls.crt"), filepath.Join(options.LocalServingCertDir, "tls.key"))
	if err != nil {
		return fmt.Errorf("reading the webhooks' certificate: %w", err)
	}
	server := ctrlwebhook.NewServer(ctrlwebhook.Options{
		Host: options.LocalServingHost, Port: options.LocalServingPort,
		TLSOpts: []func(*tls.Config){func(config *tls.Config) {
			config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &certificate, nil }
		}},
	})
	asAPI, err := client.New(c.As(component.APIAccount, "", nil), client.Options{Scheme: c.Scheme})
	if err != nil {
		return fmt.Errorf("making virt-api's client: %w", err)
	}
	for path, handler := range webhook.Handlers(webhook.Deps{
		Client:    asAPI,
		Config:    func() *clusterconfig.Config { return clusterconfig.New(c.kubevirt.Load()) },
		Namespace: Namespace,
		Now:       metav1.Now,
		NewUUID:   func() types.UID { return uuid.NewUUID() },
	}) {
		server.Register(path, handler)
	}
	c.served = make(chan error, 1)
	go func() { c.served <- server.Start(ctx) }()
	for server.StartedChecker()(nil) != nil {
		select {
		case err := <-c.served:
			c.served <- nil
			return fmt.Errorf("serving the webhooks: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// Configure has admission apply a configuration until the test ends.
func (c *Cluster) Configure(t *testing.T, kv *v1.KubeVirt) {
	c.kubevirt.Store(kv)
	t.Cleanup(func() { c.kubevirt.Store(nil) })
}

// Stop ends the cluster and everything in it.
func (c *Cluster) Stop() error {
	if c.stop != nil {
		c.stop()
	}
	if c.served != nil {
		<-c.served
	}
	if err := c.environment.Stop(); err != nil {
		return fmt.Errorf("stopping etcd and kube-apiserver: %w", err)
	}
	if c.directory != "" {
		return os.RemoveAll(c.directory)
	}
	return nil
}

// As returns the configuration of one of our service accounts
// (component.ControllerAccount ...) with its real rights; requests counts what it
// asks for. node is the node its pod runs on, empty for any.
func (c *Cluster) As(account, node string, requests *Requests) *rest.Config {
	config := rest.CopyConfig(c.Config)
	config.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + Namespace + ":" + account,
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + Namespace, "system:authenticated"},
	}
	if node != "" {
		config.Impersonate.Extra = map[string][]string{"authentication.kubernetes.io/node-name": {node}}
	}
	if requests != nil {
		config.Wrap(requests.wrap)
	}
	return config
}
