package kubevirt

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/config/crd"
	"kubevirt.io/kubevirt/internal/clusterconfig/loader"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/event"
)

// Options are what virt-operator is started with.
type Options struct {
	// Log of the process.
	Log logr.Logger
	// Environment the operator's Deployment describes.
	Environment component.Environment
	// MetricsAddress to serve metrics and health on, as host:port, by HTTPS.
	MetricsAddress string
	// WebhookPort to serve the webhooks of KubeVirt objects on.
	WebhookPort int
	// Validate returns what is wrong with a KubeVirt object.
	Validate func(*v1.KubeVirt) field.ErrorList
	// Webhooks returns the webhooks of KubeVirt objects by their paths. They read past
	// the cache.
	Webhooks func(client.Reader, client.Writer) map[string]http.Handler
}

// Run is virt-operator until ctx is done.
func Run(ctx context.Context, config *rest.Config, o Options) error {
	definitions, err := NewDefinitions(crd.All)
	if err != nil {
		return err
	}
	certificate := &ServingCertificate{}
	settings := &settings{log: o.Log}
	mgr, err := newManager(config, o, certificate, settings)
	if err != nil {
		return err
	}
	if err := certificate.Follow(ctx, mgr.GetCache()); err != nil {
		return err
	}
	configuration, err := loader.New(ctx, mgr.GetCache(), o.Environment.Namespace)
	if err != nil {
		return fmt.Errorf("following the configuration: %w", err)
	}
	configuration.OnChange(settings.follow)
	if err := mgr.AddMetricsServerExtraHandler("/healthz", Healthz(configuration.Current)); err != nil {
		return fmt.Errorf("serving /healthz: %w", err)
	}
	for path, handler := range o.Webhooks(mgr.GetAPIReader(), mgr.GetClient()) {
		mgr.GetWebhookServer().Register(path, handler)
	}
	events, err := typedcorev1.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client for events: %w", err)
	}
	foreign, err := NewForeign(func(options cache.Options) (cache.Cache, error) {
		options.Scheme, options.HTTPClient, options.Mapper = mgr.GetScheme(), mgr.GetHTTPClient(), mgr.GetRESTMapper()
		definitions, err := cache.New(mgr.GetConfig(), options)
		if err != nil {
			return nil, err
		}
		return definitions, mgr.Add(definitions)
	})
	if err != nil {
		return err
	}
	upgrades, err := NewUpgradeable(config)
	if err != nil {
		return err
	}
	upgrades.begin(ctx, mgr.GetAPIReader(), o.Environment)
	r := &Reconciler{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Environment: o.Environment, Definitions: definitions, Foreign: foreign,
		Validate: o.Validate, Now: time.Now, Upgrades: upgrades,
		Events: event.NewForMany(ctx, events, mgr.GetScheme(), component.Operator, atOnce),
	}
	if err := r.SetupWithManager(mgr); err != nil {
		return err
	}
	identity := &Identity{Reconciler: r, Serving: reachable(mgr.GetAPIReader(), o.Environment.Namespace)}
	if err := identity.SetupWithManager(mgr); err != nil {
		return err
	}
	return wrap(mgr.Start(ctx), "running the operator")
}

func newManager(config *rest.Config, o Options, certificate *ServingCertificate, settings *settings) (manager.Manager, error) {
	scheme, err := NewScheme()
	if err != nil {
		return nil, err
	}
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = 200, 400
	asConfigured := []func(*tls.Config){certificate.TLS, settings.tls.Server}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme,
		Logger: o.Log,
		Cache:  NewCacheOptions(o.Environment.Namespace),
		Client: client.Options{Cache: &client.CacheOptions{Unstructured: true}},
		Metrics: metricsserver.Options{
			BindAddress: o.MetricsAddress, SecureServing: true, TLSOpts: asConfigured,
		},
		WebhookServer: webhook.NewServer(webhook.Options{Port: o.WebhookPort, TLSOpts: asConfigured}),

		LeaderElection:                true,
		LeaderElectionID:              component.Operator,
		LeaderElectionNamespace:       o.Environment.Namespace,
		LeaderElectionReleaseOnCancel: true,
	})
	if err != nil {
		return nil, fmt.Errorf("making the manager: %w", err)
	}
	return mgr, nil
}

// reachable asks whether a pod behind the operator's webhook Service is ready.
func reachable(reader client.Reader, namespace string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		slices := &discoveryv1.EndpointSliceList{}
		err := reader.List(ctx, slices, client.InNamespace(namespace),
			client.MatchingLabels{discoveryv1.LabelServiceName: component.OperatorWebhookService})
		if err != nil {
			return false, fmt.Errorf("listing the endpoints of %s: %w", component.OperatorWebhookService, err)
		}
		for _, slice := range slices.Items {
			for _, endpoint := range slice.Endpoints {
				if endpoint.Conditions.Ready != nil && *endpoint.Conditions.Ready {
					return true, nil
				}
			}
		}
		return false, nil
	}
}
