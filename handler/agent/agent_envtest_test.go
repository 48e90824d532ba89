//go:build envtest

package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	"google.golang.org/grpc/codes"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

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

func newSuite(t *testing.T) *suite {
	t.Helper()
	s := newUnscheduled(t)
	s.handOver()
	return s
}

// newUnscheduled is a suite whose launcher pod has been created and is not known
// to run yet.
func newUnscheduled(t *testing.T) *suite {
	t.Helper()
	s := &suite{T: t, Node: nodetest.New(t), controller: newClient(t, component.ControllerAccount, "", nil)}
	s.directory = s.Pod(t, podUID)
	s.Own(t, os.Getpid(), podUID)
	s.restart()
	s.vmi = builder.VMI(cluster.NewNamespace(t), "guest", builder.ContainerDisk("disk0", "image:1"))
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
		Launchers: launcherclient.NewRegistry(s.Context(), launcherclient.Finder{Pods: s.Node.Pods, Cgroups: s.Cgroups},
			testr.New(s.T), func(name types.NamespacedName) { changed <- name }),
		Pods: s.pods,
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
	_, err := s.r.Reconcile(s.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(s.vmi)})
	return err
}

// until reconciles whenever the launcher's state has changed, as the controller
// does, until the instance is as wanted.
func (s *suite) until(what string, wanted func(*v1.VirtualMachineInstance) bool) {
	s.Helper()
	deadline := time.After(20 * time.Second)
	for {
		if err := s.tryReconcile(); err != nil {
			s.Fatalf("reconciling: %v", err)
		}
		if wanted(s.read()) {
			return
		}
		select {
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
		if err := s.tryReconcile(); err != nil {
			return err
		}
		select {
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

func TestGuestStartsInOneWriteAndOneEvent(t *testing.T) {
	s := newSuite(t)
	launcher := s.launcher()
	begin := time.Now()
	s.until("a running guest", inPhase(v1.VMIPhaseRunning))
	t.Logf("handed over -> Running in %v", time.Since(begin).Round(time.Millisecond))
	s.wantWrites(1)
	s.wantEvents("Normal Started")

	syncs := launcher.Syncs()
	if len(syncs) != 1 || len(syncs[0].Interfaces) != 1 || len(syncs[0].Volumes) != 1 || !strings.Contains(string(syncs[0].Vmi), `"image":"image:1"`) {
		t.Fatalf("synced %d times: %v", len(syncs), syncs)
	}
	host := syncs[0].Host
	if !host.Emulation || host.TranslationCacheMib != 32 || host.Smbios.Product != "None" || host.BalloonStatsPeriodSeconds != 10 || !host.FreePageReporting {
		t.Errorf("host %+v", host)
	}
	status := s.vmi.Status
	if status.Machine.Type != "pc-q35-10.0" || status.Interfaces[0].IP != "10.244.1.7" || !s.vmi.IsConditionTrue(v1.ConditionSoftwareEmulation) {
		t.Errorf("status %+v", status)
	}
	if last := status.PhaseTransitionTimestamps[len(status.PhaseTransitionTimestamps)-1]; last.Phase != v1.VMIPhaseRunning || last.PhaseTransitionTimestamp.IsZero() {
		t.Errorf("timestamps %v", status.PhaseTransitionTimestamps)
	}

	for range 3 {
		if err := s.tryReconcile(); err != nil {
			t.Fatal(err)
		}
	}
	s.wantWrites(0)
	s.wantEvents()

	connected := &protocol.DomainState{State: protocol.State_STATE_RUNNING, Machine: "pc-q35-10.0", Agent: &protocol.Agent{OsId: "debian"}}
	launcher.SetState(connected)
	s.until("an agent", func(vmi *v1.VirtualMachineInstance) bool { return vmi.IsConditionTrue(v1.ConditionAgentConnected) })
	s.wantWrites(1)
	s.wantEvents()
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

func TestGuestIsStartedBeforeTheHandOverAndReportedAfter(t *testing.T) {
	s := newUnscheduled(t)
	if err := os.RemoveAll(s.Node.Pods + "/" + podUID); err != nil {
		t.Fatal(err)
	}
	s.scout()
	s.Pod(t, podUID)
	launcher := s.launcher()
	for len(launcher.Syncs()) == 0 {
		s.awaitChange()
		if err := s.tryReconcile(); err != nil {
			t.Fatal(err)
		}
	}
	s.awaitChange() // it runs
	if err := s.tryReconcile(); err != nil {
		t.Fatal(err)
	}
	s.wantWrites(0)
	s.wantEvents()
	if phase := s.read().Status.Phase; phase != v1.VMIPhaseScheduling {
		t.Errorf("phase %s before the hand-over", phase)
	}
	s.handOver()
	begin := time.Now()
	if err := s.tryReconcile(); err != nil {
		t.Fatal(err)
	}
	t.Logf("handed over -> Running in %v", time.Since(begin).Round(time.Millisecond))
	if !s.read().IsRunning() || !s.vmi.IsConditionTrue(v1.ConditionSoftwareEmulation) || s.vmi.Status.Interfaces[0].IP != "10.244.1.7" {
		t.Errorf("status %+v", s.vmi.Status)
	}
	s.wantWrites(1)
	s.wantEvents("Normal Started")
	if n := len(launcher.Syncs()); n != 1 {
		t.Errorf("synced %d times", n)
	}
}

func TestClaimOfAPodThatIsNotTheInstances(t *testing.T) {
	s := newUnscheduled(t)
	s.asController(func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.ActivePods = map[types.UID]string{"22222222-2222-3333-4444-555555555555": ""}
	})
	if err := os.RemoveAll(s.Node.Pods + "/" + podUID); err != nil {
		t.Fatal(err)
	}
	s.scout()
	s.Pod(t, podUID)
	launcher := s.launcher()
	s.awaitChange()
	if err := s.tryReconcile(); err != nil {
		t.Fatal(err)
	}
	if n := len(launcher.Syncs()) + int(s.pods.prepared.Load()); n != 0 {
		t.Error("a guest was started in somebody else's pod")
	}
}

func TestGuestPowersOff(t *testing.T) {
	s := newSuite(t)
	launcher := s.launcher()
	s.until("a running guest", inPhase(v1.VMIPhaseRunning))
	s.requests.Take()
	s.events.Take()
	launcher.SetState(&protocol.DomainState{State: protocol.State_STATE_SHUTTING_DOWN})
	launcher.SetState(&protocol.DomainState{State: protocol.State_STATE_SHUTOFF, Reason: "Shutdown"})
	s.until("the end", inPhase(v1.VMIPhaseSucceeded))
	s.wantWrites(1)
	s.wantEvents("Normal Stopped")
	if signals := launcher.Signals(); !slices.Contains(signals, protocol.Action_ACTION_RELEASE) {
		t.Errorf("the launcher was told %v", signals)
	}
}

func TestHandlerRestartChangesNothing(t *testing.T) {
	s := newSuite(t)
	launcher := s.launcher()
	s.until("a running guest", inPhase(v1.VMIPhaseRunning))
	before := s.read().DeepCopy()
	s.restart()
	s.until("the launcher found again", func(vmi *v1.VirtualMachineInstance) bool {
		_, guest, known := s.r.Launchers.Lookup(vmi.UID)
		return known && guest.Launcher != nil
	})
	if err := s.tryReconcile(); err != nil {
		t.Fatal(err)
	}
	s.wantWrites(0)
	s.wantEvents()
	if len(launcher.Syncs()) != 1 || s.pods.prepared.Load() != 0 {
		t.Errorf("synced %d times, prepared %d times", len(launcher.Syncs()), s.pods.prepared.Load())
	}
	if s.read().ResourceVersion != before.ResourceVersion {
		t.Error("the instance was written")
	}
	launcher.SetState(&protocol.DomainState{State: protocol.State_STATE_PAUSED, Reason: "IOError"})
	s.until("its status right afterwards", func(vmi *v1.VirtualMachineInstance) bool { return vmi.IsPaused() })
	s.wantEvents("Warning Paused")
}

func TestRestartDuringTheStart(t *testing.T) {
	s := newSuite(t)
	launcher := s.launcher()
	launcher.SetState(&protocol.DomainState{State: protocol.State_STATE_RUNNING, Machine: "pc-q35-10.0"})
	s.until("a running guest", inPhase(v1.VMIPhaseRunning))
	s.wantWrites(1)
	s.wantEvents("Normal Started")
	if s.vmi.Status.Interfaces[0].IP != "10.244.1.7" || len(launcher.Syncs()) != 0 {
		t.Errorf("interfaces %v, synced %d times", s.vmi.Status.Interfaces, len(launcher.Syncs()))
	}
}

func TestStartThatFails(t *testing.T) {
	s := newSuite(t)
	launcher := s.launcher()
	launcher.OnSync(func(*protocol.SyncRequest) error {
		return protocol.NewError(codes.Internal, protocol.ReasonStartFailed, "no space left")
	})
	for range 2 {
		if err := s.failure(); errors.Is(err, reconcile.TerminalError(nil)) {
			t.Errorf("error is %v: it has to be tried again", err)
		}
	}
	s.wantWrites(1)
	s.wantEvents("Warning SyncFailed")
	if c := s.read().Condition(v1.ConditionSynchronized); c == nil || c.Reason != "StartFailed" || c.Message != "no space left" {
		t.Errorf("condition %+v", c)
	}
	launcher.OnSync(nil)
	s.until("a running guest", inPhase(v1.VMIPhaseRunning))
	if s.vmi.Condition(v1.ConditionSynchronized) != nil {
		t.Error("the problem stays in the status")
	}
	s.wantEvents("Normal Started")
}

func TestSpecThatCannotWorkIsNotTriedAgain(t *testing.T) {
	s := newSuite(t)
	launcher := s.launcher()
	launcher.OnSync(func(*protocol.SyncRequest) error {
		return fmt.Errorf("sync: %w", protocol.NewError(codes.InvalidArgument, protocol.ReasonInvalidDomain, "no such machine"))
	})
	if err := s.failure(); !errors.Is(err, reconcile.TerminalError(nil)) {
		t.Errorf("error is %v", err)
	}
	s.wantEvents("Warning SyncFailed")
}

func TestCrashedLauncher(t *testing.T) {
	s := newSuite(t)
	command := s.Start(t, podUID, "TestPlayLauncher", "PLAY_LAUNCHER_IN="+s.directory,
		"PLAY_NAMESPACE="+s.vmi.Namespace, "PLAY_UID="+string(s.vmi.UID))
	s.until("a running guest", inPhase(v1.VMIPhaseRunning))
	s.requests.Take()
	s.events.Take()
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	s.until("the end", inPhase(v1.VMIPhaseFailed))
	s.wantWrites(1)
	s.wantEvents("Warning Stopped")
}

func TestLauncherThatEndsBeforeItsGuestRan(t *testing.T) {
	s := newSuite(t)
	s.pods.fail = errors.New("not yet")
	command := s.Start(t, podUID, "TestPlayLauncher", "PLAY_LAUNCHER_IN="+s.directory,
		"PLAY_NAMESPACE="+s.vmi.Namespace, "PLAY_UID="+string(s.vmi.UID))
	if err := cluster.Client.Delete(t.Context(), s.vmi); err != nil {
		t.Fatal(err)
	}
	s.until("the launcher", func(vmi *v1.VirtualMachineInstance) bool {
		_, _, known := s.r.Launchers.Lookup(vmi.UID)
		return known
	})
	if n := s.pods.prepared.Load(); n != 0 {
		t.Errorf("prepared %d times although it is being deleted", n)
	}
	_ = command.Process.Kill()
	_ = command.Wait()
	s.until("the launcher's end", func(vmi *v1.VirtualMachineInstance) bool {
		_, guest, known := s.r.Launchers.Lookup(vmi.UID)
		return known && guest.Exited
	})
	s.wantWrites(0) // the pod's own end tells virt-controller
}

func TestAnotherWritersChangeIsKept(t *testing.T) {
	s := newSuite(t)
	s.launcher()
	s.until("the launcher", func(vmi *v1.VirtualMachineInstance) bool {
		_, guest, known := s.r.Launchers.Lookup(vmi.UID)
		return known && guest.State.GetState() == protocol.State_STATE_RUNNING || vmi.IsRunning()
	})
	s.asController(func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Conditions = append(vmi.Status.Conditions, v1.Condition{Type: v1.ConditionDataVolumesReady, Status: corev1.ConditionTrue})
	})
	s.until("a running guest", inPhase(v1.VMIPhaseRunning))
	if !s.vmi.IsConditionTrue(v1.ConditionDataVolumesReady) || s.vmi.Condition(v1.ConditionReady) == nil {
		t.Errorf("conditions %v", s.vmi.Status.Conditions)
	}
}

func TestHeartbeat(t *testing.T) {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: testNode, Labels: map[string]string{
		"cpu-model.node.kubevirt.io/Old": "true", "kubernetes.io/hostname": testNode,
	}}}
	if err := cluster.Client.Create(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	requests := &envtest.Requests{}
	own := newClient(t, component.HandlerAccount, testNode, requests)
	listed := make(chan struct{})
	wanted := map[string]string{"cpu-model.node.kubevirt.io/New": "true"}
	h := &Heartbeat{Client: own, Live: own, Node: testNode, Clock: clock.RealClock{}, Log: testr.New(t),
		DevicesListed: listed, Labels: func() map[string]string { return wanted }}
	beat := func() map[string]string {
		t.Helper()
		if err := h.beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := cluster.Client.Get(t.Context(), client.ObjectKeyFromObject(node), node); err != nil {
			t.Fatal(err)
		}
		if when, err := time.Parse(time.RFC3339, node.Annotations[v1.AnnotationHeartbeat]); err != nil || time.Since(when) > time.Minute {
			t.Errorf("heartbeat %q", node.Annotations[v1.AnnotationHeartbeat])
		}
		return node.Labels
	}
	labels := beat()
	if _, old := labels["cpu-model.node.kubevirt.io/Old"]; old || labels["cpu-model.node.kubevirt.io/New"] != "true" ||
		labels["kubevirt.io/schedulable"] != "false" || labels["kubernetes.io/hostname"] != testNode {
		t.Errorf("labels %v", labels)
	}
	close(listed)
	if labels := beat(); labels["kubevirt.io/schedulable"] != "true" {
		t.Errorf("labels %v", labels)
	}
	if patch, err := h.patch(); err != nil || strings.Contains(string(patch), "labels") {
		t.Errorf("the next heartbeat would be %s (%v)", patch, err)
	}
	if writes := requests.Take(); len(writes) != 2 {
		t.Errorf("writes %q", writes)
	}
	node.Labels["cpu-model.node.kubevirt.io/New"] = "false"
	if err := cluster.Client.Update(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	beat() // shows what somebody else has changed
	if labels := beat(); labels["cpu-model.node.kubevirt.io/New"] != "true" {
		t.Errorf("labels %v", labels)
	}
	node.Annotations[v1.AnnotationSkipNodeLabeller] = "true"
	if err := cluster.Client.Update(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	beat()
	wanted = map[string]string{"cpu-model.node.kubevirt.io/Other": "true"}
	if labels := beat(); labels["cpu-model.node.kubevirt.io/New"] != "true" {
		t.Errorf("labels changed although the administrator asked for none: %v", labels)
	}
}
