package agent

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strconv"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	ctrlevent "sigs.k8s.io/controller-runtime/pkg/event"
	ctrlhandler "sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/device"
	"kubevirt.io/kubevirt/handler/disk"
	"kubevirt.io/kubevirt/handler/ksm"
	"kubevirt.io/kubevirt/handler/launcherclient"
	"kubevirt.io/kubevirt/handler/network"
	"kubevirt.io/kubevirt/handler/nodefact"
	"kubevirt.io/kubevirt/handler/nodefact/kernel"
	"kubevirt.io/kubevirt/handler/server"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/clusterconfig/loader"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/internal/logging"
	"kubevirt.io/kubevirt/launcher/protocol"
)

const (
	componentName = "virt-handler"
	// workers reconcile at the same time; one waits while its guest starts.
	workers = 32
	// A reconcile that failed is tried again after firstRetry, doubling up to lastRetry.
	firstRetry, lastRetry = 100 * time.Millisecond, time.Minute
	// pending bounds the notices of launchers that wait to be queued.
	pending = 1024
)

// Options are virt-handler's settings; all are required unless they say otherwise.
type Options struct {
	// Namespace is where the components run.
	Namespace string
	// NodeName is the node this process runs on.
	NodeName string
	// PodIP is this pod's first address; its IP family is the one that the node's
	// pods name first. Empty counts as IPv4.
	PodIP string
	// MetricsAddress is where /metrics and /healthz are served over HTTPS, with the
	// certificate in CertDir.
	MetricsAddress string
	CertDir        string
	// ServerPort is where virt-api is served, with the certificate in ServerCertDir.
	// Only clients that CAFile vouches for and whose name is APIClientName are.
	ServerPort    int
	ServerCertDir string
	CAFile        string
	APIClientName string
	// NodeFacts is the directory with what the launcher image found out about the node.
	NodeFacts string
	// KubeletDir is the kubelet's directory, the same as on the node.
	KubeletDir string
	// NodeRoot is where the node's /dev is visible, as a directory above it; empty
	// when that is this container's own.
	NodeRoot string
	// Log takes what happens.
	Log logr.Logger
}

// Run serves the node until ctx is done. Guests run on afterwards.
func Run(ctx context.Context, config *rest.Config, o Options) error {
	facts, err := protocol.ReadNodeFacts(o.NodeFacts)
	if err != nil {
		return err
	}
	settings := newSettings(o)
	mgr, configuration, err := newManager(ctx, config, o, settings)
	if err != nil {
		return err
	}
	if err := addGuests(ctx, mgr, o, configuration); err != nil {
		return err
	}
	if err := addNode(mgr, o, facts, settings.current.Load, configuration.OnChange); err != nil {
		return err
	}
	o.Log.Info("Starting", "node", o.NodeName, "kvmUsable", facts.KVM.Usable)
	readyGauge.Set(1)
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("running the manager: %w", err)
	}
	return nil
}

// newManager makes the manager and has the settings follow the KubeVirt object.
func newManager(ctx context.Context, config *rest.Config, o Options, settings *settings) (ctrl.Manager, *loader.Loader, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, nil, fmt.Errorf("registering the API's kinds: %w", err)
		}
	}
	config = rest.CopyConfig(config)
	config.RateLimiter = settings.requests
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                 scheme,
		Logger:                 o.Log,
		Cache:                  cacheOptions(o.Namespace, o.NodeName),
		HealthProbeBindAddress: "0",
		Metrics: metricsserver.Options{
			BindAddress: o.MetricsAddress, SecureServing: true, CertDir: o.CertDir, TLSOpts: []func(*tls.Config){settings.tls.Server},
			ExtraHandlers: map[string]http.Handler{"/healthz": health(settings.current.Load)},
		},
	})
	if err != nil {
		return nil, nil, fmt.Errorf("making the manager: %w", err)
	}
	configuration, err := loader.New(ctx, mgr.GetCache(), o.Namespace)
	if err != nil {
		return nil, nil, fmt.Errorf("following the KubeVirt object: %w", err)
	}
	configuration.OnChange(settings.follow)
	return mgr, configuration, nil
}

// cacheOptions keeps the cache to this node's instances.
func cacheOptions(namespace, node string) cache.Options {
	return cache.Options{
		DefaultTransform: cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&v1.VirtualMachineInstance{}: {Label: labels.SelectorFromSet(labels.Set{v1.LabelNodeName: node})},
			&v1.KubeVirt{}:               {Namespaces: map[string]cache.Config{namespace: {}}},
		},
	}
}

