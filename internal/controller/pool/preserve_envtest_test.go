//go:build envtest

package pool

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	"kubevirt.io/kubevirt/internal/datavolume"
	"kubevirt.io/kubevirt/test/builder"
)

func preserving(pool *poolv1beta1.VirtualMachinePool) {
	pool.Spec.ScaleInStrategy = &poolv1beta1.VirtualMachinePoolScaleInStrategy{
		Proactive: &poolv1beta1.VirtualMachinePoolProactiveScaleInStrategy{StatePreservation: preserve(poolv1beta1.StatePreservationOffline)},
	}
}

func healing(pool *poolv1beta1.VirtualMachinePool) {
	pool.Spec.Autohealing = &poolv1beta1.VirtualMachinePoolAutohealingStrategy{}
}

// What is made for a machine outlives it when its state is preserved; nothing else
// does, and it does so even when the pool goes in between.
func TestStatePreservation(t *testing.T) {
	cluster.InstallDataVolumes(t)
	for _, withPool := range []bool{true, false} {
		t.Run(map[bool]string{true: "pool stays", false: "pool goes"}[withPool], func(t *testing.T) {
			s := newSuite(t, 2, preserving)
			s.reconcile("POST revision", "2*POST vm", "PATCH pool status")
			for _, vm := range s.all() {
				s.createVolumes(vm)
			}
			s.scaleTo(1)
			s.reconcile("PATCH vm", "DELETE vm", "PATCH pool status")
			s.wantMachines("pool-0 (pool-1)")
			s.wantOwners("pool-0", "pool-1")
			s.restart()
			if !withPool {
				if err := cluster.Client.Delete(s.ctx, s.pool()); err != nil {
					t.Fatal(err)
				}
			}
			s.reconcile("PATCH claim", "PATCH volume", "PATCH vm")
			s.wantOwners("pool-0", "")
			s.reconcile()
			s.released()
			s.wantMachines("pool-0")
			if !withPool {
				return
			}
			s.scaleTo(2)
			s.reconcile("POST vm", "PATCH pool status")
			s.wantMachines("pool-0 pool-1")
		})
	}
}

// createVolumes makes a claim and a data volume that a machine owns.
func (s *suite) createVolumes(vm *v1.VirtualMachine) {
	s.Helper()
	meta := metav1.ObjectMeta{
		Namespace: vm.Namespace, Name: "disk-" + vm.Name,
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(vm, v1.VirtualMachineGroupVersionKind)},
	}
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: *meta.DeepCopy(), Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
	}}
	for _, object := range []client.Object{claim, &cdiv1beta1.DataVolume{ObjectMeta: meta}} {
		if err := cluster.Client.Create(s.ctx, object); err != nil {
			s.Fatalf("creating a volume: %v", err)
		}
	}
}

// wantOwners checks whose the volumes of the two machines are; nobody's if empty.
func (s *suite) wantOwners(want ...string) {
	s.Helper()
	for i, owner := range want {
		claim, volume := &metav1.PartialObjectMetadata{}, &metav1.PartialObjectMetadata{}
		claim.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim"))
		volume.SetGroupVersionKind(datavolume.GVK)
		for _, object := range []*metav1.PartialObjectMetadata{claim, volume} {
			key := client.ObjectKey{Namespace: s.key.Namespace, Name: "disk-" + machineName(s.key.Name, i)}
			if err := cluster.Client.Get(s.ctx, key, object); err != nil {
				s.Fatal(err)
			}
			got := ""
			if len(object.OwnerReferences) > 0 {
				got = object.OwnerReferences[0].Name
			}
			if got != owner {
				s.Fatalf("%s %s is %q's, want %q's", object.Kind, object.Name, got, owner)
			}
		}
	}
}

