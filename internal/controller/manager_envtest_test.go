//go:build envtest

package controller

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/logging"
	"kubevirt.io/kubevirt/test/builder"
	"kubevirt.io/kubevirt/test/envtest"
)

var cluster *envtest.Cluster

func TestMain(m *testing.M) { envtest.Main(m, &cluster) }

const (
	healthAddress = "127.0.0.1:18443"
	patience      = 30 * time.Second
)

// startManager runs virt-controller as it runs in a cluster: with its own rights,
// real caches and the leader's Lease.
func startManager(ctx context.Context, t *testing.T, requests *envtest.Requests) ctrl.Manager {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	mgr, err := newManager(ctx, cluster.As(component.ControllerAccount, "", requests), Options{
		Namespace: envtest.Namespace, LauncherImage: "launcher:1", Address: healthAddress,
		CertDir: t.TempDir(), Log: logging.New(name, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("running the manager: %v", err)
		}
	})
	return mgr
}

// eventually waits for something the real controllers bring about.
func eventually(t *testing.T, what string, holds func(context.Context) (bool, error)) {
	t.Helper()
	err := wait.PollUntilContextTimeout(context.Background(), 10*time.Millisecond, patience, true, holds)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func vmIs(key client.ObjectKey, want func(*v1.VirtualMachine) bool) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		vm := &v1.VirtualMachine{}
		err := cluster.Client.Get(ctx, key, vm)
		return err == nil && want(vm), err
	}
}

func goneIs(key client.ObjectKey, obj client.Object) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		err := cluster.Client.Get(ctx, key, obj)
		return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
	}
}

func events(t *testing.T, namespace string) []string {
	t.Helper()
	list := &corev1.EventList{}
	if err := cluster.Client.List(context.Background(), list, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, e := range list.Items {
		lines = append(lines, fmt.Sprintf("%s %s %s", e.InvolvedObject.Kind, e.Type, e.Reason))
	}
	return lines
}

// settled returns the writes once no more come for a moment: there is no event to
// wait for when what is tested is that nothing happens.
func settled(requests *envtest.Requests) []string {
	var all []string
	for quiet := 0; quiet < 5; {
		time.Sleep(100 * time.Millisecond)
		taken := requests.Take()
		if quiet++; len(taken) > 0 {
			quiet = 0
		}
		all = append(all, taken...)
	}
	return all
}

func wantAtMost(t *testing.T, what string, writes []string, most int) {
	t.Helper()
	t.Logf("%s: %d writes\n\t%s", what, len(writes), strings.Join(writes, "\n\t"))
	if len(writes) > most {
		t.Errorf("%s takes %d writes, want at most %d", what, len(writes), most)
	}
	for _, line := range writes {
		if strings.Count(line, " ") > 1 {
			t.Errorf("%s: a write failed: %s", what, line)
		}
	}
}

// The write budget of a machine's life, virt-handler's part included, and what the
// process serves.
func TestManager(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	requests := &envtest.Requests{}
	mgr := startManager(ctx, t, requests)
	namespace := cluster.NewNamespace(t)
	startNode(ctx, t, namespace, requests)

	for _, part := range []struct {
		name string
		test func(*testing.T, context.Context, string, *envtest.Requests)
	}{
		{"an instance", instanceBudget}, {"a machine", machineBudget}, {"events", eventBudget}, {"ten at once", tenAtOnce},
		{"a replica set", replicaSetBudget}, {"a pool", poolBudget},
		{"a claim", claimInTurn},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, ctx, namespace, requests) })
	}
	t.Run("health and metrics", healthAndMetrics)
	t.Run("configuration", func(t *testing.T) { configurationInEffect(t, ctx, mgr) })
}

func instanceBudget(t *testing.T, ctx context.Context, namespace string, requests *envtest.Requests) {
	vmi := builder.VMI(namespace, "lone")
	key := client.ObjectKeyFromObject(vmi)
	if err := cluster.Client.Create(ctx, vmi); err != nil {
		t.Fatal(err)
	}
	eventually(t, "ready", func(ctx context.Context) (bool, error) {
		err := cluster.Client.Get(ctx, key, vmi)
		return err == nil && vmi.IsConditionTrue(v1.ConditionReady), err
	})
	wantAtMost(t, "creating an instance, until it is ready", settled(requests), 6)
	if err := cluster.Client.Delete(ctx, vmi); err != nil {
		t.Fatal(err)
	}
	eventually(t, "gone", goneIs(key, &v1.VirtualMachineInstance{}))
	wantAtMost(t, "deleting an instance", settled(requests), 3)
}

