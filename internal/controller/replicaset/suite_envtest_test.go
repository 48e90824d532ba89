//go:build envtest

package replicaset

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/test/builder"
	"kubevirt.io/kubevirt/test/envtest"
)

var cluster *envtest.Cluster

func TestMain(m *testing.M) { envtest.Main(m, &cluster) }

// suite is one replica set and the reconciler that brings it along. The
// reconciler has virt-controller's own rights. The instances are moved by the test.
type suite struct {
	*testing.T
	ctx      context.Context
	r        *Reconciler
	cache    *cache
	clock    *clocktesting.FakePassiveClock
	events   *event.Memory
	requests *envtest.Requests
	key      client.ObjectKey
}

// cache answers the indexed question as the cache does, from what the API server
// holds or from what it held when the cache was frozen.
type cache struct {
	client.Client
	frozen *v1.VirtualMachineInstanceList
}

func (c *cache) List(ctx context.Context, into client.ObjectList, options ...client.ListOption) error {
	var asked client.ListOptions
	asked.ApplyOptions(options)
	all := c.frozen
	if all == nil {
		all = &v1.VirtualMachineInstanceList{}
		if err := c.Client.List(ctx, all, client.InNamespace(asked.Namespace)); err != nil {
			return err
		}
	}
	found := into.(*v1.VirtualMachineInstanceList)
	for _, vmi := range all.DeepCopy().Items {
		if asked.FieldSelector.String() == IndexController+"="+controllerOf(&vmi)[0] {
			found.Items = append(found.Items, vmi)
		}
	}
	return nil
}

// label is what a test's replica set knows its instances by.
var label = builder.Label("app", "x")

func newSuite(t *testing.T, replicas int32, options ...builder.Option) *suite {
	t.Helper()
	s := newReconciler(t, cluster.NewNamespace(t))
	s.createSet(replicas, append(options, label)...)
	return s
}

