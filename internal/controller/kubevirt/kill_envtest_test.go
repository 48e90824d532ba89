//go:build envtest

package kubevirt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/config/crd"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/event"
)

var errKilled = errors.New("killed")

// mortal is a client of a process that is killed right after so many writes. It reads
// past any cache: a new process begins with caches that are up to date.
type mortal struct {
	client.Client
	life *life
}

type life struct {
	mutex sync.Mutex
	left  atomic.Int64
	// last is what it wrote last.
	last string
}

func (m mortal) write(what string, do func() error) error {
	m.life.mutex.Lock()
	defer m.life.mutex.Unlock()
	if m.life.left.Load() <= 0 {
		return errKilled
	}
	err := do()
	m.life.last = fmt.Sprintf("%s: %v", what, err)
	if !errors.Is(err, errNothing) {
		m.life.left.Add(-1)
		return err
	}
	return nil
}

// errNothing is of a write that changes nothing: without a memory one cannot but try.
var errNothing = errors.New("nothing was written")

func (m mortal) read(do func() error) error {
	if m.life.left.Load() <= 0 {
		return errKilled
	}
	return do()
}

func (m mortal) Get(ctx context.Context, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
	return m.read(func() error { return m.Client.Get(ctx, key, object, options...) })
}

func (m mortal) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	return m.read(func() error { return m.Client.List(ctx, list, options...) })
}

func (m mortal) Create(ctx context.Context, object client.Object, options ...client.CreateOption) error {
	return m.write("create "+object.GetName(), func() error { return m.Client.Create(ctx, object, options...) })
}

func (m mortal) Update(ctx context.Context, object client.Object, options ...client.UpdateOption) error {
	return m.write("update "+object.GetName(), func() error { return m.Client.Update(ctx, object, options...) })
}

func (m mortal) Patch(ctx context.Context, object client.Object, patch client.Patch, options ...client.PatchOption) error {
	return m.write("patch "+object.GetName(), func() error {
		before := &metav1.PartialObjectMetadata{}
		gvk, err := m.GroupVersionKindFor(object)
		if err != nil {
			return err
		}
		before.SetGroupVersionKind(gvk)
		if err := m.Client.Get(ctx, client.ObjectKeyFromObject(object), before); client.IgnoreNotFound(err) != nil {
			return err
		}
		err = m.Client.Patch(ctx, object, patch, options...)
		if err == nil && object.GetResourceVersion() == before.ResourceVersion {
			return errNothing
		}
		return err
	})
}

func (m mortal) Delete(ctx context.Context, object client.Object, options ...client.DeleteOption) error {
	return m.write("delete "+object.GetName(), func() error { return m.Client.Delete(ctx, object, options...) })
}

func (m mortal) Status() client.SubResourceWriter {
	return mortalStatus{m.Client.Status(), m}
}

type mortalStatus struct {
	client.SubResourceWriter
	process mortal
}

func (m mortalStatus) Patch(ctx context.Context, object client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
	return m.process.write("status "+object.GetName(), func() error { return m.SubResourceWriter.Patch(ctx, object, patch, options...) })
}

// killing is a cluster whose operator does not live long.
type killing struct {
	*suite
	definitions *Definitions
	image       string
	// lives so far; process is the current one.
	lives   int
	process *life
}

// begin starts a process of the operator that may write so often.
func (k *killing) begin(writes int64) *atomic.Int64 {
	process := &life{}
	process.left.Store(writes)
	c := aggregatedClient{mortal{admin, process}}
	env := environment
	env.Image = k.image
	k.r = &Reconciler{
		Client: c, Live: c, Environment: env, Definitions: k.definitions,
		Validate: func(*v1.KubeVirt) field.ErrorList { return nil }, Events: k.events, Now: k.clock.Now,
	}
	k.identity = &Identity{Reconciler: k.r, Serving: func(context.Context) (bool, error) { return false, nil }}
	k.lives++
	k.process = process
	return &process.left
}

// live runs processes that are killed after so many writes each, one after the
// other, until something holds and the last of them finds nothing to write.
func (k *killing) live(kv *v1.KubeVirt, writes int64, what string, holds func() bool) {
	k.Helper()
	started, first := time.Now(), k.lives
	left := k.begin(writes)
	for idle := 0; idle < 3; {
		if time.Since(started) > 10*time.Minute {
			k.Fatalf("not reached: %s; phase %s, conditions %+v, last write %s", what, kv.Status.Phase, kv.Status.Conditions, k.process.last)
		}
		k.clock.SetTime(time.Now())
		before := left.Load()
		err := k.once(kv)
		switch {
		case left.Load() <= 0 || errors.Is(err, errKilled):
			left = k.begin(writes)
			idle = 0
		case err != nil:
			k.Fatalf("reconciling until %s: %v", what, err)
		case left.Load() == before && holds():
			idle++
		default:
			k.kubelets()
			k.collect()
			idle = 0
		}
	}
	k.Logf("%s: %d processes of at most %d writes, %s", what, k.lives-first, writes, time.Since(started).Round(time.Second))
	for _, e := range k.events.Take() {
		if e.Reason == v1.EventRestored || e.Reason == v1.EventContested {
			k.Errorf("until %s: %s", what, e.Message)
		}
	}
}

