package apiserver

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strconv"

	"github.com/go-logr/logr"
	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/options"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	basecompatibility "k8s.io/component-base/compatibility"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/apiserver/openapi"
	"kubevirt.io/kubevirt/internal/clusterconfig/loader"
	"kubevirt.io/kubevirt/internal/ratelimit"
	"kubevirt.io/kubevirt/internal/turns"
	"kubevirt.io/kubevirt/internal/version"
	"kubevirt.io/kubevirt/internal/webhook"
)

// Options of the actor virt-api.
type Options struct {
	// Namespace that the components run in.
	Namespace string
	// Address to serve HTTPS on, e.g. ":8443".
	Address string
	// CertDir holds tls.crt and tls.key of the server.
	CertDir string
	// HandlerCertDir holds tls.crt and tls.key of our identity towards virt-handlers.
	HandlerCertDir string
	// HandlerPort is where virt-handlers serve.
	HandlerPort int
	// CAFile vouches for virt-handlers.
	CAFile string
	// Kubeconfig names the API server that authenticates and authorizes callers;
	// empty means the one of the cluster that this runs in.
	Kubeconfig string
	Log        logr.Logger
}

// Run serves the aggregated API and the admission webhooks until ctx ends.
func Run(ctx context.Context, config *rest.Config, o Options) error {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return fmt.Errorf("registering the Kubernetes types: %w", err)
	}
	if err := v1.AddToScheme(scheme); err != nil {
		return fmt.Errorf("registering our types: %w", err)
	}
	if err := cdiv1beta1.AddToScheme(scheme); err != nil {
		return fmt.Errorf("registering DataVolume: %w", err)
	}
	settings := newSettings(o.Log)
	live, err := limited(config, scheme, settings.live)
	if err != nil {
		return err
	}
	// What anybody may set off, and what multiplies requests, must not use up what is
	// there for everything else.
	admitting, err := limited(config, scheme, settings.admitting)
	if err != nil {
		return err
	}
	surveyor, err := limited(config, scheme, settings.surveyor)
	if err != nil {
		return err
	}
	informers, err := cache.New(config, cacheOptions(scheme, o.Namespace))
	if err != nil {
		return fmt.Errorf("preparing the cache: %w", err)
	}
	configuration, err := loader.New(ctx, informers, o.Namespace)
	if err != nil {
		return fmt.Errorf("following the configuration: %w", err)
	}
	configuration.OnChange(settings.follow)
	if err := informers.IndexField(ctx, &corev1.Pod{}, byNode, func(pod client.Object) []string {
		return []string{pod.(*corev1.Pod).Spec.NodeName}
	}); err != nil {
		return fmt.Errorf("following the virt-handlers: %w", err)
	}
	nodes := &handlers{pods: informers, namespace: o.Namespace, port: o.HandlerPort, certDir: o.HandlerCertDir, caFile: o.CAFile}
	s := &server{
		client: live, config: configuration.Current, inEffect: settings.current.Load, log: o.Log,
		streams: nodes, guests: nodes, questions: nodes, dial: new(net.Dialer).DialContext,
		asked: turns.New(maxAsked, maxAskedOfOne), awaited: turns.New(maxAsked, maxAskedOfOne),
		explaining: turns.New(maxExplained, maxExplainedOfOne), surveyor: surveyor,
	}
	generic, err := s.generic(scheme, o, webhook.Handlers(webhook.Deps{
		Client: admitting, Config: configuration.Current, Namespace: o.Namespace, Now: metav1.Now,
		NewUUID: func() types.UID { return types.UID(uuid.NewString()) },
	}))
	if err != nil {
		return err
	}
	serving := generic.SecureServingInfo
	generic.SecureServingInfo = nil
	failed := make(chan error, 3)
	go func() { failed <- informers.Start(ctx) }()
	if !informers.WaitForCacheSync(ctx) {
		return fmt.Errorf("filling the cache: %w", ctx.Err())
	}
	prepared := generic.PrepareRun()
	go func() { failed <- prepared.RunWithContext(ctx) }()
	go func() { failed <- serveHTTPS(ctx, serving, generic.Handler, &settings.tls) }()
	return <-failed
}

