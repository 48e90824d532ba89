//go:build envtest

package workload

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/launcherpod"
	"kubevirt.io/kubevirt/internal/patch"
	"kubevirt.io/kubevirt/test/builder"
)

// evicting asks for the eviction of so many guests at a time.
func evicting(size int, interval time.Duration) v1.KubeVirtWorkloadUpdateStrategy {
	return v1.KubeVirtWorkloadUpdateStrategy{
		WorkloadUpdateMethods: []v1.WorkloadUpdateMethod{v1.WorkloadUpdateMethodEvict},
		BatchEvictionSize:     &size, BatchEvictionInterval: &metav1.Duration{Duration: interval},
	}
}

func strategy(strategy v1.EvictionStrategy) builder.Option {
	return func(vmi *v1.VirtualMachineInstance) { vmi.Spec.EvictionStrategy = &strategy }
}

// Without a method guests are marked and counted, and left alone.
func TestOutdatedGuests(t *testing.T) {
	s := newSuite(t, v1.KubeVirtWorkloadUpdateStrategy{})
	s.guest("new", current)
	s.reconcile(0)
	s.wantOutdated(-1)

	first, second := s.guest("a", "launcher:1"), s.guest("b", "old/launcher:2")
	third := s.guest("c", "launcher:1")
	s.report(third, map[string]any{"phase": v1.VMIPhaseScheduled})
	s.reconcile(0, "label a", "label b", "count")
	s.wantOutdated(2, "a", "b")
	s.reconcile(0)
	s.clock.SetTime(s.clock.Now().Add(time.Hour))
	s.reconcile(0)

	// The operator writes its own part, as it does it, and this one is left as it is; from what it read before it
	// could not.
	stale := s.kv.DeepCopy()
	s.refresh(s.kv)
	p := patch.New(cluster.Client, s.kv)
	s.kv.Status.OperatorVersion = "v2"
	if err := p.Finish(s.ctx, s.kv); err != nil {
		t.Fatal(err)
	}
	s.wantOutdated(2, "a", "b")
	p = patch.New(cluster.Client, stale)
	stale.Status.OperatorVersion = "v3"
	if err := p.Finish(s.ctx, stale); !apierrors.IsConflict(err) {
		t.Errorf("a write of what was read before: %v", err)
	}
	s.report(third, map[string]any{"phase": v1.VMIPhaseRunning})
	s.reconcile(0, "label c", "count")
	s.wantOutdated(3, "a", "b", "c")
	if s.kv.Status.OperatorVersion != "v2" || s.kv.Status.ObservedDeploymentID != "this" || len(s.kv.Status.Conditions) != 1 {
		t.Errorf("the operator's part of the status is not as it was: %+v", s.kv.Status)
	}

	// One moves to the current launcher, one ends, one is deleted.
	s.report(first, map[string]any{"launcherContainerImageVersion": current})
	s.end(second)
	s.reconcile(0, "label a", "count")
	s.wantOutdated(1, "b", "c")
	if err := cluster.Client.Delete(s.ctx, third); err != nil {
		t.Fatal(err)
	}
	s.reconcile(0, "count")
	s.wantOutdated(0, "b", "c")
	s.wantEvents()
}

// An object that is not the installation, or is on its way out, moves nothing.
func TestOtherObjects(t *testing.T) {
	s := newSuite(t, evicting(10, time.Second))
	s.guest("a", "launcher:1")
	s.setStatus(func(status *v1.KubeVirtStatus) { status.Phase = "" })
	s.reconcile(0)
	s.setStatus(func(status *v1.KubeVirtStatus) { status.Phase = v1.KubeVirtPhaseDeployed })
	s.kv.Finalizers = []string{v1.FinalizerKubeVirt}
	if err := cluster.Client.Update(s.ctx, s.kv); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Client.Delete(s.ctx, s.kv); err != nil {
		t.Fatal(err)
	}
	s.reconcile(0)
	s.kv.Finalizers = nil
	if err := cluster.Client.Patch(s.ctx, s.kv, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))); err != nil {
		t.Fatal(err)
	}
	s.reconcile(0)
}

