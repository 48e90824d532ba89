//go:build envtest

package vm

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/condition"
	"kubevirt.io/kubevirt/test/builder"
)

// The words for people on a way with every obstacle that an instance can meet, in
// the order in which a real one meets them.
func TestPrintableStatusSequence(t *testing.T) {
	s := newSuite(t, v1.RunStrategyHalted, builder.Claim("root", "root"))
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusStopped, false, false)
	s.change(func(vm *v1.VirtualMachine) { *vm.Spec.RunStrategy = v1.RunStrategyAlways })
	s.reconcile("POST revision", "POST vmi", "PATCH vm status")
	says := func(t v1.ConditionType, status corev1.ConditionStatus, reason string) func(*v1.VirtualMachineInstance) {
		return func(vmi *v1.VirtualMachineInstance) {
			condition.Set(&vmi.Status.Conditions, v1.Condition{Type: t, Status: status, Reason: reason}, s.clock.Now())
		}
	}
	quiet := func(t v1.ConditionType) func(*v1.VirtualMachineInstance) {
		return func(vmi *v1.VirtualMachineInstance) { condition.Remove(&vmi.Status.Conditions, t) }
	}
	for _, stage := range []struct {
		change func(*v1.VirtualMachineInstance)
		claim  corev1.PersistentVolumeClaimPhase
		want   v1.VirtualMachinePrintableStatus
	}{
		{change: says(v1.ConditionSynchronized, "False", v1.ReasonFailedPvcNotFound), want: v1.PrintableStatusErrorPvcNotFound},
		{change: quiet(v1.ConditionSynchronized), claim: corev1.ClaimPending, want: v1.PrintableStatusWaitingForVolumeBinding},
		{change: s.reached(v1.VMIPhaseScheduling), claim: corev1.ClaimBound, want: v1.PrintableStatusStarting},
		{change: says(v1.ConditionPodScheduled, "False", v1.ReasonUnschedulable), want: v1.PrintableStatusErrorUnschedulable},
		{change: quiet(v1.ConditionPodScheduled), want: v1.PrintableStatusStarting},
		{change: says(v1.ConditionSynchronized, "False", v1.ReasonErrImagePull), want: v1.PrintableStatusErrImagePull},
		{change: says(v1.ConditionSynchronized, "False", v1.ReasonImagePullBackOff), want: v1.PrintableStatusImagePullBackOff},
		{change: quiet(v1.ConditionSynchronized), want: v1.PrintableStatusStarting},
		{change: s.reached(v1.VMIPhaseScheduled, v1.VMIPhaseRunning), want: v1.PrintableStatusRunning},
		{change: says(v1.ConditionPaused, "True", v1.ReasonPausedByUser), want: v1.PrintableStatusPaused},
		{change: quiet(v1.ConditionPaused), want: v1.PrintableStatusRunning},
		{change: func(vmi *v1.VirtualMachineInstance) {
			now := metav1.NewTime(s.clock.Now())
			vmi.Status.MigrationState = &v1.VirtualMachineInstanceMigrationState{StartTimestamp: &now}
		}, want: v1.PrintableStatusMigrating},
		{change: func(vmi *v1.VirtualMachineInstance) { vmi.Status.MigrationState = nil }, want: v1.PrintableStatusRunning},
		{change: func(vmi *v1.VirtualMachineInstance) { vmi.Status.Phase = v1.VMIPhaseUnknown }, want: v1.PrintableStatusUnknown},
		{change: func(vmi *v1.VirtualMachineInstance) { vmi.Status.Phase = v1.VMIPhaseRunning }, want: v1.PrintableStatusRunning},
	} {
		if stage.claim != "" {
			s.claim("root", stage.claim)
		}
		s.report(stage.change)
		if _, err := s.tryReconcile(); err != nil {
			t.Fatal(err)
		}
		s.wantStatus(stage.want, true, false)
		s.requests.Take()
	}
	s.change(func(vm *v1.VirtualMachine) { *vm.Spec.RunStrategy = v1.RunStrategyHalted })
	s.reconcile("DELETE vmi", "PATCH vm status")
	s.wantStatus(v1.PrintableStatusStopping, true, false)
	s.released()
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusStopped, false, false)
	if err := cluster.Client.Delete(s.ctx, s.vm()); err != nil {
		t.Fatal(err)
	}
	s.reconcile("PATCH vm")
}
