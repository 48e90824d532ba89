//go:build envtest

package pool

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
)

func strategy(strategy poolv1beta1.VirtualMachinePoolUpdateStrategy) change {
	return func(pool *poolv1beta1.VirtualMachinePool) { pool.Spec.UpdateStrategy = &strategy }
}

func proactive(sort poolv1beta1.VirtualMachinePoolSortPolicy, s *selectors) change {
	return strategy(poolv1beta1.VirtualMachinePoolUpdateStrategy{Proactive: &poolv1beta1.VirtualMachinePoolProactiveUpdateStrategy{
		SelectionPolicy: &policy{SortPolicy: &sort, Selectors: s},
	}})
}

func atMost(limit string) change {
	return func(pool *poolv1beta1.VirtualMachinePool) {
		parsed := intstr.Parse(limit)
		pool.Spec.MaxUnavailable = &parsed
	}
}

// seen lets the machines' controller take notice of their specs.
func (s *suite) seen() {
	s.Helper()
	for _, vm := range s.all() {
		s.report(vm.Name, func(*v1.VirtualMachineStatus) {})
	}
}

// Machines are restarted one after the other, each once the one before is ready, and
// those chosen by the selectors first. Meanwhile the old revision is kept.
func TestRollingUpdate(t *testing.T) {
	s := newSuite(t, 3, atMost("1"), proactive(poolv1beta1.SortPolicyAscendingOrder, &selectors{LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"first": "yes"}}}))
	s.reconcile("POST revision", "3*POST vm", "PATCH pool status")
	s.write("pool-2", func(vm *v1.VirtualMachine) { vm.Labels["first"] = "yes" })
	s.boot("node01", "pool-0", "pool-1", "pool-2")
	s.reconcile("PATCH pool status")
	s.events.Take()
	uuid := s.vm("pool-0").Spec.Template.Spec.Domain.Firmware.UUID

	s.change(cores(2))
	s.reconcile("POST revision", "3*PATCH vm")
	s.wantEvents("3*Normal SuccessfulUpdate")
	for _, vm := range s.all() {
		if vm.Spec.Template.Spec.Domain.CPU.Cores != 2 {
			t.Errorf("%s has %d cores", vm.Name, vm.Spec.Template.Spec.Domain.CPU.Cores)
		}
	}
	if vm := s.vm("pool-0"); uuid == "" || vm.Spec.Template.Spec.Domain.Firmware.UUID != uuid {
		t.Errorf("the identity %q became %q", uuid, vm.Spec.Template.Spec.Domain.Firmware.UUID)
	}
	s.reconcile()
	s.seen()
	for i, name := range []string{"pool-2", "pool-0", "pool-1"} {
		if i == 0 {
			s.reconcile("DELETE vmi")
		} else {
			s.reconcile("DELETE vmi", "PATCH pool status")
		}
		s.wantEvents("Normal SuccessfulUpdate")
		if s.vmi(name).DeletionTimestamp.IsZero() {
			t.Fatalf("%s was not restarted", name)
		}
		s.report(name, func(status *v1.VirtualMachineStatus) { status.Ready = false })
		s.reconcile("PATCH pool status")
		s.wantStatus(3, 2)
		if n := len(s.revisions()); n != 2 {
			t.Fatalf("%d revisions", n)
		}
		s.rebooted(name)
	}
	s.reconcile("DELETE revision", "PATCH pool status")
	s.wantStatus(3, 3)
	s.reconcile()
}

// A new template replaces one that does not work, whatever may be unavailable.
func TestUpdateOfWhatIsNotReady(t *testing.T) {
	s := newSuite(t, 2, atMost("1"))
	s.reconcile("POST revision", "2*POST vm", "PATCH pool status")
	s.boot("node01", "pool-0", "pool-1")
	for _, name := range []string{"pool-0", "pool-1"} {
		s.report(name, func(status *v1.VirtualMachineStatus) { status.Ready = false })
	}
	s.change(cores(2))
	s.reconcile("POST revision", "2*PATCH vm")
	s.seen()
	s.reconcile("2*DELETE vmi")
}

// An instance that has changed since the cache has shown it is not ended.
func TestRestartOnAnOldView(t *testing.T) {
	s := newSuite(t, 1)
	s.reconcile("POST revision", "POST vm", "PATCH pool status")
	s.boot("node01", "pool-0")
	seen := &machine{vm: s.vm("pool-0"), vmi: s.vmi("pool-0")}
	released := s.vmi("pool-0")
	released.OwnerReferences = nil
	if err := cluster.Client.Update(s.ctx, released); err != nil {
		t.Fatal(err)
	}
	current := &revision{ControllerRevision: &s.revisions()[0]}
	if err := s.r.restartOne(s.ctx, &scope{pool: s.pool(), current: current}, seen); !apierrors.IsConflict(err) {
		t.Errorf("error %v, want a conflict", err)
	}
	if !s.vmi("pool-0").DeletionTimestamp.IsZero() {
		t.Error("it was ended")
	}
}

