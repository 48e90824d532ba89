//go:build envtest

package vm

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/condition"
	"kubevirt.io/kubevirt/test/builder"
)

// What keeps a machine from running is told in the very write that tells of the state,
// and is gone with it; a machine that is well has no such condition at any time.
func TestImpeded(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways, builder.Claim("root", "root"))
	s.reconcile("POST revision", "POST vmi", "PATCH vm status")
	s.wantCondition(v1.ConditionImpeded, "")
	says := func(t v1.ConditionType, reason, message string) func(*v1.VirtualMachineInstance) {
		return func(vmi *v1.VirtualMachineInstance) {
			condition.Set(&vmi.Status.Conditions, v1.Condition{Type: t, Status: corev1.ConditionFalse, Reason: reason, Message: message},
				s.clock.Now())
		}
	}
	for _, stage := range []struct {
		change func(*v1.VirtualMachineInstance)
		want   string
	}{
		{says(v1.ConditionSynchronized, v1.ReasonFailedPvcNotFound, "PersistentVolumeClaim root not found, waiting for it"),
			"True " + v1.CauseClaimNotFound},
		{says(v1.ConditionSynchronized, v1.ReasonFailedCreate, `pods "a" is forbidden: exceeded quota: small, requested: pods=1`),
			"True " + v1.CauseQuotaExceeded},
		{func(vmi *v1.VirtualMachineInstance) {
			condition.Remove(&vmi.Status.Conditions, v1.ConditionSynchronized)
			s.reached(v1.VMIPhaseScheduling)(vmi)
		}, ""},
		{says(v1.ConditionPodScheduled, v1.ReasonUnschedulable, "0/2 nodes are available: 2 Insufficient memory."),
			"True " + v1.CauseInsufficientMemory},
		{func(vmi *v1.VirtualMachineInstance) {
			condition.Remove(&vmi.Status.Conditions, v1.ConditionPodScheduled)
			s.reached(v1.VMIPhaseScheduled, v1.VMIPhaseRunning)(vmi)
			ready(vmi)
		}, ""},
		{func(vmi *v1.VirtualMachineInstance) {
			condition.True(&vmi.Status.Conditions, v1.ConditionPaused, v1.ReasonPausedIOError, "a disk is full", s.clock.Now())
		}, "True " + v1.CauseGuestPausedByIOError},
	} {
		s.report(stage.change)
		s.reconcile("PATCH vm status")
		s.wantCondition(v1.ConditionImpeded, stage.want)
		s.reconcile()
	}
	s.change(func(vm *v1.VirtualMachine) { *vm.Spec.RunStrategy = v1.RunStrategyHalted })
	s.reconcile("DELETE vmi", "PATCH vm status")
	s.wantCondition(v1.ConditionImpeded, "")
}

// A crash loop is told from the first failure until the guest runs, whatever a try in
// between looks like.
func TestImpededByACrashLoop(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways)
	s.reconcile("POST revision", "POST vmi", "PATCH vm status")
	for count := 1; count <= 2; count++ {
		s.wantCondition(v1.ConditionImpeded, map[int]string{2: "True " + v1.CauseCrashLoop}[count])
		s.crash(count, delayAfter(count, 0)) // up to the next try
	}
	s.wantCondition(v1.ConditionImpeded, "True "+v1.CauseCrashLoop)
	s.report(s.reached(v1.VMIPhaseScheduling, v1.VMIPhaseScheduled))
	s.reconcile()
	s.wantCondition(v1.ConditionImpeded, "True "+v1.CauseCrashLoop)
	s.report(func(vmi *v1.VirtualMachineInstance) {
		s.reached(v1.VMIPhaseRunning)(vmi)
		ready(vmi)
	})
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusRunning, true, true)
	s.wantCondition(v1.ConditionImpeded, "")
}

// What a data volume could not be filled for is another with every try.
func TestImpededByADataVolume(t *testing.T) {
	said := map[string]bool{}
	for _, status := range []cdiv1beta1.DataVolumeStatus{
		{Phase: cdiv1beta1.DataVolumeFailed},
		trying("Unable to connect: 10.0.0.1"), trying("Unable to connect: 10.0.0.2"),
	} {
		s := &scope{vm: builder.VM("ns", "machine", v1.RunStrategyAlways), situation: situation{strategy: v1.RunStrategyAlways}}
		s.vm.Spec.DataVolumeTemplates = []v1.DataVolumeTemplateSpec{{}}
		s.vm.Spec.DataVolumeTemplates[0].Metadata.Name = "root"
		volume := &cdiv1beta1.DataVolume{Status: status}
		volume.Name = "root"
		s.storage.note(volume)
		setImpeded(s)
		c := s.vm.Condition(v1.ConditionImpeded)
		if c == nil || c.Reason != v1.CauseDataVolumeFailed {
			t.Fatalf("condition %+v", c)
		}
		said[c.Message] = true
	}
	if len(said) != 1 {
		t.Errorf("messages %v", said)
	}
}

func trying(message string) cdiv1beta1.DataVolumeStatus {
	return cdiv1beta1.DataVolumeStatus{Phase: cdiv1beta1.DataVolumeImportInProgress, Conditions: []cdiv1beta1.DataVolumeCondition{{
		Type: "Running", Status: corev1.ConditionFalse, Reason: "Error", Message: message,
	}}}
}
