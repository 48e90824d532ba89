//go:build envtest

package pool

import (
	"context"
	"fmt"
	"slices"
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
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/test/builder"
	"kubevirt.io/kubevirt/test/envtest"
)

var cluster *envtest.Cluster

func TestMain(m *testing.M) { envtest.Main(m, &cluster) }

// suite is one pool and the reconciler that brings it along. The reconciler has
// virt-controller's own rights. The machines and their instances are moved by the
// test; what is random is backwards.
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

// cache answers for machines as the cache does, from what the API server holds or
// from what it held when the cache was frozen.
type cache struct {
	client.Client
	frozen *v1.VirtualMachineList
}

func (c *cache) List(ctx context.Context, into client.ObjectList, options ...client.ListOption) error {
	found, ok := into.(*v1.VirtualMachineList)
	if !ok {
		return c.Client.List(ctx, into, options...)
	}
	var asked client.ListOptions
	asked.ApplyOptions(options)
	all := c.frozen
	if all == nil {
		all = &v1.VirtualMachineList{}
		if err := c.Client.List(ctx, all, client.InNamespace(asked.Namespace)); err != nil {
			return err
		}
	}
	for _, vm := range all.DeepCopy().Items {
		if slices.ContainsFunc(indexPool(&vm), func(pool string) bool { return asked.FieldSelector.String() == IndexPool+"="+pool }) {
			found.Items = append(found.Items, vm)
		}
	}
	return nil
}

func (c *cache) Get(ctx context.Context, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
	vm, ok := into.(*v1.VirtualMachine)
	if !ok || c.frozen == nil {
		return c.Client.Get(ctx, key, into, options...)
	}
	for i := range c.frozen.Items {
		if client.ObjectKeyFromObject(&c.frozen.Items[i]) == key {
			c.frozen.Items[i].DeepCopyInto(vm)
			return nil
		}
	}
	return apierrors.NewNotFound(v1.Resource(v1.ResourceVirtualMachines), key.Name)
}

type change = func(*poolv1beta1.VirtualMachinePool)

