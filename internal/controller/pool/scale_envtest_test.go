//go:build envtest

package pool

import (
	"strings"
	"testing"
	"time"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	"kubevirt.io/kubevirt/internal/steps"
	"kubevirt.io/kubevirt/test/builder"
)

// Making and removing machines takes one write for each and one for the status, and
// a number that is free again is used again.
func TestScale(t *testing.T) {
	s := newSuite(t, 3)
	s.reconcile("POST revision", "3*POST vm", "PATCH pool status")
	s.wantEvents("3*Normal SuccessfulCreate")
	s.wantMachines("pool-0 pool-1 pool-2")
	pool, revisions := s.wantStatus(3, 0), s.revisions()
	if len(revisions) != 1 || !metav1.IsControlledBy(&revisions[0], pool) || !strings.HasPrefix(revisions[0].Name, "pool-") {
		t.Fatalf("revisions: %v", revisions)
	}
	for _, vm := range s.all() {
		if !metav1.IsControlledBy(vm, pool) || vm.Labels["app"] != "x" || vm.Annotations["note"] != "y" || vm.Spec.Template.Spec.Domain.Memory.Guest.String() != "64Mi" {
			t.Errorf("owners %v, labels %v, annotations %v", vm.OwnerReferences, vm.Labels, vm.Annotations)
		}
		revision := revisions[0].Name
		if vm.Labels[v1.LabelPoolRevisionName] != revision || vm.Spec.Template.Metadata.Labels[v1.LabelPoolRevisionName] != revision {
			t.Errorf("labels %v and %v, want the revision %s", vm.Labels, vm.Spec.Template.Metadata.Labels, revision)
		}
	}
	s.reconcile()
	s.boot("node01", "pool-1")
	s.reconcile("PATCH pool status")
	s.wantStatus(3, 1)
	s.reconcile()

	// At random, which is backwards here.
	s.scaleTo(1)
	s.reconcile("2*DELETE vm", "PATCH pool status")
	s.wantEvents("2*Normal SuccessfulDelete")
	s.wantMachines("pool-0 (pool-1) (pool-2)")
	s.wantStatus(1, 0)
	s.reconcile()
	s.scaleTo(2)
	s.reconcile()
	s.released()
	s.reconcile("POST vm", "PATCH pool status")
	s.wantMachines("pool-0 pool-1")
	s.scaleTo(0)
	s.reconcile("2*DELETE vm", "PATCH pool status")
	s.released()
	s.wantMachines("")
	s.reconcile()
}

// Without a number there is one machine.
func TestOneByDefault(t *testing.T) {
	s := newSuite(t, 1, func(pool *poolv1beta1.VirtualMachinePool) { pool.Spec.Replicas = nil })
	s.reconcile("POST revision", "POST vm", "PATCH pool status")
	s.wantMachines("pool-0")
}

func TestScaleInStrategies(t *testing.T) {
	ascending := poolv1beta1.SortPolicyAscendingOrder
	for name, c := range map[string]struct {
		strategy poolv1beta1.VirtualMachinePoolScaleInStrategy
		left     string
		writes   []string
	}{
		"unmanaged": {
			poolv1beta1.VirtualMachinePoolScaleInStrategy{Unmanaged: &poolv1beta1.VirtualMachinePoolUnmanagedStrategy{}},
			"pool-0 pool-1 pool-2 pool-3", nil,
		},
		"opportunistic": {
			poolv1beta1.VirtualMachinePoolScaleInStrategy{Opportunistic: &poolv1beta1.VirtualMachinePoolOpportunisticScaleInStrategy{}},
			"pool-0 (pool-1) pool-2 pool-3", []string{"DELETE vm", "PATCH pool status"},
		},
		"opportunistic, preserving": {
			poolv1beta1.VirtualMachinePoolScaleInStrategy{Opportunistic: &poolv1beta1.VirtualMachinePoolOpportunisticScaleInStrategy{
				StatePreservation: preserve(poolv1beta1.StatePreservationOffline),
			}},
			"pool-0 (pool-1) pool-2 pool-3", []string{"PATCH vm", "DELETE vm", "PATCH pool status"},
		},
		"proactive": {
			poolv1beta1.VirtualMachinePoolScaleInStrategy{Proactive: &poolv1beta1.VirtualMachinePoolProactiveScaleInStrategy{
				SelectionPolicy: &policy{SortPolicy: &ascending},
			}},
			"(pool-0) (pool-1) (pool-2) pool-3", []string{"3*DELETE vm", "PATCH pool status"},
		},
		"proactive, disposing": {
			poolv1beta1.VirtualMachinePoolScaleInStrategy{Proactive: &poolv1beta1.VirtualMachinePoolProactiveScaleInStrategy{
				StatePreservation: preserve(poolv1beta1.StatePreservationDisabled),
			}},
			"pool-0 (pool-1) (pool-2) (pool-3)", []string{"3*DELETE vm", "PATCH pool status"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSuite(t, 4, func(pool *poolv1beta1.VirtualMachinePool) { pool.Spec.ScaleInStrategy = &c.strategy })
			s.reconcile("POST revision", "4*POST vm", "PATCH pool status")
			s.boot("node01", "pool-0", "pool-3")
			// One is off, and one is about to start.
			halted := v1.RunStrategyHalted
			s.write("pool-1", func(vm *v1.VirtualMachine) { vm.Spec.RunStrategy = &halted })
			s.report("pool-1", func(status *v1.VirtualMachineStatus) { status.PrintableStatus = v1.PrintableStatusStopped })
			s.report("pool-2", func(status *v1.VirtualMachineStatus) { status.PrintableStatus = v1.PrintableStatusStarting })
			s.reconcile("PATCH pool status")
			s.scaleTo(1)
			s.reconcile(c.writes...)
			s.wantMachines(c.left)
		})
	}
}