// Without a limit all are restarted at once.
func TestUpdateAtOnce(t *testing.T) {
	s := newSuite(t, 2)
	s.reconcile("POST revision", "2*POST vm", "PATCH pool status")
	s.boot("node01", "pool-0", "pool-1")
	s.reconcile("PATCH pool status")
	s.change(cores(2))
	s.reconcile("POST revision", "2*PATCH vm")
	s.seen()
	s.reconcile("2*DELETE vmi")
}

// A machine that would not come back by itself is asked to.
func TestRestartByRequest(t *testing.T) {
	s := newSuite(t, 1, func(pool *poolv1beta1.VirtualMachinePool) {
		manual := v1.RunStrategyManual
		pool.Spec.VirtualMachineTemplate.Spec.RunStrategy = &manual
	})
	s.reconcile("POST revision", "POST vm", "PATCH pool status")
	s.boot("node01", "pool-0")
	s.reconcile("PATCH pool status")
	s.change(cores(2))
	s.reconcile("POST revision", "PATCH vm")
	s.seen()
	s.reconcile("PATCH vm status")
	requests := s.vm("pool-0").Status.StateChangeRequests
	if len(requests) != 2 || requests[0].Action != v1.StateChangeRequestActionStop || *requests[0].UID != s.vmi("pool-0").UID ||
		requests[1].Action != v1.StateChangeRequestActionStart {
		t.Fatalf("requests: %+v", requests)
	}
	s.reconcile()
	s.rebooted("pool-0")
	s.reconcile("DELETE revision")
}

// Guests keep what they run until somebody restarts them.
func TestOpportunisticUpdate(t *testing.T) {
	s := newSuite(t, 2, strategy(poolv1beta1.VirtualMachinePoolUpdateStrategy{Opportunistic: &poolv1beta1.VirtualMachineOpportunisticUpdateStrategy{}}))
	s.reconcile("POST revision", "2*POST vm", "PATCH pool status")
	s.boot("node01", "pool-0", "pool-1")
	s.reconcile("PATCH pool status")
	s.write("pool-1", func(vm *v1.VirtualMachine) {
		halted := v1.RunStrategyHalted
		vm.Spec.RunStrategy = &halted
	})
	s.change(cores(2))
	s.reconcile("POST revision", "2*PATCH vm")
	s.seen()
	s.reconcile()
	if got := *s.vm("pool-1").Spec.RunStrategy; got != v1.RunStrategyHalted {
		t.Errorf("what was stopped is %s", got)
	}
	s.rebooted("pool-0")
	s.reconcile()
	s.rebooted("pool-1")
	s.reconcile("DELETE revision")
}

// Machines keep what they have; new ones are made from the new template.
func TestUnmanagedUpdate(t *testing.T) {
	s := newSuite(t, 1, strategy(poolv1beta1.VirtualMachinePoolUpdateStrategy{Unmanaged: &poolv1beta1.VirtualMachinePoolUnmanagedStrategy{}}))
	s.reconcile("POST revision", "POST vm", "PATCH pool status")
	s.change(cores(2))
	s.reconcile("POST revision")
	s.scaleTo(2)
	s.reconcile("POST vm", "PATCH pool status")
	if s.vm("pool-0").Spec.Template.Spec.Domain.CPU != nil || s.vm("pool-1").Spec.Template.Spec.Domain.CPU.Cores != 2 {
		t.Error("want one core and two")
	}
	if n := len(s.revisions()); n != 2 {
		t.Errorf("%d revisions", n)
	}
	s.reconcile()
}

// What does not reach the guest restarts nothing, and what is no part of the
// template makes no revision. A template that comes back is the one it was.
func TestRevisions(t *testing.T) {
	s := newSuite(t, 1)
	s.reconcile("POST revision", "POST vm", "PATCH pool status")
	s.boot("node01", "pool-0")
	s.reconcile("PATCH pool status")
	first := s.vm("pool-0").Labels[v1.LabelPoolRevisionName]
	s.change(atMost("1"))
	s.reconcile()
	note := func(text string) change {
		return func(pool *poolv1beta1.VirtualMachinePool) {
			pool.Spec.VirtualMachineTemplate.Metadata.Annotations["note"] = text
		}
	}
	s.change(note("z"))
	s.reconcile("POST revision", "PATCH vm")
	if vm := s.vm("pool-0"); vm.Annotations["note"] != "z" || vm.Labels[v1.LabelPoolRevisionName] == first {
		t.Errorf("annotations %v, labels %v", vm.Annotations, vm.Labels)
	}
	s.seen()
	s.reconcile()
	s.change(note("y"))
	s.reconcile("PATCH vm", "DELETE revision")
	if vm := s.vm("pool-0"); vm.Labels[v1.LabelPoolRevisionName] != first || len(s.revisions()) != 1 {
		t.Errorf("labels %v, %d revisions", vm.Labels, len(s.revisions()))
	}
	s.seen()
	s.reconcile()
}
