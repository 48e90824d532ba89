package workload

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// evict shuts the next batch of outdated guests down, if the KubeVirt object asks
// for that. Disruption budgets and eviction strategies are the API server's and
// virt-api's to apply, as with any eviction.
func (r *Reconciler) evict(ctx context.Context, s *scope) (ctrl.Result, error) {
	strategy := &s.kv.Spec.WorkloadUpdateStrategy
	if !settled(s.kv) || len(s.outdated) == 0 || !slices.Contains(strategy.WorkloadUpdateMethods, v1.WorkloadUpdateMethodEvict) {
		return ctrl.Result{}, nil
	}
	pods := &corev1.PodList{}
	err := r.List(ctx, pods, client.UnsafeDisableDeepCopy, client.MatchingLabels{v1.LabelComponent: v1.LauncherPod})
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("listing the launcher pods: %w", err)
	}
	pace := paceOf(strategy)
	if r.last.IsZero() {
		r.last = lastBatch(s.instances, s.isOutdated, pods.Items, pace, s.now)
	}
	batch, wait := next(r.guests(s, pods.Items), pace, r.last, s.now)
	if len(batch) > 0 {
		r.last = s.now
	}
	for _, g := range batch {
		refused, err := r.evictGuest(ctx, g, s.now)
		if err != nil {
			return ctrl.Result{}, err
		}
		if refused {
			wait = pace.interval
		}
	}
	return ctrl.Result{RequeueAfter: wait}, nil
}

// evictGuest asks for the eviction of one guest's launcher, with the grace period
// that is the launcher's own. A refusal is told once.
func (r *Reconciler) evictGuest(ctx context.Context, g guest, now time.Time) (refused bool, err error) {
	uid := g.pod.UID
	err = r.SubResource("eviction").Create(ctx, g.pod, &policyv1.Eviction{
		ObjectMeta:    metav1.ObjectMeta{Namespace: g.pod.Namespace, Name: g.pod.Name},
		DeleteOptions: &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}},
	})
	switch {
	case err == nil:
		if r.evicted == nil {
			r.evicted = map[types.UID]bool{}
		}
		r.evicted[g.vmi.UID] = true
		r.Events.Emit(g.vmi, podEvicted(g.pod.Name))
		return false, nil
	case apierrors.IsNotFound(err), apierrors.IsConflict(err):
		// This launcher is gone, and the cache is about to say so.
		return false, nil
	case ctx.Err() != nil:
		return false, fmt.Errorf("evicting pod %s/%s: %w", g.pod.Namespace, g.pod.Name, err)
	}
	if g.refused.IsZero() {
		r.Events.Emit(g.vmi, podNotEvicted(g.pod.Name, err))
	}
	if r.refused == nil {
		r.refused = map[types.UID]time.Time{}
	}
	r.refused[g.vmi.UID] = now
	return true, nil
}

// guests returns the outdated guests that have a launcher to evict.
func (r *Reconciler) guests(s *scope, pods []corev1.Pod) []guest {
	byInstance := map[types.UID][]*corev1.Pod{}
	for i := range pods {
		uid := types.UID(pods[i].Labels[v1.LabelCreatedBy])
		byInstance[uid] = append(byInstance[uid], &pods[i])
	}
	var guests []guest
	for _, vmi := range s.outdated {
		pod := launcherOf(vmi, byInstance[vmi.UID], r.LauncherImage)
		if pod == nil {
			continue
		}
		guests = append(guests, guest{
			vmi: vmi, pod: pod,
			going:   r.evicted[vmi.UID] || !pod.DeletionTimestamp.IsZero(),
			stays:   beyondEviction(vmi),
			refused: r.refused[vmi.UID],
		})
	}
	return guests
}

// launcherOf returns the pod in which a guest runs, nil if it is not an older one.
func launcherOf(vmi *v1.VirtualMachineInstance, pods []*corev1.Pod, image string) *corev1.Pod {
	for _, pod := range pods {
		older := func(c corev1.Container) bool { return c.Name == "compute" && askedFor(pod, c.Image) != image }
		ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		here := metav1.IsControlledBy(pod, vmi) && pod.Spec.NodeName == vmi.Status.NodeName
		if here && !ended && slices.ContainsFunc(pod.Spec.Containers, older) {
			return pod
		}
	}
	return nil
}
