// Command networkpolicy enforces NetworkPolicies on the node it runs on: the
// part of kube-router that does, without its routing and its service proxy,
// whose places are taken here.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/cloudnativelabs/kube-router/v2/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/v2/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server")
	services := flag.String("service-cidrs", "", "the subnets of Services, with a comma between them")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	config := options.NewKubeRouterConfig()
	config.EnableIPv4, config.EnableIPv6 = true, true
	config.ClusterIPCIDRs = strings.Split(*services, ",")
	if err := run(ctx, *kubeconfig, config); err != nil {
		fmt.Fprintln(os.Stderr, "networkpolicy:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kubeconfig string, config *options.KubeRouterConfig) error {
	access, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return fmt.Errorf("reading the kubeconfig: %w", err)
	}
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return fmt.Errorf("connecting to the API server: %w", err)
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	pods := factory.Core().V1().Pods().Informer()
	namespaces := factory.Core().V1().Namespaces().Informer()
	policies := factory.Networking().V1().NetworkPolicies().Informer()
	factory.Start(ctx.Done())
	for kind, ok := range factory.WaitForCacheSync(ctx.Done()) {
		if !ok {
			return fmt.Errorf("reading all %v", kind)
		}
	}
	tables, _, err := netpol.NewIPTablesHandlers(config)
	if err != nil {
		return fmt.Errorf("looking for iptables: %w", err)
	}
	addresses, err := bothFamilies()
	if err != nil {
		return err
	}
	controller, err := netpol.NewNetworkPolicyController(client, config, pods, policies, namespaces, &sync.Mutex{},
		tables, addresses)
	if err != nil {
		return fmt.Errorf("making the controller: %w", err)
	}
	for _, watch := range []struct {
		informer cache.SharedIndexInformer
		handler  cache.ResourceEventHandler
	}{
		{pods, controller.PodEventHandler},
		{namespaces, controller.NamespaceEventHandler},
		{policies, controller.NetworkPolicyEventHandler},
	} {
		if _, err := watch.informer.AddEventHandler(watch.handler); err != nil {
			return fmt.Errorf("watching: %w", err)
		}
	}
	// The supervisor sees the process; nobody asks for its heartbeats.
	heartbeats := make(chan *healthcheck.ControllerHeartbeat)
	go func() {
		for range heartbeats {
		}
	}()
	var running sync.WaitGroup
	running.Add(1)
	controller.Run(heartbeats, ctx.Done(), &running)
	running.Wait()
	return nil
}