// once runs both controllers.
func (k *killing) once(kv *v1.KubeVirt) error {
	_, err := k.identity.Reconcile(k.ctx, ctrl.Request{})
	if err == nil {
		_, err = k.r.Reconcile(k.ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(kv)})
	}
	if found := admin.Get(k.ctx, client.ObjectKeyFromObject(kv), kv); found != nil {
		k.must(client.IgnoreNotFound(found), "reading the KubeVirt object")
		kv.UID = ""
	}
	return err
}

// TestKilled has the operator killed after every single write of an installation, an
// update and a removal, and after every seventh. What comes out has to be what comes
// out where it lives.
func TestKilled(t *testing.T) {
	k := &killing{suite: &suite{
		T: t, ctx: t.Context(), events: &event.Memory{}, writes: &writes{}, serving: new(bool),
		clock: clocktesting.NewFakePassiveClock(time.Now()),
	}}
	var err error
	k.definitions, err = NewDefinitions(fewDefinitions)
	k.must(err, "loading the CRDs")
	const forEver = 1 << 40
	var installed, updated map[identity]string
	for _, writes := range []int64{forEver, 1, 7} {
		ok := t.Run(fmt.Sprintf("every %d writes", writes), func(t *testing.T) {
			k := &killing{suite: k.in(t), definitions: k.definitions}
			// Of a former installation, as the garbage collector does.
			for _, pod := range k.handlerPods() {
				k.must(admin.Delete(k.ctx, pod, client.GracePeriodSeconds(0)), "deleting a pod")
			}
			kv := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "kubevirt"}}
			kv.Spec.UninstallStrategy = v1.UninstallStrategyRemoveWorkloads
			k.must(admin.Create(k.ctx, kv), "creating a KubeVirt object")
			node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{
				Name: "node01", Labels: map[string]string{"theirs": "kept", v1.LabelSchedulable: "true"}, Annotations: map[string]string{"theirs": "kept"},
			}}
			k.must(client.IgnoreNotFound(admin.Delete(k.ctx, node.DeepCopy())), "deleting a node")
			k.must(admin.Create(k.ctx, node), "creating a node")
			k.image = environment.Image
			deployed := func() bool {
				return kv.Status.Phase == v1.KubeVirtPhaseDeployed && kv.Status.ObservedDeploymentID == kv.Status.TargetDeploymentID &&
					kv.Status.ObservedGeneration != nil && *kv.Status.ObservedGeneration == kv.Generation
			}
			k.live(kv, writes, "installed", deployed)
			k.same(&installed)
			before := kv.Status.ObservedDeploymentID
			k.image = "registry.test/kv/kubevirt:v2"
			k.live(kv, writes, "updated", func() bool { return deployed() && kv.Status.ObservedDeploymentID != before })
			k.same(&updated)
			set := &appsv1.DaemonSet{}
			k.exists(set, component.Handler)
			for _, pod := range k.handlerPods() {
				if !hasTemplate(pod, &set.Spec.Template) {
					t.Errorf("pod %s is of the former version", pod.Name)
				}
			}
			k.must(admin.Delete(k.ctx, kv), "deleting the KubeVirt object")
			k.live(kv, writes, "removed", func() bool { return kv.UID == "" })
			k.nothingLeft()
		})
		if !ok {
			t.FailNow()
		}
	}
}

// fewDefinitions are the CRDs that cost the API server least: what is done with one is
// done with all.
func fewDefinitions() ([]*apiextensionsv1.CustomResourceDefinition, error) {
	all, err := crd.All()
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(c *apiextensionsv1.CustomResourceDefinition) bool { return c.Name == kubeVirtDefinition })
	slices.SortFunc(all, func(a, b *apiextensionsv1.CustomResourceDefinition) int { return cmp.Compare(a.Size(), b.Size()) })
	return all[:3], nil
}

// same compares everything that is there with what was there the first time.
func (k *killing) same(first *map[identity]string) {
	k.Helper()
	found := map[identity]string{}
	for id, object := range k.everything() {
		found[id] = fmt.Sprint(object.GetLabels(), object.GetFinalizers(), object.GetOwnerReferences(), digestOf(k.suite, object))
	}
	if *first == nil {
		*first = found
		return
	}
	for id, text := range *first {
		if found[id] != text {
			k.Errorf("%s is %q, want %q", id, found[id], text)
		}
	}
	for id := range found {
		if _, wanted := (*first)[id]; !wanted {
			k.Errorf("%s should not be there", id)
		}
	}
}
