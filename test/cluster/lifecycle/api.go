package lifecycle

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"kubevirt.io/kubevirt/test/cluster/settings"
)

// client is the administrator's connection to the API server.
type client struct{ kubernetes.Interface }

func connect(c *settings.Cluster) (*client, error) {
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig())
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config.QPS, config.Burst = 100, 200
	set, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connecting to the API server: %w", err)
	}
	return &client{set}, nil
}

// poll asks until the answer is yes, and tells the last reason for a no.
func poll(ctx context.Context, what string, patience time.Duration, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var last error
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, last)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (a *client) waitReady(ctx context.Context) error {
	return poll(ctx, "the API server", 2*time.Minute, func(ctx context.Context) error {
		_, err := a.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err
	})
}

// waitNodes waits for every node to be ready and tells each one its pods'
// subnets.
func (a *client) waitNodes(ctx context.Context, c *settings.Cluster, say func(string, ...any)) error {
	for _, n := range c.Nodes() {
		err := poll(ctx, n.Name, 2*time.Minute, func(ctx context.Context) error { return a.nodeReady(ctx, n) })
		if err != nil {
			return fmt.Errorf("%w (its logs are under %s)", err, n.Dir)
		}
		say("%s is ready", n.Name)
	}
	return nil
}

func (a *client) nodeReady(ctx context.Context, n settings.Node) error {
	object, err := a.CoreV1().Nodes().Get(ctx, n.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if object.Spec.PodCIDR == "" {
		patch, err := json.Marshal(map[string]any{"spec": map[string]any{
			"podCIDR": n.PodIPv4, "podCIDRs": []string{n.PodIPv4, n.PodIPv6},
		}})
		if err != nil {
			return err
		}
		if _, err := a.CoreV1().Nodes().Patch(ctx, n.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}); err != nil {
			return err
		}
	}
	for _, cond := range object.Status.Conditions {
		if cond.Type != corev1.NodeReady {
			continue
		}
		if cond.Status == corev1.ConditionTrue {
			return nil
		}
		return fmt.Errorf("%s: %s", cond.Reason, cond.Message)
	}
	return fmt.Errorf("no word of readiness yet")
}

func (a *client) waitDNS(ctx context.Context) error {
	return poll(ctx, "the DNS", 2*time.Minute, func(ctx context.Context) error {
		d, err := a.AppsV1().Deployments(metav1.NamespaceSystem).Get(ctx, "coredns", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if d.Status.AvailableReplicas < 1 {
			return fmt.Errorf("deployment coredns has no available replica")
		}
		return nil
	})
}