func machineBudget(t *testing.T, ctx context.Context, namespace string, requests *envtest.Requests) {
	vm := builder.VM(namespace, "machine", v1.RunStrategyAlways)
	key := client.ObjectKeyFromObject(vm)
	if err := cluster.Client.Create(ctx, vm); err != nil {
		t.Fatal(err)
	}
	eventually(t, "ready", vmIs(key, func(vm *v1.VirtualMachine) bool { return vm.Status.Ready }))
	wantAtMost(t, "creating a machine, until it is ready", settled(requests), 10)
	halt := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"runStrategy":"Halted"}}`))
	if err := cluster.Client.Patch(ctx, vm, halt); err != nil {
		t.Fatal(err)
	}
	eventually(t, "stopped", vmIs(key, func(vm *v1.VirtualMachine) bool {
		return vm.Status.PrintableStatus == v1.PrintableStatusStopped && !vm.Status.Created
	}))
	wantAtMost(t, "stopping a machine", settled(requests), 6)
	if err := cluster.Client.Delete(ctx, vm); err != nil {
		t.Fatal(err)
	}
	eventually(t, "gone", goneIs(key, &v1.VirtualMachine{}))
	wantAtMost(t, "deleting a stopped machine", settled(requests), 1)
}

// The events are those of the parts before.
func eventBudget(t *testing.T, _ context.Context, namespace string, _ *envtest.Requests) {
	want := []string{
		"VirtualMachineInstance Normal SuccessfulCreate", "VirtualMachineInstance Normal SuccessfulDelete",
		"VirtualMachine Normal SuccessfulCreate", "VirtualMachineInstance Normal SuccessfulCreate",
		"VirtualMachine Normal SuccessfulDelete", "VirtualMachineInstance Normal SuccessfulDelete",
	}
	eventually(t, "all events", func(context.Context) (bool, error) { return len(events(t, namespace)) >= len(want), nil })
	got := events(t, namespace)
	if len(got) != len(want) {
		t.Errorf("events: %q", got)
	}
	for _, line := range got {
		if strings.Contains(line, corev1.EventTypeWarning) {
			t.Errorf("a warning on a healthy path: %s", line)
		}
	}
}

func tenAtOnce(t *testing.T, ctx context.Context, namespace string, requests *envtest.Requests) {
	start := time.Now()
	for i := range 10 {
		if err := cluster.Client.Create(ctx, builder.VM(namespace, fmt.Sprintf("vm-%d", i), v1.RunStrategyAlways)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		key := client.ObjectKey{Namespace: namespace, Name: fmt.Sprintf("vm-%d", i)}
		eventually(t, "ready", vmIs(key, func(vm *v1.VirtualMachine) bool { return vm.Status.Ready }))
	}
	t.Logf("all ready after %s", time.Since(start))
	// One machine alone takes ten. Of ten on a busy computer one may be looked at between two
	// steps of its instance that the others see at once, and tell both.
	wantAtMost(t, "creating ten machines", settled(requests), 105)
}

// /healthz tells which configuration is in effect, and follows the object.
func healthAndMetrics(t *testing.T) {
	kv := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: envtest.Namespace, Name: "kubevirt"}}
	if err := cluster.Client.Create(context.Background(), kv); err != nil {
		t.Fatal(err)
	}
	insecure := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	eventually(t, "the configuration in effect", func(context.Context) (bool, error) {
		answer, err := insecure.Get("https://" + healthAddress + "/healthz")
		if err != nil {
			return false, nil // not listening yet
		}
		defer answer.Body.Close()
		var body map[string]string
		if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
			return false, err
		}
		return body["config-resource-version"] == kv.ResourceVersion, nil
	})
	answer, err := insecure.Get("https://" + healthAddress + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); err != nil || !strings.Contains(string(text), "controller_runtime_reconcile_total") {
		t.Errorf("metrics are missing: %v", err)
	}
}

// The KubeVirt object changes the process while it runs, and changes it back.
func configurationInEffect(t *testing.T, ctx context.Context, mgr ctrl.Manager) {
	oldest := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12},
	}}
	serves := func() bool {
		answer, err := oldest.Get("https://" + healthAddress + "/healthz")
		if err == nil {
			_ = answer.Body.Close()
		}
		return err == nil
	}
	for _, step := range []struct {
		configuration string
		verbosity     int
		qps           float32
		serves        bool
	}{
		{`{
			"controllerConfiguration": {"restClient": {"rateLimiter": {"tokenBucketRateLimiter": {"qps": 33, "burst": 44}}}},
			"developerConfiguration": {"logVerbosity": {"virtController": 4}}, "tlsConfiguration": {"minTLSVersion": "VersionTLS13"}
		}`, 4, 33, false},
		{`null`, 0, 200, true},
	} {
		kv := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: envtest.Namespace, Name: "kubevirt"}}
		change := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"configuration":`+step.configuration+`}}`))
		if err := cluster.Client.Patch(ctx, kv, change); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the configuration in effect", func(context.Context) (bool, error) {
			return mgr.GetConfig().RateLimiter.QPS() == step.qps, nil
		})
		log := mgr.GetLogger()
		if !log.V(step.verbosity).Enabled() || log.V(step.verbosity+1).Enabled() {
			t.Errorf("lines of V(%d) %t, of V(%d) %t", step.verbosity, log.V(step.verbosity).Enabled(), step.verbosity+1, log.V(step.verbosity+1).Enabled())
		}
		if got := serves(); got != step.serves {
			t.Errorf("a client of TLS 1.2 is served: %t, want %t", got, step.serves)
		}
	}
}
