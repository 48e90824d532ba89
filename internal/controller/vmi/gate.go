package vmi

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// openGate keeps the launcher pod's readiness gate: open while the guest runs,
// closed while it is paused.
func (r *Reconciler) openGate(ctx context.Context, s *scope) (ctrl.Result, error) {
	wanted, write := gateFor(s)
	if !write || r.writes.Behind(s.key(), s.pod) {
		return ctrl.Result{}, nil
	}
	change := map[string]any{"status": map[string]any{"conditions": []corev1.PodCondition{{
		Type: v1.ConditionVirtualMachineUnpaused, Status: wanted, LastTransitionTime: metav1.NewTime(s.now),
	}}}}
	data, err := json.Marshal(change)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("encoding the readiness gate: %w", err)
	}
	pod := s.pod.DeepCopy()
	err = r.Status().Patch(ctx, pod, client.RawPatch(types.StrategicMergePatchType, data))
	if client.IgnoreNotFound(err) != nil {
		return ctrl.Result{}, fmt.Errorf("setting the readiness gate of pod %s: %w", pod.Name, err)
	}
	if err == nil {
		r.writes.Note(s.key(), pod)
	}
	return ctrl.Result{}, nil
}

// gateFor returns the state of the gate and whether it has to be written. A gate
// that was never opened counts as closed.
func gateFor(s *scope) (corev1.ConditionStatus, bool) {
	if s.pod == nil || !s.vmi.IsRunning() || !s.pod.DeletionTimestamp.IsZero() || ended(s.pod) {
		return "", false
	}
	wanted := corev1.ConditionTrue
	if s.vmi.IsPaused() {
		wanted = corev1.ConditionFalse
	}
	have := corev1.ConditionFalse
	if c := podCondition(s.pod, v1.ConditionVirtualMachineUnpaused); c != nil {
		have = c.Status
	}
	return wanted, have != wanted
}
