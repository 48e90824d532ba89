package vmi

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const (
	// launcherExit is how long a launcher may outlive its guest before its pod is deleted: it needs moments, and
	// after that it is stuck.
	launcherExit = 30 * time.Second
	// podGraceMargin is what a pod's grace period leaves beyond the guest's for the launcher's own end.
	podGraceMargin = 30
)

// deletePods ends the launcher pods of an instance that is being deleted, and of
// one that has ended without its launcher noticing. The kubelet's SIGTERM lets the
// launcher shut the guest down.
func (r *Reconciler) deletePods(ctx context.Context, s *scope) (ctrl.Result, error) {
	if wait, due := deletionDue(s); !due {
		return ctrl.Result{RequeueAfter: wait}, nil
	}
	for i := range s.pods {
		if err := r.deletePod(ctx, s, &s.pods[i]); err != nil {
			return ctrl.Result{}, err
		}
	}
	return ctrl.Result{}, nil
}

func (r *Reconciler) deletePod(ctx context.Context, s *scope, pod *corev1.Pod) error {
	if !pod.DeletionTimestamp.IsZero() || r.writes.Behind(s.key(), pod) {
		return nil
	}
	options := []client.DeleteOption{client.Preconditions{UID: &pod.UID}}
	if grace, shorter := shorterGrace(s.vmi, pod); shorter {
		options = append(options, client.GracePeriodSeconds(grace))
	}
	if err := client.IgnoreNotFound(r.Delete(ctx, pod, options...)); err != nil {
		r.Events.Emit(s.vmi, podNotDeleted(pod.Name, err))
		return fmt.Errorf("deleting launcher pod %s: %w", pod.Name, err)
	}
	r.writes.Await(s.key(), pod)
	r.Events.Emit(s.vmi, podDeleted(pod.Name))
	return nil
}

// forgetGone drops what was remembered of deleted pods that the cache shows no more.
func (r *Reconciler) forgetGone(s *scope) {
	var present []types.UID
	for i := range s.pods {
		present = append(present, s.pods[i].UID)
	}
	r.writes.Gone(s.key(), present...)
}

// deletionDue reports whether the pods are to go now; otherwise, when to look
// again, 0 for not at all.
func deletionDue(s *scope) (time.Duration, bool) {
	if !s.vmi.DeletionTimestamp.IsZero() {
		return 0, true
	}
	if !s.vmi.IsFinal() || s.pod == nil || ended(s.pod) {
		return 0, false
	}
	for _, t := range s.vmi.Status.PhaseTransitionTimestamps {
		if t.Phase == s.vmi.Status.Phase {
			wait := t.PhaseTransitionTimestamp.Add(launcherExit).Sub(s.now)
			return max(wait, 0), wait <= 0
		}
	}
	return 0, true
}

// shorterGrace returns the grace period that the instance asks for by now, if the
// pod was made with a longer one.
func shorterGrace(vmi *v1.VirtualMachineInstance, pod *corev1.Pod) (int64, bool) {
	wanted, made := vmi.Spec.TerminationGracePeriodSeconds, pod.Spec.TerminationGracePeriodSeconds
	if wanted == nil || made == nil || *wanted+podGraceMargin >= *made {
		return 0, false
	}
	return *wanted + podGraceMargin, true
}