func newReconciler(t *testing.T, namespace string) *suite {
	t.Helper()
	s := &suite{T: t, ctx: context.Background(), events: &event.Memory{}, requests: &envtest.Requests{}}
	s.key = client.ObjectKey{Namespace: namespace, Name: "set"}
	s.clock = clocktesting.NewFakePassiveClock(time.Now())
	own, err := client.New(cluster.As(component.ControllerAccount, "", s.requests), client.Options{Scheme: cluster.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	s.cache = &cache{Client: own}
	s.r = &Reconciler{Client: s.cache, Live: own, Events: s.events, Clock: s.clock}
	return s
}

func (s *suite) createSet(replicas int32, options ...builder.Option) {
	s.Helper()
	if err := cluster.Client.Create(s.ctx, builder.ReplicaSet(s.key.Namespace, s.key.Name, replicas, options...)); err != nil {
		s.Fatalf("creating the replica set: %v", err)
	}
}

func (s *suite) tryReconcile() (ctrl.Result, error) {
	return s.r.Reconcile(s.ctx, ctrl.Request{NamespacedName: s.key})
}

// reconcile reconciles once and checks which writes that took, in the words
// "METHOD kind", and "N*" before them when there are several.
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
	var lines []string
	for _, line := range s.requests.Take() {
		method, path, _ := strings.Cut(line, " ")
		path, code, _ := strings.Cut(path, " ")
		kind := map[string]string{"virtualmachineinstancereplicasets": "set", "virtualmachineinstances": "vmi"}[strings.Split(path, "/")[5]]
		if strings.HasSuffix(path, "/status") {
			kind += " status"
		}
		if code != "" {
			kind += " failed"
		}
		lines = append(lines, method+" "+kind)
	}
	if got := grouped(lines); got != strings.Join(want, ", ") {
		s.Fatalf("writes: %q, want %q", got, want)
	}
}

func (s *suite) wantEvents(reasons ...string) {
	s.Helper()
	var lines []string
	for _, e := range s.events.Take() {
		if e.About != s.key {
			s.Errorf("an event about %s", e.About)
		}
		lines = append(lines, e.Type+" "+e.Reason)
	}
	if got := grouped(lines); got != strings.Join(reasons, ", ") {
		s.Fatalf("events: %q, want %q", got, reasons)
	}
}

// grouped joins equal lines that follow each other: "3*POST vmi".
func grouped(lines []string) string {
	var groups []string
	for i := 0; i < len(lines); {
		n := 1
		for i+n < len(lines) && lines[i+n] == lines[i] {
			n++
		}
		if n > 1 {
			groups = append(groups, fmt.Sprintf("%d*%s", n, lines[i]))
		} else {
			groups = append(groups, lines[i])
		}
		i += n
	}
	return strings.Join(groups, ", ")
}

func (s *suite) set() *v1.VirtualMachineInstanceReplicaSet {
	s.Helper()
	set := &v1.VirtualMachineInstanceReplicaSet{}
	if err := cluster.Client.Get(s.ctx, s.key, set); err != nil {
		s.Fatalf("reading the replica set: %v", err)
	}
	return set
}

// change writes the replica set as its user does.
func (s *suite) change(do func(*v1.VirtualMachineInstanceReplicaSet)) {
	s.Helper()
	set := s.set()
	do(set)
	if err := cluster.Client.Update(s.ctx, set); err != nil {
		s.Fatalf("changing the replica set: %v", err)
	}
}

func (s *suite) scaleTo(replicas int32) {
	s.Helper()
	s.change(func(set *v1.VirtualMachineInstanceReplicaSet) { set.Spec.Replicas = &replicas })
}

// all returns the instances of the namespace, by name.
func (s *suite) all() []*v1.VirtualMachineInstance {
	s.Helper()
	list := &v1.VirtualMachineInstanceList{}
	if err := cluster.Client.List(s.ctx, list, client.InNamespace(s.key.Namespace)); err != nil {
		s.Fatalf("listing the instances: %v", err)
	}
	var all []*v1.VirtualMachineInstance
	for i := range list.Items {
		all = append(all, &list.Items[i])
	}
	slices.SortFunc(all, func(a, b *v1.VirtualMachineInstance) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// live returns those that are not being deleted.
func (s *suite) live() []*v1.VirtualMachineInstance {
	s.Helper()
	return slices.DeleteFunc(s.all(), func(vmi *v1.VirtualMachineInstance) bool { return !vmi.DeletionTimestamp.IsZero() })
}

// report changes an instance with virt-controller's rights.
func (s *suite) report(vmi *v1.VirtualMachineInstance, change func(*v1.VirtualMachineInstance)) {
	s.Helper()
	before := client.MergeFrom(vmi.DeepCopy())
	change(vmi)
	if err := s.cache.Patch(s.ctx, vmi, before); err != nil {
		s.Fatalf("changing the instance: %v", err)
	}
	s.requests.Take()
}

// released lets the instances that are being deleted go.
func (s *suite) released() {
	s.Helper()
	for _, vmi := range s.all() {
		if !vmi.DeletionTimestamp.IsZero() {
			s.report(vmi, func(vmi *v1.VirtualMachineInstance) { vmi.Finalizers = nil })
		}
	}
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

func (s *suite) wantStatus(replicas, ready int32) *v1.VirtualMachineInstanceReplicaSet {
	s.Helper()
	set := s.set()
	if st := set.Status; st.Replicas != replicas || st.ReadyReplicas != ready {
		s.Fatalf("%d replicas, %d ready; want %d and %d", st.Replicas, st.ReadyReplicas, replicas, ready)
	}
	return set
}

func (s *suite) wantCondition(t v1.ConditionType, want string) *v1.Condition {
	s.Helper()
	var got string
	c := v1.FindCondition(s.set().Status.Conditions, t)
	if c != nil {
		got = string(c.Status) + " " + c.Reason
	}
	if got != want {
		s.Fatalf("condition %s is %q, want %q", t, got, want)
	}
	return c
}

// freeze lets the cache go on answering what is there now.
func (s *suite) freeze() {
	s.Helper()
	frozen := &v1.VirtualMachineInstanceList{}
	if err := cluster.Client.List(s.ctx, frozen, client.InNamespace(s.key.Namespace)); err != nil {
		s.Fatal(err)
	}
	s.cache.frozen = frozen
}

func (s *suite) thaw() { s.cache.frozen = nil }