func preserve(what poolv1beta1.StatePreservation) *poolv1beta1.StatePreservation { return &what }

// The machines of a node can be told to go first.
func TestSelectionByNode(t *testing.T) {
	s := newSuite(t, 3, func(pool *poolv1beta1.VirtualMachinePool) {
		ascending := poolv1beta1.SortPolicyAscendingOrder
		matcher := &[]corev1.NodeSelectorRequirement{{Key: "retire", Operator: corev1.NodeSelectorOpExists}}
		p := &policy{SortPolicy: &ascending, Selectors: &selectors{NodeSelectorRequirementMatcher: matcher}}
		pool.Spec.ScaleInStrategy = &poolv1beta1.VirtualMachinePoolScaleInStrategy{
			Proactive: &poolv1beta1.VirtualMachinePoolProactiveScaleInStrategy{SelectionPolicy: p},
		}
	})
	for name, labels := range map[string]map[string]string{"keep": nil, "retire": {"retire": "soon"}} {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
		if err := cluster.Client.Create(s.ctx, node); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cluster.Client.Delete(s.ctx, node) })
	}
	s.reconcile("POST revision", "3*POST vm", "PATCH pool status")
	s.boot("keep", "pool-0")
	s.boot("retire", "pool-1")
	s.boot("gone", "pool-2")
	s.scaleTo(2)
	s.reconcile("DELETE vm", "PATCH pool status")
	s.wantMachines("pool-0 (pool-1) pool-2")
}

// An autoscaler sees and sets the number of machines through the scale subresource.
func TestScaleSubresource(t *testing.T) {
	s := newSuite(t, 1)
	s.reconcile("POST revision", "POST vm", "PATCH pool status")
	scale, subresource := &autoscalingv1.Scale{}, cluster.Client.SubResource("scale")
	if err := subresource.Get(s.ctx, s.pool(), scale); err != nil {
		t.Fatal(err)
	}
	selector, err := labels.Parse(scale.Status.Selector)
	if err != nil || scale.Spec.Replicas != 1 || scale.Status.Replicas != 1 {
		t.Fatalf("scale %+v %+v (%v)", scale.Spec, scale.Status, err)
	}
	if vm := s.all()[0]; selector.Empty() || !selector.Matches(labels.Set(vm.Labels)) {
		t.Errorf("selector %q does not find %v", scale.Status.Selector, vm.Labels)
	}
	scale.Spec.Replicas = 3
	if err := subresource.Update(s.ctx, s.pool(), client.WithSubResourceBody(scale)); err != nil {
		t.Fatal(err)
	}
	s.reconcile("2*POST vm", "PATCH pool status")
	s.wantStatus(3, 0)
}

// A cache that does not show what was done makes nothing twice and removes nothing
// twice.
func TestStaleCache(t *testing.T) {
	s := newSuite(t, 2)
	s.freeze()
	s.reconcile("POST revision", "2*POST vm", "PATCH pool status")
	if wait := s.reconcile().RequeueAfter; wait < time.Minute {
		t.Errorf("looks again after %s", wait)
	}
	s.thaw()
	s.reconcile()
	s.scaleTo(1)
	s.freeze()
	s.reconcile("DELETE vm", "PATCH pool status")
	s.scaleTo(0)
	s.reconcile()
	s.thaw()
	s.reconcile("DELETE vm", "PATCH pool status")
	s.wantEvents("2*Normal SuccessfulCreate", "2*Normal SuccessfulDelete")
}

