//go:build envtest

package replicaset

import (
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/event"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/steps"
)

// A cache that does not show what was done makes nothing twice and removes nothing
// twice.
func TestStaleCache(t *testing.T) {
	s := newSuite(t, 2)
	s.freeze()
	s.reconcile("2*POST vmi", "PATCH set status")
	if wait := s.reconcile().RequeueAfter; wait < time.Minute {
		t.Errorf("looks again after %s", wait)
	}
	s.thaw()
	s.reconcile()
	s.scaleTo(1)
	s.freeze()
	s.reconcile("DELETE vmi", "PATCH set status")
	s.scaleTo(0)
	s.reconcile()
	s.thaw()
	s.reconcile("DELETE vmi", "PATCH set status")
	s.wantEvents("2*Normal SuccessfulCreate", "2*Normal SuccessfulDelete")
}

// An instance that was taken from the set since the cache has shown it is not
// removed, which is nothing to complain about.
func TestRemovalOnAnOldView(t *testing.T) {
	s := newSuite(t, 1)
	s.reconcile("POST vmi", "PATCH set status")
	s.wantEvents("Normal SuccessfulCreate")
	s.freeze()
	taken := s.all()[0]
	s.report(taken, func(vmi *v1.VirtualMachineInstance) { vmi.Labels["app"] = "debug" })
	s.scaleTo(0)
	if got := s.reconcile("DELETE vmi failed"); got != steps.Soon {
		t.Errorf("looks again: %+v", got)
	}
	s.wantEvents()
	s.wantCondition(v1.ConditionReplicaFailure, "")
	s.thaw()
	s.reconcile("PATCH vmi", "PATCH set status")
	if left := s.live(); len(left) != 1 || left[0].UID != taken.UID {
		t.Errorf("left: %v", left)
	}
}

// What the cache will never show is waited for in vain, but not for ever.
func TestInstanceThatCameAndWent(t *testing.T) {
	s := newSuite(t, 1)
	s.freeze()
	s.reconcile("POST vmi", "PATCH set status")
	lost := s.all()[0]
	if err := cluster.Client.Delete(s.ctx, lost); err != nil {
		t.Fatal(err)
	}
	s.released()
	s.thaw()
	wait := s.reconcile().RequeueAfter
	s.clock.SetTime(s.clock.Now().Add(wait))
	s.reconcile("POST vmi")
	// The watch tells sooner when it has seen the end.
	lost = s.all()[0]
	if err := cluster.Client.Delete(s.ctx, lost); err != nil {
		t.Fatal(err)
	}
	s.released()
	s.r.changes().Delete(event.DeleteEvent{Object: lost})
	s.reconcile("POST vmi")
}