// addGuests adds what drives the node's guests and lets virt-api reach them.
func addGuests(ctx context.Context, mgr ctrl.Manager, o Options, configuration *loader.Loader) error {
	clients, err := kubernetes.NewForConfig(mgr.GetConfig())
	if err != nil {
		return fmt.Errorf("making the client for events: %w", err)
	}
	finder := launcherclient.Finder{Pods: filepath.Join(o.KubeletDir, "pods")}
	changed := make(chan ctrlevent.TypedGenericEvent[types.NamespacedName], pending)
	launchers := launcherclient.NewRegistry(ctx, finder, o.Log, func(name types.NamespacedName) {
		select {
		case changed <- ctrlevent.TypedGenericEvent[types.NamespacedName]{Object: name}:
		case <-ctx.Done():
		}
	})
	configuration.OnChange(func(config *clusterconfig.Config) {
		_, verbosity := config.LogVerbosity.On(o.NodeName)
		launchers.SetVerbosity(verbosity)
	})
	events := event.New(ctx, clients.CoreV1(), mgr.GetScheme(), componentName)
	reconciler := &Reconciler{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Clock: clock.RealClock{},
		Events: events, Node: o.NodeName, IPv6First: isIPv6(o.PodIP), Config: configuration.Current, Launchers: launchers,
		Starts: flowcontrol.NewBackOff(firstRetry, lastRetry),
		Pods: Node{
			Finder: finder, Network: network.Pods{TunDevice: o.NodeRoot + device.TUN.Path}, Devices: &disk.Devices{},
			Config: configuration.Current, Events: events,
		},
	}
	if err := reconciler.setup(mgr, changed); err != nil {
		return err
	}
	if err := addRunnable(mgr, launchers.Scout); err != nil {
		return err
	}
	certificates := &server.Certificates{Directory: o.ServerCertDir, Authorities: o.CAFile}
	address := net.JoinHostPort("", strconv.Itoa(o.ServerPort))
	return addRunnable(mgr, func(ctx context.Context) error {
		return server.Serve(ctx, address, certificates, o.APIClientName, server.New(launchers, finder, events))
	})
}

func isIPv6(text string) bool {
	address, err := netip.ParseAddr(text)
	return err == nil && address.Is6()
}

// setup adds the controller of instances, which their launchers wake as well.
func (r *Reconciler) setup(mgr ctrl.Manager, changed <-chan ctrlevent.TypedGenericEvent[types.NamespacedName]) error {
	byName := ctrlhandler.TypedFuncs[types.NamespacedName, reconcile.Request]{
		GenericFunc: func(_ context.Context, e ctrlevent.TypedGenericEvent[types.NamespacedName], queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			queue.Add(reconcile.Request{NamespacedName: e.Object})
		},
	}
	err := ctrl.NewControllerManagedBy(mgr).
		For(&v1.VirtualMachineInstance{}).
		WatchesRawSource(source.TypedChannel(changed, byName)).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: workers,
			RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry),
			LogConstructor:          logging.ForKind(mgr.GetLogger(), v1.KindVirtualMachineInstance),
		}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("adding the controller of instances: %w", err)
	}
	return nil
}

// addNode adds what speaks for the node itself: its devices and its labels.
func addNode(mgr ctrl.Manager, o Options, facts *protocol.NodeFacts, current func() *clusterconfig.Config,
	onChange func(func(*clusterconfig.Config)),
) error {
	offered := device.Offered(o.NodeRoot, facts.KVM.Usable)
	plugins := device.New(filepath.Join(o.KubeletDir, "device-plugins"), offered, o.Log)
	if err := addRunnable(mgr, plugins.Run); err != nil {
		return err
	}
	wake := newWaker(current())
	onChange(func(config *clusterconfig.Config) {
		plugins.Share(config.InstancesPerNode)
		wake.inEffect(config)
	})
	paths := kernel.Paths{Sys: "/sys", Proc: "/proc", Kubelet: o.KubeletDir}
	heartbeat := &Heartbeat{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Node: o.NodeName, Clock: clock.RealClock{}, Log: o.Log,
		DevicesListed: plugins.Listed(),
		Labels: func() map[string]string {
			return nodefact.Labels(facts, paths, current().ObsoleteCPUModels)
		},
		Merging: Merging{Nodes: func() *metav1.LabelSelector { return current().KSMNodes }, Kernel: ksm.Kernel{Sys: paths.Sys}},
		Wake:    wake.channel,
	}
	if err := mgr.Add(heartbeat); err != nil {
		return fmt.Errorf("adding the heartbeat: %w", err)
	}
	return nil
}

func addRunnable(mgr ctrl.Manager, run func(context.Context) error) error {
	if err := mgr.Add(manager.RunnableFunc(run)); err != nil {
		return fmt.Errorf("adding a part of the agent: %w", err)
	}
	return nil
}