// Nor does one whose process has just begun; and it takes nothing that is not the
// pool's.
func TestStaleCacheAfterRestart(t *testing.T) {
	s := newSuite(t, 2)
	s.freeze()
	s.reconcile("POST revision", "2*POST vm", "PATCH pool status")
	s.restart()
	s.reconcile("2*POST vm failed")
	s.wantEvents("2*Normal SuccessfulCreate")
	s.wantStatus(2, 0)
	s.write("pool-1", func(vm *v1.VirtualMachine) { vm.OwnerReferences = nil })
	s.restart()
	if _, err := s.tryReconcile(); err == nil {
		t.Fatal("no error")
	}
	s.wantWrites("2*POST vm failed", "PATCH pool status")
	if c := s.wantCondition(v1.ConditionReplicaFailure, "True FailedScaleOut"); !strings.Contains(c.Message, "pool-1") {
		t.Errorf("message %q", c.Message)
	}
}

func TestPaused(t *testing.T) {
	s := newSuite(t, 1)
	s.reconcile("POST revision", "POST vm", "PATCH pool status")
	s.wantEvents("Normal SuccessfulCreate")
	s.change(func(pool *poolv1beta1.VirtualMachinePool) {
		pool.Spec.Paused = true
		cores(2)(pool)
	})
	s.scaleTo(3)
	s.reconcile("PATCH pool status")
	s.wantCondition(v1.ConditionReplicaPaused, "True Paused")
	s.wantEvents("Normal SuccessfulPaused")
	s.boot("node01", "pool-0")
	s.reconcile("PATCH pool status")
	s.wantStatus(1, 1)
	s.reconcile()
	s.change(func(pool *poolv1beta1.VirtualMachinePool) { pool.Spec.Paused = false })
	s.reconcile("POST revision", "2*POST vm", "PATCH vm", "PATCH pool status")
	s.wantCondition(v1.ConditionReplicaPaused, "")
	s.wantEvents("2*Normal SuccessfulCreate", "Normal SuccessfulUpdate", "Normal SuccessfulResume")
	s.reconcile()
}

// Machines of the pool's names and labels that are nobody's become the pool's, and
// those that lose the labels are let go. Their numbers are passed over.
func TestAdoptAndRelease(t *testing.T) {
	s := newSuite(t, 2)
	for _, name := range []string{"pool-1", "other", "pool-x"} {
		vm := builder.VM(s.key.Namespace, name, v1.RunStrategyHalted)
		vm.Labels = map[string]string{"app": "x"}
		if err := cluster.Client.Create(s.ctx, vm); err != nil {
			t.Fatal(err)
		}
	}
	s.reconcile("PATCH vm", "POST revision", "POST vm", "PATCH vm", "PATCH pool status")
	s.wantMachines("other pool-0 pool-1 pool-x")
	s.wantStatus(2, 0)
	adopted := s.vm("pool-1")
	if !metav1.IsControlledBy(adopted, s.pool()) || metav1.GetControllerOf(s.vm("other")) != nil {
		t.Errorf("owners %v", adopted.OwnerReferences)
	}
	// What the template says, but for the run strategy, which may be somebody's decision.
	if *adopted.Spec.RunStrategy != v1.RunStrategyHalted || adopted.Annotations["note"] != "y" {
		t.Errorf("strategy %s, annotations %v", *adopted.Spec.RunStrategy, adopted.Annotations)
	}
	s.reconcile()
	s.write("pool-0", func(vm *v1.VirtualMachine) { vm.Labels["app"] = "debug" })
	s.reconcile("PATCH vm", "POST vm", "PATCH pool status")
	s.wantMachines("other pool-0 pool-1 pool-2 pool-x")
	if metav1.GetControllerOf(s.vm("pool-0")) != nil {
		t.Error("pool-0 was not released")
	}
	s.wantCondition(v1.ConditionReplicaFailure, "True FailedScaleOut")
}

// Names that no pool makes are nobody's, and numbers far away cost nothing.
func TestFarNumbers(t *testing.T) {
	s := newSuite(t, 2)
	for _, name := range []string{"pool-9223372036854775807", "pool-2147483647"} {
		vm := builder.VM(s.key.Namespace, name, v1.RunStrategyHalted)
		vm.Labels = map[string]string{"app": "x"}
		if err := cluster.Client.Create(s.ctx, vm); err != nil {
			t.Fatal(err)
		}
	}
	s.reconcile("PATCH vm", "POST revision", "POST vm", "PATCH vm", "PATCH pool status")
	s.wantMachines("pool-0 pool-2147483647 pool-9223372036854775807")
	s.wantStatus(2, 0)
	s.wantCondition(v1.ConditionReplicaFailure, "")
	s.reconcile()
}