// newSuite makes a pool of machines that are always on, changed before it is created.
func newSuite(t *testing.T, replicas int32, changes ...change) *suite {
	t.Helper()
	s := &suite{T: t, ctx: context.Background(), events: &event.Memory{}, requests: &envtest.Requests{}}
	s.key = client.ObjectKey{Namespace: cluster.NewNamespace(t), Name: "pool"}
	s.clock = clocktesting.NewFakePassiveClock(time.Now())
	own, err := client.New(cluster.As(component.ControllerAccount, "", s.requests), client.Options{Scheme: cluster.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	s.cache = &cache{Client: own}
	s.restart()
	s.createPool(replicas, changes...)
	return s
}

// restart begins with a reconciler that remembers nothing.
func (s *suite) restart() {
	s.r = &Reconciler{Client: s.cache, Live: s.cache.Client, Events: s.events, Clock: s.clock, Shuffle: backwards}
}

func (s *suite) createPool(replicas int32, changes ...change) {
	s.Helper()
	pool := builder.Pool(s.key.Namespace, s.key.Name, replicas, v1.RunStrategyAlways, builder.Label("app", "x"), builder.Annotation("note", "y"))
	for _, change := range changes {
		change(pool)
	}
	if err := cluster.Client.Create(s.ctx, pool); err != nil {
		s.Fatalf("creating the pool: %v", err)
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

var words = map[string]string{
	"virtualmachinepools": "pool", "virtualmachines": "vm", "virtualmachineinstances": "vmi", "controllerrevisions": "revision",
	"persistentvolumeclaims": "claim", "datavolumes": "volume",
}

func (s *suite) wantWrites(want ...string) {
	s.Helper()
	var lines []string
	for _, line := range s.requests.Take() {
		method, path, _ := strings.Cut(line, " ")
		kind := path
		for _, part := range strings.Split(strings.Fields(path)[0], "/") {
			if words[part] != "" {
				kind = words[part]
			}
		}
		if strings.HasSuffix(path, "/status") {
			kind += " status"
		}
		if strings.Contains(path, " ") {
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

// grouped joins equal lines that follow each other: "3*POST vm".
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

func (s *suite) pool() *poolv1beta1.VirtualMachinePool {
	s.Helper()
	pool := &poolv1beta1.VirtualMachinePool{}
	if err := cluster.Client.Get(s.ctx, s.key, pool); err != nil {
		s.Fatalf("reading the pool: %v", err)
	}
	return pool
}

// change writes the pool as its user does.
func (s *suite) change(do change) {
	s.Helper()
	pool := s.pool()
	do(pool)
	if err := cluster.Client.Update(s.ctx, pool); err != nil {
		s.Fatalf("changing the pool: %v", err)
	}
}

func (s *suite) scaleTo(replicas int32) {
	s.Helper()
	s.change(func(pool *poolv1beta1.VirtualMachinePool) { pool.Spec.Replicas = &replicas })
}

// cores changes the template in what guests are made from.
func cores(n uint32) change {
	return func(pool *poolv1beta1.VirtualMachinePool) {
		pool.Spec.VirtualMachineTemplate.Spec.Template.Spec.Domain.CPU = &v1.CPU{Cores: n}
	}
}

// all returns the machines of the namespace, by name.
func (s *suite) all() []*v1.VirtualMachine {
	s.Helper()
	list := &v1.VirtualMachineList{}
	if err := cluster.Client.List(s.ctx, list, client.InNamespace(s.key.Namespace)); err != nil {
		s.Fatalf("listing the machines: %v", err)
	}
	var all []*v1.VirtualMachine
	for i := range list.Items {
		all = append(all, &list.Items[i])
	}
	slices.SortFunc(all, func(a, b *v1.VirtualMachine) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// wantMachines checks which machines there are, and which of them are being
// deleted: "pool-0 (pool-1)".
func (s *suite) wantMachines(want string) {
	s.Helper()
	var names []string
	for _, vm := range s.all() {
		name := vm.Name
		if !vm.DeletionTimestamp.IsZero() {
			name = "(" + name + ")"
		}
		names = append(names, name)
	}
	if got := strings.Join(names, " "); got != want {
		s.Fatalf("machines: %s, want %s", got, want)
	}
}

func (s *suite) vm(name string) *v1.VirtualMachine {
	s.Helper()
	vm := &v1.VirtualMachine{}
	if err := cluster.Client.Get(s.ctx, client.ObjectKey{Namespace: s.key.Namespace, Name: name}, vm); err != nil {
		s.Fatalf("reading the machine: %v", err)
	}
	return vm
}

// write changes a machine, and not its status.
func (s *suite) write(name string, do func(*v1.VirtualMachine)) {
	s.Helper()
	vm := s.vm(name)
	do(vm)
	if err := cluster.Client.Update(s.ctx, vm); err != nil {
		s.Fatalf("changing the machine: %v", err)
	}
}

// report changes a machine's status as its controller does, which has seen the
// spec.
func (s *suite) report(name string, do func(*v1.VirtualMachineStatus)) {
	s.Helper()
	vm := s.vm(name)
	do(&vm.Status)
	vm.Status.DesiredGeneration = vm.Generation
	if err := cluster.Client.Status().Update(s.ctx, vm); err != nil {
		s.Fatalf("changing the machine's status: %v", err)
	}
}

// released lets the machines that are being deleted go.
func (s *suite) released() {
	s.Helper()
	for _, vm := range s.all() {
		if !vm.DeletionTimestamp.IsZero() {
			s.write(vm.Name, func(vm *v1.VirtualMachine) {
				vm.Finalizers = slices.DeleteFunc(vm.Finalizers, func(f string) bool { return f == v1.FinalizerVM })
			})
		}
	}
}

// boot gives the machines a guest that runs and is ready, on the node.
func (s *suite) boot(node string, names ...string) {
	s.Helper()
	for _, name := range names {
		vm := s.vm(name)
		vmi := &v1.VirtualMachineInstance{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: vm.Namespace, Name: name, Labels: vm.Spec.Template.Metadata.Labels,
				OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(vm, v1.VirtualMachineGroupVersionKind)},
			},
			Spec: vm.Spec.Template.Spec,
		}
		if err := s.cache.Create(s.ctx, vmi); err != nil {
			s.Fatalf("creating an instance: %v", err)
		}
		before := client.MergeFrom(vmi.DeepCopy())
		vmi.Status.Phase, vmi.Status.NodeName = v1.VMIPhaseRunning, node
		if err := s.cache.Patch(s.ctx, vmi, before); err != nil {
			s.Fatalf("changing the instance: %v", err)
		}
		s.report(name, func(status *v1.VirtualMachineStatus) {
			status.Created, status.Ready, status.PrintableStatus = true, true, v1.PrintableStatusRunning
			status.StateChangeRequests = nil
		})
	}
	s.requests.Take()
}

func (s *suite) vmi(name string) *v1.VirtualMachineInstance {
	s.Helper()
	vmi := &v1.VirtualMachineInstance{}
	if err := cluster.Client.Get(s.ctx, client.ObjectKey{Namespace: s.key.Namespace, Name: name}, vmi); err != nil {
		s.Fatalf("reading the instance: %v", err)
	}
	return vmi
}

// rebooted ends an instance that is to go, and boots the next one.
func (s *suite) rebooted(name string) {
	s.Helper()
	vmi := s.vmi(name)
	before := client.MergeFrom(vmi.DeepCopy())
	vmi.Finalizers = nil
	if err := s.cache.Patch(s.ctx, vmi, before); err != nil {
		s.Fatalf("releasing the instance: %v", err)
	}
	if err := client.IgnoreNotFound(cluster.Client.Delete(s.ctx, vmi)); err != nil {
		s.Fatalf("ending the instance: %v", err)
	}
	s.boot("node01", name)
}

func (s *suite) revisions() []appsv1.ControllerRevision {
	s.Helper()
	list := &appsv1.ControllerRevisionList{}
	if err := cluster.Client.List(s.ctx, list, client.InNamespace(s.key.Namespace)); err != nil {
		s.Fatal(err)
	}
	return list.Items
}

func (s *suite) wantStatus(replicas, ready int32) *poolv1beta1.VirtualMachinePool {
	s.Helper()
	pool := s.pool()
	if st := pool.Status; st.Replicas != replicas || st.ReadyReplicas != ready {
		s.Fatalf("%d replicas, %d ready; want %d and %d", st.Replicas, st.ReadyReplicas, replicas, ready)
	}
	return pool
}

func (s *suite) wantCondition(t v1.ConditionType, want string) *v1.Condition {
	s.Helper()
	var got string
	c := v1.FindCondition(s.pool().Status.Conditions, t)
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
	frozen := &v1.VirtualMachineList{}
	if err := cluster.Client.List(s.ctx, frozen, client.InNamespace(s.key.Namespace)); err != nil {
		s.Fatal(err)
	}
	s.cache.frozen = frozen
}

func (s *suite) thaw() { s.cache.frozen = nil }
