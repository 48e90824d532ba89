//go:build envtest

package vm

import (
	"context"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/test/builder"
	"kubevirt.io/kubevirt/test/envtest"
)

var cluster *envtest.Cluster

func TestMain(m *testing.M) { envtest.Main(m, &cluster) }

// suite is one machine and the reconciler that brings it along. The reconciler
// has virt-controller's own rights. Its instance is moved by the test.
type suite struct {
	*testing.T
	ctx      context.Context
	r        *Reconciler
	clock    *clocktesting.FakePassiveClock
	config   *clusterconfig.Config
	events   *event.Memory
	requests *envtest.Requests
	key      client.ObjectKey
}

func newSuite(t *testing.T, strategy v1.VirtualMachineRunStrategy, options ...builder.Option) *suite {
	t.Helper()
	s := &suite{T: t, ctx: context.Background(), events: &event.Memory{}, requests: &envtest.Requests{}}
	s.clock = clocktesting.NewFakePassiveClock(time.Now())
	own, err := client.New(cluster.As(component.ControllerAccount, "", s.requests), client.Options{Scheme: cluster.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	s.config = clusterconfig.New(nil)
	s.r = &Reconciler{
		Client: own, Live: own, Events: s.events, Clock: s.clock, Random: func() float64 { return 0 },
		Config: func() *clusterconfig.Config { return s.config },
	}
	vm := builder.VM(cluster.NewNamespace(t), "machine", strategy, options...)
	if err := cluster.Client.Create(s.ctx, vm); err != nil {
		t.Fatalf("creating the machine: %v", err)
	}
	s.key = client.ObjectKeyFromObject(vm)
	return s
}

func (s *suite) tryReconcile() (ctrl.Result, error) {
	return s.r.Reconcile(s.ctx, ctrl.Request{NamespacedName: s.key})
}

// reconcile reconciles once and checks which writes that took, in the words
// "METHOD kind".
func (s *suite) reconcile(want ...string) ctrl.Result {
	s.Helper()
	result, err := s.tryReconcile()
	if err != nil {
		s.Fatalf("reconciling: %v", err)
	}
	s.wantWrites(want...)
	return result
}

func (s *suite) wantWrites(want ...string) {
	s.Helper()
	var got []string
	for _, line := range s.requests.Take() {
		method, path, _ := strings.Cut(line, " ")
		parts := strings.Split(path, "/")
		kind := map[string]string{
			"virtualmachines": "vm", "virtualmachineinstances": "vmi", "controllerrevisions": "revision", "datavolumes": "datavolume",
		}[parts[min(5, len(parts)-1)]]
		if strings.Contains(path, "subjectaccessreviews") {
			kind = "review"
		}
		if strings.HasSuffix(path, "/status") {
			kind += " status"
		}
		if strings.Contains(path, " ") {
			kind += " failed"
		}
		got = append(got, method+" "+kind)
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		s.Fatalf("writes: %q, want %q", got, want)
	}
}

func (s *suite) wantEvents(reasons ...string) {
	s.Helper()
	var got []string
	for _, e := range s.events.Take() {
		got = append(got, e.Type+" "+e.Reason)
	}
	if strings.Join(got, ", ") != strings.Join(reasons, ", ") {
		s.Fatalf("events: %q, want %q", got, reasons)
	}
}

func (s *suite) vm() *v1.VirtualMachine {
	s.Helper()
	vm := &v1.VirtualMachine{}
	if err := cluster.Client.Get(s.ctx, s.key, vm); err != nil {
		s.Fatalf("reading the machine: %v", err)
	}
	return vm
}

// vmi returns the instance, nil without one.
func (s *suite) vmi() *v1.VirtualMachineInstance {
	s.Helper()
	vmi := &v1.VirtualMachineInstance{}
	err := cluster.Client.Get(s.ctx, s.key, vmi)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		s.Fatalf("reading the instance: %v", err)
	}
	return vmi
}

// change writes the machine as its user does.
func (s *suite) change(do func(*v1.VirtualMachine)) {
	s.Helper()
	vm := s.vm()
	do(vm)
	if err := cluster.Client.Update(s.ctx, vm); err != nil {
		s.Fatalf("changing the machine: %v", err)
	}
}

// request asks for a change of state as virt-api does.
func (s *suite) request(requests ...v1.VirtualMachineStateChangeRequest) {
	s.Helper()
	vm := s.vm()
	vm.Status.StateChangeRequests = requests
	if err := cluster.Client.Status().Update(s.ctx, vm); err != nil {
		s.Fatalf("asking for a change of state: %v", err)
	}
}

// report writes the instance with virt-controller's rights.
func (s *suite) report(change func(*v1.VirtualMachineInstance)) {
	s.Helper()
	vmi := s.vmi()
	before := client.MergeFrom(vmi.DeepCopy())
	change(vmi)
	if err := s.r.Live.(client.Client).Patch(s.ctx, vmi, before); err != nil {
		s.Fatalf("changing the instance: %v", err)
	}
	s.requests.Take()
}

func (s *suite) reached(phases ...v1.VirtualMachineInstancePhase) func(*v1.VirtualMachineInstance) {
	return func(vmi *v1.VirtualMachineInstance) {
		for _, phase := range phases {
			vmi.Status.Phase = phase
			vmi.Status.PhaseTransitionTimestamps = append(vmi.Status.PhaseTransitionTimestamps,
				v1.VirtualMachineInstancePhaseTransitionTimestamp{Phase: phase, PhaseTransitionTimestamp: metav1.NewTime(s.clock.Now())})
		}
	}
}

// released lets an instance that is being deleted go.
func (s *suite) released() {
	s.Helper()
	s.report(func(vmi *v1.VirtualMachineInstance) { vmi.Finalizers = nil })
	if s.vmi() != nil {
		s.Fatal("the instance is still there")
	}
}

func (s *suite) wantStatus(want v1.VirtualMachinePrintableStatus, created, ready bool) *v1.VirtualMachine {
	s.Helper()
	vm := s.vm()
	if st := vm.Status; st.PrintableStatus != want || st.Created != created || st.Ready != ready {
		s.Fatalf("status %s, created %v, ready %v; want %s, %v, %v", st.PrintableStatus, st.Created, st.Ready, want, created, ready)
	}
	return vm
}

func (s *suite) wantCondition(t v1.ConditionType, want string) {
	s.Helper()
	var got string
	if c := s.vm().Condition(t); c != nil {
		got = strings.TrimSpace(string(c.Status) + " " + c.Reason)
	}
	if got != want {
		s.Fatalf("condition %s is %q, want %q", t, got, want)
	}
}

func (s *suite) revisions() []appsv1.ControllerRevision {
	s.Helper()
	list := &appsv1.ControllerRevisionList{}
	if err := cluster.Client.List(s.ctx, list, client.InNamespace(s.key.Namespace)); err != nil {
		s.Fatal(err)
	}
	return list.Items
}

func ready(vmi *v1.VirtualMachineInstance) {
	vmi.Status.Conditions = []v1.Condition{{Type: v1.ConditionReady, Status: "True"}, {Type: v1.ConditionAgentConnected, Status: "True"}}
}

// started brings a machine to Running.
func (s *suite) started() {
	s.Helper()
	if _, err := s.tryReconcile(); err != nil {
		s.Fatal(err)
	}
	s.report(func(vmi *v1.VirtualMachineInstance) {
		s.reached(v1.VMIPhaseScheduling, v1.VMIPhaseScheduled, v1.VMIPhaseRunning)(vmi)
		ready(vmi)
	})
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusRunning, true, true)
	s.events.Take()
}
