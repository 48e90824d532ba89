package controller

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/clusterconfig/loader"
	"kubevirt.io/kubevirt/internal/controller/node"
	"kubevirt.io/kubevirt/internal/controller/pool"
	"kubevirt.io/kubevirt/internal/controller/replicaset"
	"kubevirt.io/kubevirt/internal/controller/vm"
	"kubevirt.io/kubevirt/internal/controller/vmi"
	"kubevirt.io/kubevirt/internal/controller/workload"
	"kubevirt.io/kubevirt/internal/datavolume"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/internal/launcherpod"
)

const (
	name = "virt-controller"
	// workers reconcile at the same time, per kind.
	workers = 10
	// A reconcile that failed is tried again after firstRetry, doubling up to lastRetry.
	firstRetry, lastRetry = 50 * time.Millisecond, 2 * time.Minute
)

// imageVolumesSince is the first Kubernetes that mounts images as volumes unasked.
var imageVolumesSince = version.MustParseGeneric("1.35.0")

// Run runs the reconcilers until ctx is done, once this process leads. It fails
// when the API server cannot be reached or the leadership is lost.
func Run(ctx context.Context, config *rest.Config, o Options) error {
	mgr, err := newManager(ctx, config, o)
	if err != nil {
		return err
	}
	o.Log.Info("Starting", "launcherImage", o.LauncherImage)
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("running the manager: %w", err)
	}
	return nil
}

func newManager(ctx context.Context, config *rest.Config, o Options) (ctrl.Manager, error) {
	scheme, err := Scheme()
	if err != nil {
		return nil, err
	}
	settings := newSettings(o.Log)
	alone := config
	config = rest.CopyConfig(config)
	config.RateLimiter = settings.requests
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                        scheme,
		Logger:                        o.Log,
		Cache:                         cacheOptions(o.Namespace),
		LeaderElection:                true,
		LeaderElectionID:              name,
		LeaderElectionNamespace:       o.Namespace,
		LeaderElectionReleaseOnCancel: true,
		// However many requests wait for their turn, the Lease is renewed.
		LeaderElectionConfig:   alone,
		HealthProbeBindAddress: "0",
		Metrics: metricsserver.Options{
			BindAddress: o.Address, SecureServing: true, CertDir: o.CertDir, TLSOpts: []func(*tls.Config){settings.tls.Server},
			ExtraHandlers: map[string]http.Handler{"/healthz": &settings.health},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("making the manager: %w", err)
	}
	cfg, err := loader.New(ctx, mgr.GetCache(), o.Namespace)
	if err != nil {
		return nil, fmt.Errorf("following the KubeVirt object: %w", err)
	}
	cfg.OnChange(settings.follow)
	render, err := renderer(config, cfg, o.LauncherImage)
	if err != nil {
		return nil, err
	}
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making the client for events: %w", err)
	}
	events := event.New(ctx, clients.CoreV1(), scheme, name)
	return mgr, addControllers(ctx, mgr, events, cfg.Current, render, o.LauncherImage)
}

// Scheme returns the kinds that virt-controller knows.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1.AddToScheme, poolv1beta1.AddToScheme, datavolume.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("registering the API's kinds: %w", err)
		}
	}
	return scheme, nil
}

// render makes the launcher pod of an instance.
type render = func(*v1.VirtualMachineInstance, launcherpod.Claims) (*corev1.Pod, error)

// renderer binds the launcher pod's template to this cluster.
func renderer(config *rest.Config, cfg *loader.Loader, image string) (render, error) {
	disco, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making the discovery client: %w", err)
	}
	info, err := disco.ServerVersion()
	if err != nil {
		return nil, fmt.Errorf("asking the API server's version: %w", err)
	}
	server, err := version.ParseGeneric(info.GitVersion)
	if err != nil {
		return nil, fmt.Errorf("reading the API server's version %q: %w", info.GitVersion, err)
	}
	options := launcherpod.Options{LauncherImage: image, WithoutImageVolumes: server.LessThan(imageVolumesSince)}
	return func(vmi *v1.VirtualMachineInstance, claims launcherpod.Claims) (*corev1.Pod, error) {
		return launcherpod.Render(vmi, cfg.Current(), options, claims)
	}, nil
}

func addControllers(ctx context.Context, mgr ctrl.Manager, events event.Recorder,
	config func() *clusterconfig.Config, render render, launcherImage string) error {
	now := clock.RealClock{}
	// EnableWarmup fills the caches before this replica leads, so that a change of leaders takes no longer than
	// the Lease.
	warm := true
	options := func() controller.Options {
		return controller.Options{
			MaxConcurrentReconciles: workers,
			EnableWarmup:            &warm,
			RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry),
		}
	}
	machines := &vm.Reconciler{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Events: events, Config: config, Clock: now, Random: rand.Float64,
	}
	if err := machines.Setup(ctx, mgr, options()); err != nil {
		return err
	}
	instances := &vmi.Reconciler{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Events: events, Clock: now,
		Config: config, Render: render, NodeSilent: node.Silent,
	}
	if err := instances.Setup(ctx, mgr, options()); err != nil {
		return err
	}
	sets := &replicaset.Reconciler{Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Events: events, Clock: now}
	if err := sets.Setup(ctx, mgr, options()); err != nil {
		return err
	}
	pools := &pool.Reconciler{Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Events: events, Clock: now, Shuffle: rand.Shuffle}
	if err := pools.Setup(ctx, mgr, options()); err != nil {
		return err
	}
	nodes := &node.Reconciler{Client: mgr.GetClient(), Events: events, Clock: now}
	if err := nodes.Setup(mgr, options()); err != nil {
		return err
	}
	workloads := &workload.Reconciler{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Events: events, Clock: now, LauncherImage: launcherImage,
	}
	return workloads.Setup(mgr, options())
}
