//go:build envtest

package agent

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/flowcontrol"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/launcherclient"
	"kubevirt.io/kubevirt/handler/launcherclient/nodetest"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/launcher/protocol"
	"kubevirt.io/kubevirt/test/builder"
	"kubevirt.io/kubevirt/test/envtest"
	"kubevirt.io/kubevirt/test/fakelauncher"
)

const (
	testNode = "node01"
	podUID   = "6f7a3c1e-2a57-4a0f-9b1d-0c0ffee00001"
)

var cluster *envtest.Cluster

func TestMain(m *testing.M) {
	if os.Getenv("PLAY_LAUNCHER_IN") != "" {
		os.Exit(m.Run()) // a launcher's process needs no API server
	}
	envtest.Main(m, &cluster)
}

// TestPlayLauncher is no test: it is a launcher in a process of its own, whose
// guest runs until the process is killed.
func TestPlayLauncher(t *testing.T) {
	directory := os.Getenv("PLAY_LAUNCHER_IN")
	if directory == "" {
		return
	}
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	fakelauncher.Start(t, directory, fakelauncher.Identity{
		Namespace: os.Getenv("PLAY_NAMESPACE"), Name: "guest", UID: os.Getenv("PLAY_UID"),
	})
	nodetest.Ready()
	<-terminated
}

// pods stands in for the node's network and mounts, which have tests of their own.
type pods struct {
	prepared atomic.Int32
	fail     error
}

func (p *pods) Prepare(context.Context, *v1.VirtualMachineInstance, *launcherclient.Launcher) (Prepared, error) {
	p.prepared.Add(1)
	return Prepared{
		Network: facts(), Volumes: []*protocol.Volume{{Name: "disk0", Path: "/var/run/kubevirt-images/disk0"}},
	}, p.fail
}

func (p *pods) Inspect(*v1.VirtualMachineInstance, *launcherclient.Launcher) (Prepared, error) {
	return Prepared{Network: facts()}, nil
}

// suite is one instance that has been handed over to this node, and the reconciler
// with virt-handler's own rights.
type suite struct {
	*testing.T
	nodetest.Node
	r          *Reconciler
	pods       *pods
	events     *event.Memory
	requests   *envtest.Requests
	controller client.Client
	changed    chan types.NamespacedName
	vmi        *v1.VirtualMachineInstance
	directory  string
}

func newSuite(t *testing.T, options ...builder.Option) *suite {
	t.Helper()
	s := newUnscheduled(t, options...)
	s.handOver()
	return s
}

// newUnscheduled is a suite whose launcher pod has been created and is not known
// to run yet.
func newUnscheduled(t *testing.T, options ...builder.Option) *suite {
	t.Helper()
	s := &suite{T: t, Node: nodetest.New(t), controller: newClient(t, component.ControllerAccount, "", nil)}
	s.directory = s.Pod(t, podUID)
	s.Own(t, os.Getpid(), podUID)
	s.restart()
	options = append([]builder.Option{builder.ContainerDisk("disk0", "image:1")}, options...)
	s.vmi = builder.VMI(cluster.NewNamespace(t), "guest", options...)
	if err := cluster.Client.Create(t.Context(), s.vmi); err != nil {
		t.Fatalf("creating the instance: %v", err)
	}
	s.asController(func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Phase = v1.VMIPhaseScheduling
		vmi.Status.ActivePods = map[types.UID]string{podUID: ""}
	})
	return s
}

// handOver says that the launcher pod runs on this node.
func (s *suite) handOver() {
	s.Helper()
	s.asController(func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Phase, vmi.Status.NodeName = v1.VMIPhaseScheduled, testNode
		vmi.Status.ActivePods = map[types.UID]string{podUID: testNode}
		vmi.Status.Conditions = []v1.Condition{{Type: v1.ConditionReady, Status: corev1.ConditionFalse, Reason: v1.ReasonGuestNotRunning}}
		if vmi.Labels == nil {
			vmi.Labels = map[string]string{}
		}
		vmi.Labels[v1.LabelNodeName] = testNode
	})
}

// restart puts a new virt-handler in the place of the present one.
func (s *suite) restart() {
	s.Helper()
	s.events, s.requests, s.pods = &event.Memory{}, &envtest.Requests{}, &pods{}
	s.changed = make(chan types.NamespacedName, 100)
	changed := s.changed
	own := newClient(s.T, component.HandlerAccount, testNode, s.requests)
	s.r = &Reconciler{
		Client: cached{own}, Live: own, Events: s.events, Clock: clock.RealClock{}, Node: testNode,
		Config: func() *clusterconfig.Config {
			kv := &v1.KubeVirt{}
			kv.Spec.Configuration.DeveloperConfiguration = &v1.DeveloperConfiguration{UseEmulation: true}
			return clusterconfig.New(kv)
		},
		Launchers: launcherclient.NewRegistry(s.Context(), launcherclient.Finder{Pods: s.Pods, Cgroups: s.Cgroups},
			testr.New(s.T), func(name types.NamespacedName) { changed <- name }),
		Pods: s.pods, Starts: flowcontrol.NewBackOff(firstRetry, lastRetry),
	}
}