// limited returns a client of its own rate.
func limited(config *rest.Config, scheme *runtime.Scheme, requests *ratelimit.Limiter) (client.Client, error) {
	own := rest.CopyConfig(config)
	own.RateLimiter = requests
	c, err := client.New(own, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("preparing a client: %w", err)
	}
	return c, nil
}

// cacheOptions keeps only the KubeVirt object and the virt-handlers' pods.
func cacheOptions(scheme *runtime.Scheme, namespace string) cache.Options {
	return cache.Options{
		Scheme:            scheme,
		DefaultNamespaces: map[string]cache.Config{namespace: {}},
		DefaultTransform:  cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Pod{}: {Label: labels.SelectorFromSet(labels.Set{v1.LabelComponent: handlerName})},
		},
	}
}

// generic builds the server with delegated authentication and authorization.
func (s *server) generic(scheme *runtime.Scheme, o Options, webhooks map[string]http.Handler) (*genericapiserver.GenericAPIServer, error) {
	host, port, err := net.SplitHostPort(o.Address)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", o.Address, err)
	}
	secure := options.NewSecureServingOptions().WithLoopback()
	if secure.BindPort, err = strconv.Atoi(port); err != nil {
		return nil, fmt.Errorf("address %q: %w", o.Address, err)
	}
	if host != "" {
		secure.BindAddress = net.ParseIP(host)
	}
	secure.ServerCert.CertKey = options.CertKey{
		CertFile: filepath.Join(o.CertDir, "tls.crt"), KeyFile: filepath.Join(o.CertDir, "tls.key"),
	}
	config := genericapiserver.NewConfig(serializer.NewCodecFactory(scheme))
	config.RequestInfoResolver = newRequestInfo()
	config.LongRunningFunc = longRunning
	config.EnableProfiling = false
	openapi.Configure(config, "virt-api", version.Reported())
	config.EffectiveVersion = basecompatibility.NewEffectiveVersionFromString("1.0", "", "")
	config.BuildHandlerChainFunc = func(api http.Handler, c *genericapiserver.Config) http.Handler {
		return s.withHealth(genericapiserver.DefaultBuildHandlerChain(api, c))
	}
	if err := secure.ApplyTo(&config.SecureServing, &config.LoopbackClientConfig); err != nil {
		return nil, fmt.Errorf("preparing TLS: %w", err)
	}
	authentication := options.NewDelegatingAuthenticationOptions()
	authentication.RemoteKubeConfigFile = o.Kubeconfig
	if err := authentication.ApplyTo(&config.Authentication, config.SecureServing, nil); err != nil {
		return nil, fmt.Errorf("preparing authentication: %w", err)
	}
	authorization := options.NewDelegatingAuthorizationOptions()
	authorization.RemoteKubeConfigFile = o.Kubeconfig
	authorization.AlwaysAllowPaths = openPaths(webhooks)
	if err := authorization.ApplyTo(&config.Authorization); err != nil {
		return nil, fmt.Errorf("preparing authorization: %w", err)
	}
	generic, err := config.Complete(nil).New("virt-api", genericapiserver.NewEmptyDelegate())
	if err != nil {
		return nil, fmt.Errorf("preparing the API server: %w", err)
	}
	if err := s.install(generic); err != nil {
		return nil, err
	}
	generic.Handler.NonGoRestfulMux.Unregister("/metrics")
	generic.Handler.NonGoRestfulMux.UnlistedHandle("/metrics", metrics())
	for path, handler := range webhooks {
		generic.Handler.NonGoRestfulMux.Handle(path, handler)
	}
	return generic, nil
}

// withHealth answers /healthz itself: the generic server's says nothing of the
// configuration.
func (s *server) withHealth(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			s.health(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