// A machine that was taken from the pool since the cache has shown it is not removed,
// which is nothing to complain about.
func TestRemovalOnAnOldView(t *testing.T) {
	s := newSuite(t, 2)
	s.reconcile("POST revision", "2*POST vm", "PATCH pool status")
	s.wantEvents("2*Normal SuccessfulCreate")
	s.freeze()
	s.write("pool-1", func(vm *v1.VirtualMachine) { vm.Labels["app"] = "debug" })
	s.scaleTo(1)
	if got := s.reconcile("DELETE vm failed"); got != steps.Soon {
		t.Errorf("looks again: %+v", got)
	}
	s.wantEvents()
	s.wantCondition(v1.ConditionReplicaFailure, "")
	s.thaw()
	s.reconcile("PATCH vm", "PATCH pool status")
	s.wantMachines("pool-0 pool-1")
	s.wantStatus(1, 0)
}

// Somebody else's machine has one of the pool's names.
func TestForeignMachine(t *testing.T) {
	s := newSuite(t, 2)
	vm := builder.VM(s.key.Namespace, "pool-0", v1.RunStrategyHalted)
	if err := cluster.Client.Create(s.ctx, vm); err != nil {
		t.Fatal(err)
	}
	s.reconcile("POST revision", "2*POST vm", "PATCH pool status")
	s.wantMachines("pool-0 pool-1 pool-2")
	c := s.wantCondition(v1.ConditionReplicaFailure, "True FailedScaleOut")
	if !strings.Contains(c.Message, "pool-0") {
		t.Errorf("message %q", c.Message)
	}
	s.wantEvents("Warning FailedScaleOut", "2*Normal SuccessfulCreate")
	s.reconcile()
	if err := cluster.Client.Delete(s.ctx, vm); err != nil {
		t.Fatal(err)
	}
	s.released()
	s.reconcile("PATCH pool status")
	s.wantCondition(v1.ConditionReplicaFailure, "")
	s.wantEvents()
}

// What is refused is told once, and tried again.
func TestRefusedMachines(t *testing.T) {
	s := newSuite(t, 2)
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: s.key.Namespace, Name: "none"}}
	quota.Spec.Hard = corev1.ResourceList{"count/virtualmachines.kubevirt.io": resource.MustParse("0")}
	if err := cluster.Client.Create(s.ctx, quota); err != nil {
		t.Fatal(err)
	}
	quota.Status.Hard, quota.Status.Used = quota.Spec.Hard, quota.Spec.Hard
	if err := cluster.Client.Status().Update(s.ctx, quota); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.tryReconcile(); !apierrors.IsForbidden(err) {
			t.Fatalf("error %v", err)
		}
	}
	s.wantWrites("POST revision", "POST vm failed", "PATCH pool status", "POST vm failed")
	s.wantEvents("Warning FailedScaleOut")
	s.wantCondition(v1.ConditionReplicaFailure, "True FailedScaleOut")
	if err := cluster.Client.Delete(s.ctx, quota); err != nil {
		t.Fatal(err)
	}
}

// With its namespace the pool goes too: there is nothing to complain about.
func TestNamespaceTerminates(t *testing.T) {
	s := newSuite(t, 2)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.key.Namespace}}
	if err := cluster.Client.Delete(s.ctx, namespace); err != nil {
		t.Fatal(err)
	}
	s.reconcile("POST revision failed", "PATCH pool status")
	s.reconcile("POST revision failed")
	s.wantEvents()
	s.wantCondition(v1.ConditionReplicaFailure, "")
}

// The garbage collector, which does not run here, deals with the machines of a pool
// that is being deleted; one that is made anew over them takes them as they are.
func TestOrphansFindANewPool(t *testing.T) {
	s := newSuite(t, 2)
	s.reconcile("POST revision", "2*POST vm", "PATCH pool status")
	s.boot("node01", "pool-0", "pool-1")
	if err := cluster.Client.Delete(s.ctx, s.pool(), client.PropagationPolicy(metav1.DeletePropagationOrphan)); err != nil {
		t.Fatal(err)
	}
	s.scaleTo(1)
	s.reconcile()
	// What the garbage collector does.
	for _, vm := range s.all() {
		s.write(vm.Name, func(vm *v1.VirtualMachine) { vm.OwnerReferences = nil })
	}
	revision := s.revisions()[0]
	revision.OwnerReferences = nil
	if err := cluster.Client.Update(s.ctx, &revision); err != nil {
		t.Fatal(err)
	}
	s.change(func(pool *poolv1beta1.VirtualMachinePool) { pool.Finalizers = nil })
	s.reconcile()
	s.createPool(2)
	s.reconcile("2*PATCH vm", "POST revision failed", "DELETE revision", "POST revision", "PATCH pool status")
	s.wantStatus(2, 2)
	s.reconcile()
}
