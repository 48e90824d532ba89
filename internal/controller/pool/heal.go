package pool

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
)

// What the API promises for fields that are not set.
const (
	defaultFailureThreshold = 3
	defaultFailingDuration  = 5 * time.Minute
)

// heal removes machines that fail to start; they are replaced under their numbers
// once these are free. Their volumes go with them whatever scaling in keeps: a disk
// that does not boot would fail the replacement as well.
func (r *Reconciler) heal(ctx context.Context, s *scope) (ctrl.Result, error) {
	healing := s.pool.Spec.Autohealing
	if healing == nil || s.still() {
		return ctrl.Result{}, nil
	}
	var hopeless []*machine
	var wait time.Duration
	for _, m := range s.machines {
		heal, after := diagnose(m.vm, healing, s.now)
		switch {
		case heal:
			hopeless = append(hopeless, m)
		case after > 0 && (wait == 0 || after < wait):
			wait = after
		}
	}
	return ctrl.Result{RequeueAfter: wait}, r.remove(ctx, s, hopeless, false, machineReplaced)
}

// diagnose reports whether a machine is to be replaced, or else after how long that
// may be so, 0 when nothing points to it.
func diagnose(vm *v1.VirtualMachine, healing *poolv1beta1.VirtualMachinePoolAutohealingStrategy, now time.Time) (heal bool, after time.Duration) {
	threshold := int(ptr.Deref(healing.StartUpFailureThreshold, defaultFailureThreshold))
	if f := vm.Status.StartFailure; f == nil || f.ConsecutiveFailCount < threshold {
		return false, 0
	}
	least := defaultFailingDuration
	if d := healing.MinFailingToStartDuration; d != nil {
		least = d.Duration
	}
	since := vm.CreationTimestamp.Time
	if ready := vm.Condition(v1.ConditionReady); ready != nil {
		if ready.Status == corev1.ConditionTrue {
			return false, 0
		}
		since = ready.LastTransitionTime.Time
	}
	left := since.Add(least).Sub(now)
	return left <= 0, max(left, 0)
}
