package agent

import (
	"context"
	"fmt"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// hurry pulls the plug of a guest that is being deleted once its grace period has
// passed. The launcher does so by itself after the period that it was started
// with; here one that has been shortened since counts (virtctl stop --force).
func (r *Reconciler) hurry(ctx context.Context, s *scope) (ctrl.Result, error) {
	if s.vmi.DeletionTimestamp.IsZero() || s.guest.Launcher == nil || !alive(s.state) {
		return ctrl.Result{}, nil
	}
	if left := graceLeft(s.vmi, s.now); left > 0 {
		return ctrl.Result{RequeueAfter: left}, nil
	}
	call, cancel := context.WithTimeout(ctx, killTimeout)
	defer cancel()
	err := s.guest.Signal(call, protocol.Action_ACTION_KILL)
	if protocol.ReasonOf(err) == protocol.ReasonNotRunning {
		return ctrl.Result{}, nil // it has just ended
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("stopping a guest whose grace period is over: %w", err)
	}
	return ctrl.Result{}, nil
}

// graceLeft is the time a guest that is being deleted still has.
func graceLeft(vmi *v1.VirtualMachineInstance, now time.Time) time.Duration {
	return vmi.DeletionTimestamp.Add(time.Duration(vmi.GracePeriod()) * time.Second).Sub(now)
}