// cached shows what virt-handler's cache holds: instances that have been handed over
// to this node.
type cached struct{ client.Client }

func (c cached) Get(ctx context.Context, key client.ObjectKey, obj client.Object, options ...client.GetOption) error {
	if err := c.Client.Get(ctx, key, obj, options...); err != nil {
		return err
	}
	if obj.GetLabels()[v1.LabelNodeName] != testNode {
		return apierrors.NewNotFound(v1.Resource(v1.ResourceVirtualMachineInstances), key.Name)
	}
	return nil
}

func newClient(t *testing.T, account, node string, requests *envtest.Requests) client.Client {
	t.Helper()
	c, err := client.New(cluster.As(account, node, requests), client.Options{Scheme: cluster.Scheme})
	if err != nil {
		t.Fatalf("making a client: %v", err)
	}
	return c
}

func (s *suite) launcher() *fakelauncher.Launcher {
	s.Helper()
	return fakelauncher.Start(s.T, s.directory, fakelauncher.Identity{
		Namespace: s.vmi.Namespace, Name: s.vmi.Name, UID: string(s.vmi.UID),
	})
}

// asController changes the instance as virt-controller would.
func (s *suite) asController(change func(*v1.VirtualMachineInstance)) {
	s.Helper()
	s.read()
	before := s.vmi.DeepCopy()
	change(s.vmi)
	if err := s.controller.Patch(s.Context(), s.vmi, client.MergeFrom(before)); err != nil {
		s.Fatalf("changing the instance as virt-controller: %v", err)
	}
}

func (s *suite) read() *v1.VirtualMachineInstance {
	s.Helper()
	if err := cluster.Client.Get(s.Context(), client.ObjectKeyFromObject(s.vmi), s.vmi); err != nil {
		s.Fatalf("reading the instance: %v", err)
	}
	return s.vmi
}

func (s *suite) tryReconcile() error {
	_, err := s.reconcile()
	return err
}

// reconcile returns the time to do so again as well; nil for no such time.
func (s *suite) reconcile() (<-chan time.Time, error) {
	result, err := s.r.Reconcile(s.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(s.vmi)})
	if result.RequeueAfter == 0 {
		return nil, err
	}
	return time.After(result.RequeueAfter), err
}

// until reconciles whenever the launcher's state has changed or it is time again, as
// the controller does, until the instance is as wanted.
func (s *suite) until(what string, wanted func(*v1.VirtualMachineInstance) bool) {
	s.Helper()
	deadline := time.After(20 * time.Second)
	for {
		again, err := s.reconcile()
		if err != nil {
			s.Fatalf("reconciling: %v", err)
		}
		if wanted(s.read()) {
			return
		}
		select {
		case <-again:
		case <-s.changed:
		case <-deadline:
			s.Fatalf("waited in vain for: %s; status is %+v", what, s.vmi.Status)
		}
	}
}

// failure reconciles until that fails, and returns the error.
func (s *suite) failure() error {
	s.Helper()
	deadline := time.After(20 * time.Second)
	for {
		again, err := s.reconcile()
		if err != nil {
			return err
		}
		select {
		case <-again:
		case <-s.changed:
		case <-deadline:
			s.Fatal("it did not fail")
		}
	}
}

func inPhase(phase v1.VirtualMachineInstancePhase) func(*v1.VirtualMachineInstance) bool {
	return func(vmi *v1.VirtualMachineInstance) bool { return vmi.Status.Phase == phase }
}

func (s *suite) wantWrites(want int) {
	s.Helper()
	writes := s.requests.Take()
	for _, line := range writes {
		if !strings.HasPrefix(line, "PATCH ") || strings.Count(line, " ") > 1 {
			s.Errorf("write %q", line)
		}
	}
	if len(writes) != want {
		s.Errorf("%d writes, want %d: %q", len(writes), want, writes)
	}
}

func (s *suite) wantEvents(want ...string) {
	s.Helper()
	var got []string
	for _, e := range s.events.Take() {
		got = append(got, e.Type+" "+e.Reason)
	}
	if !slices.Equal(got, want) {
		s.Errorf("events %q, want %q", got, want)
	}
}

// scout lets the handler notice launchers that begin to serve.
func (s *suite) scout() {
	s.Helper()
	go func() { _ = s.r.Launchers.Scout(s.Context()) }()
	time.Sleep(50 * time.Millisecond) // until it watches
}

// awaitChange waits for word from a launcher.
func (s *suite) awaitChange() {
	s.Helper()
	select {
	case <-s.changed:
	case <-time.After(20 * time.Second):
		s.Fatal("no launcher was noticed")
	}
}