// failing lets a machine have failed to start, with the next start due by then.
func (s *suite) failing(name string, failures int, retry time.Duration) {
	s.Helper()
	s.report(name, func(status *v1.VirtualMachineStatus) {
		at := metav1.NewTime(s.clock.Now().Add(retry))
		status.StartFailure = &v1.VirtualMachineStartFailure{ConsecutiveFailCount: failures, RetryAfterTimestamp: &at}
		status.PrintableStatus = v1.PrintableStatusCrashLoopBackOff
	})
}

// A machine that fails to start is replaced under its number once that has lasted,
// however long it had been off before.
func TestAutohealing(t *testing.T) {
	s := newSuite(t, 2, healing, func(pool *poolv1beta1.VirtualMachinePool) {
		// Healing removes also where scaling in does not.
		pool.Spec.ScaleInStrategy = &poolv1beta1.VirtualMachinePoolScaleInStrategy{Unmanaged: &poolv1beta1.VirtualMachinePoolUnmanagedStrategy{}}
	})
	s.reconcile("POST revision", "2*POST vm", "PATCH pool status")
	s.wantEvents("2*Normal SuccessfulCreate")
	s.report("pool-0", func(status *v1.VirtualMachineStatus) {
		long := metav1.NewTime(s.clock.Now().AddDate(0, -1, 0))
		status.Conditions = []v1.Condition{{Type: v1.ConditionReady, Status: corev1.ConditionFalse, LastTransitionTime: long}}
	})
	// It has just failed for the third time, 50 seconds after the first.
	s.failing("pool-0", 3, 90*time.Second)
	if wait := s.reconcile().RequeueAfter; wait < 248*time.Second || wait > 250*time.Second {
		t.Errorf("looks again after %s", wait)
	}
	s.clock.SetTime(s.clock.Now().Add(250 * time.Second))
	s.reconcile("DELETE vm", "PATCH pool status")
	s.wantEvents("Normal SuccessfulDelete")
	s.wantMachines("(pool-0) pool-1")
	s.reconcile()
	s.released()
	s.reconcile("POST vm", "PATCH pool status")
	s.wantMachines("pool-0 pool-1")
}

// What makes machines fail does not cost more of them at once than may be
// unavailable, the one that fails for the longest time first; and volumes stay where
// scaling in would keep them, for those that take the numbers.
func TestAutohealingOneByOne(t *testing.T) {
	cluster.InstallDataVolumes(t)
	s := newSuite(t, 3, healing, preserving, atMost("1"))
	s.reconcile("POST revision", "3*POST vm", "PATCH pool status")
	s.boot("node01", "pool-2")
	s.reconcile("PATCH pool status")
	for _, name := range []string{"pool-0", "pool-1"} {
		s.createVolumes(s.vm(name))
	}
	s.failing("pool-0", 3, -time.Hour)
	s.failing("pool-1", 3, -2*time.Hour)
	s.reconcile("PATCH vm", "DELETE vm", "PATCH pool status")
	s.wantMachines("pool-0 (pool-1) pool-2")
	s.reconcile("PATCH claim", "PATCH volume", "PATCH vm")
	s.wantOwners("pool-0", "")
	s.reconcile()
	s.released()
	s.reconcile("POST vm", "PATCH pool status")
	s.reconcile()
	s.boot("node01", "pool-1")
	s.reconcile("PATCH vm", "DELETE vm", "PATCH pool status")
	s.wantMachines("(pool-0) pool-1 pool-2")
}

// lists counts how often lists are read live.
type lists struct {
	client.Reader
	n int
}

func (l *lists) List(ctx context.Context, into client.ObjectList, options ...client.ListOption) error {
	l.n++
	return l.Reader.List(ctx, into, options...)
}