// Guests go one batch after the other, each when it is due and the one before has
// gone, whatever becomes of the process.
func TestBatches(t *testing.T) {
	s := newSuite(t, evicting(1, 5*time.Minute))
	later := func(d time.Duration) { s.clock.SetTime(s.clock.Now().Add(d)) }
	guests := map[string]*v1.VirtualMachineInstance{}
	for _, name := range []string{"a", "b", "c"} {
		guests[name] = s.guest(name, "launcher:1")
	}
	s.setStatus(func(status *v1.KubeVirtStatus) { status.TargetDeploymentID = "next" })
	s.reconcile(0, "label a", "label b", "label c", "count")
	later(time.Hour)
	s.reconcile(0)
	s.setStatus(func(status *v1.KubeVirtStatus) { status.TargetDeploymentID = "this" })

	s.reconcile(time.Minute) // for what an earlier process may have done
	later(time.Minute)
	s.reconcile(5*time.Minute, "evict a")
	s.wantEvents("Normal SuccessfulEvict a")
	later(2 * time.Minute)
	s.reconcile(3 * time.Minute)
	later(4 * time.Minute)
	s.reconcile(0) // a takes its time
	s.end(guests["a"])
	s.reconcile(5*time.Minute, "count", "evict b")
	s.wantEvents("Normal SuccessfulEvict b")

	// The next process sees since when b is going.
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: launcherpod.PodName(guests["b"])}}
	s.refresh(pod)
	asked, ok := deletionAsked(pod)
	if !ok {
		t.Fatal("b is not going")
	}
	s.clock.SetTime(asked.Add(2 * time.Minute))
	s.restart()
	s.reconcile(3 * time.Minute)
	s.end(guests["b"])
	s.reconcile(3*time.Minute, "count")
	later(3 * time.Minute)
	s.reconcile(0, "evict c")
	s.end(guests["c"])
	s.reconcile(0, "count")
	s.wantEvents("Normal SuccessfulEvict c")
	s.wantOutdated(0, "a", "b", "c")
}

// Refusals hold nobody else up, and are told once.
func TestRefusals(t *testing.T) {
	s := newSuite(t, evicting(2, time.Second))
	later := func() { s.clock.SetTime(s.clock.Now().Add(time.Second)) }
	protected := s.guest("a", "launcher:1")
	s.guest("b", "launcher:1", strategy(v1.EvictionStrategyExternal))
	s.guest("c", "launcher:1", strategy(v1.EvictionStrategyLiveMigrate))
	s.guest("d", "launcher:1", strategy(v1.EvictionStrategyNone))
	budget := &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "a"},
		Spec: policyv1.PodDisruptionBudgetSpec{
			MinAvailable: &intstr.IntOrString{IntVal: 1}, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"guest": "a"}},
		},
	}
	if err := cluster.Client.Create(s.ctx, budget); err != nil {
		t.Fatal(err)
	}
	budget.Status.ObservedGeneration = budget.Generation
	if err := cluster.Client.Status().Update(s.ctx, budget); err != nil {
		t.Fatal(err)
	}

	s.reconcile(time.Second, "label a", "label b", "label c", "label d", "count")
	later()
	s.reconcile(time.Second, "evict a 429", "evict b 429")
	s.wantEvents("Warning FailedEvict a", "Warning FailedEvict b")
	later()
	s.reconcile(time.Second, "evict d", "evict a 429")
	s.wantEvents("Normal SuccessfulEvict d")
	later()
	s.reconcile(time.Second, "evict a 429")
	s.wantEvents()
	marked := &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "b"}}
	if s.refresh(marked); marked.Status.EvacuationNodeName != testNode {
		t.Error("nobody tells who is to move b away")
	}

	budget.Status.DisruptionsAllowed, budget.Status.CurrentHealthy, budget.Status.DesiredHealthy, budget.Status.ExpectedPods = 1, 1, 0, 1
	if err := cluster.Client.Status().Update(s.ctx, budget); err != nil {
		t.Fatal(err)
	}
	later()
	s.reconcile(0, "evict a")
	s.wantEvents("Normal SuccessfulEvict a")
	s.end(protected)
	s.reconcile(0, "count")
	s.wantOutdated(3, "a", "b", "c", "d")
}

// Where somebody gives launchers another image on the way, none has ever the current
// one: it counts which they were to have.
func TestImagesChangedOnTheWay(t *testing.T) {
	s := newSuite(t, evicting(2, time.Second))
	for name, image := range map[string]string{"a": "launcher:1", "b": current} {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: launcherpod.PodName(s.guest(name, "mirror/"+image))}}
		text := `{"metadata":{"annotations":{"` + v1.AnnotationLauncherImage + `":"` + image + `"}}}`
		if err := cluster.Client.Patch(s.ctx, pod, client.RawPatch(types.MergePatchType, []byte(text))); err != nil {
			t.Fatal(err)
		}
	}
	s.reconcile(time.Second, "label a", "count")
	s.clock.SetTime(s.clock.Now().Add(time.Hour))
	s.reconcile(0, "evict a")
	s.wantEvents("Normal SuccessfulEvict a")
	s.wantOutdated(1, "a")
}