// However many machines go, their volumes are looked for once, and each gets its own.
func TestPreservationLooksOnce(t *testing.T) {
	cluster.InstallDataVolumes(t)
	s := newSuite(t, 3, preserving)
	s.reconcile("POST revision", "3*POST vm", "PATCH pool status")
	for _, vm := range s.all() {
		s.createVolumes(vm)
	}
	s.scaleTo(1)
	s.reconcile("PATCH vm", "DELETE vm", "PATCH vm", "DELETE vm", "PATCH pool status")
	counter := &lists{Reader: s.r.Live}
	s.r.Live = counter
	s.reconcile("PATCH claim", "PATCH volume", "PATCH vm", "PATCH claim", "PATCH volume", "PATCH vm")
	s.wantOwners("pool-0", "", "")
	if counter.n != 2 {
		t.Errorf("%d lists, want one of claims and one of data volumes", counter.n)
	}
}

func hold(vm *v1.VirtualMachine) { controllerutil.AddFinalizer(vm, v1.FinalizerPool) }

// held marks a machine as an earlier try would: admission lets nobody else.
func (s *suite) held(name string) {
	s.Helper()
	vm := s.vm(name)
	before := vm.DeepCopy()
	hold(vm)
	if err := s.r.Live.(client.Client).Patch(s.ctx, vm, client.MergeFrom(before)); err != nil {
		s.Fatalf("holding the machine: %v", err)
	}
	s.requests.Take()
}

func (s *suite) wantHeld(name string, want bool) {
	s.Helper()
	if got := controllerutil.ContainsFinalizer(s.vm(name), v1.FinalizerPool); got != want {
		s.Fatalf("%s is held: %v", name, got)
	}
}

// The mark does not outlast its purpose: neither on a machine that stays after all,
// nor on one that is let go.
func TestMachinesThatStayAreNotHeld(t *testing.T) {
	s := newSuite(t, 2)
	s.reconcile("POST revision", "2*POST vm", "PATCH pool status")
	s.held("pool-0")
	s.reconcile("PATCH vm")
	s.wantHeld("pool-0", false)
	s.held("pool-1")
	s.write("pool-1", func(vm *v1.VirtualMachine) { vm.Labels["app"] = "debug" })
	s.reconcile("PATCH vm", "POST vm", "PATCH pool status")
	s.wantHeld("pool-1", false)
	if metav1.GetControllerOf(s.vm("pool-1")) != nil {
		t.Error("pool-1 was not released")
	}
}

// A machine that is held and on its way out is let go whoever it belongs to, also
// when there is no pool of that name.
func TestHeldMachinesAreAlwaysLetGo(t *testing.T) {
	s := newSuite(t, 0)
	s.reconcile("POST revision", "PATCH pool status")
	for _, c := range []struct {
		name, pool string
		owned      bool
	}{{"pool-7", "pool", false}, {"pool-8", "pool", true}, {"gone-0", "gone", false}} {
		vm := builder.VM(s.key.Namespace, c.name, v1.RunStrategyHalted)
		hold(vm)
		if c.owned {
			node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "somebody", UID: "else"}}
			vm.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(node, corev1.SchemeGroupVersion.WithKind("Node"))}
		}
		if err := cluster.Client.Create(s.ctx, vm); err != nil {
			t.Fatal(err)
		}
		key := client.ObjectKey{Namespace: s.key.Namespace, Name: c.pool}
		want := 1
		if c.pool == "gone" {
			want = 0
		}
		if got := s.r.poolsOf(s.ctx, vm); len(got) != want {
			t.Errorf("before its deletion, %s is looked at by %v", c.name, got)
		}
		if err := cluster.Client.Delete(s.ctx, vm); err != nil {
			t.Fatal(err)
		}
		if got := s.r.poolsOf(s.ctx, s.vm(c.name)); len(got) != 1 || got[0] != (reconcile.Request{NamespacedName: key}) {
			t.Fatalf("%s is looked at by %v", c.name, got)
		}
		if _, err := s.r.Reconcile(s.ctx, ctrl.Request{NamespacedName: key}); err != nil {
			t.Fatal(err)
		}
		s.wantWrites("PATCH vm")
		s.wantHeld(c.name, false)
	}
}
