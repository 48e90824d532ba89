package kubevirt

import (
	"context"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubevirt.io/kubevirt/internal/component"
)

// glance is how often pods are looked at while some of them are awaited. They are
// not watched: that would keep all of them in memory for the rare update.
const glance = 2 * time.Second

// hold keeps the DaemonSet controller from replacing pods by itself while a
// DaemonSet's template is new, and finds out which of them are to be replaced now.
// It returns the objects as they are to be sent.
func (r *Reconciler) hold(ctx context.Context, s *scope, objects []component.Object) ([]component.Object, error) {
	objects = slices.Clone(objects)
	for i, object := range objects {
		set, ok := object.(*appsv1.DaemonSet)
		if !ok {
			continue
		}
		live, err := r.liveSet(ctx, set)
		if err != nil {
			return nil, err
		}
		if live == nil || set.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
			continue // Nothing there to be replaced, or the administrator does it himself.
		}
		known := rollout{set: set.DeepCopy(), now: s.now}
		known.set.Status = live.Status
		s.rolling = live.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType ||
			live.Spec.Template.Annotations[component.AnnotationTemplate] != set.Spec.Template.Annotations[component.AnnotationTemplate]
		if !s.rolling && (everywhere(live) || live.Status.ObservedGeneration < live.Generation) {
			continue
		}
		known.trusting = !s.rolling
		if known.pods, err = r.pods(ctx, set.Namespace, set.Spec.Selector.MatchLabels); err != nil {
			return nil, err
		}
		if known.lost, err = r.lostNodes(ctx, known.pods, s.now); err != nil {
			return nil, err
		}
		s.wave = new(known.next())
		s.wave.template = set.Spec.Template.Annotations[component.AnnotationTemplate]
		if s.rolling && s.wave.waiting != "" {
			objects[i] = manual(set)
		}
	}
	return objects, nil
}

// manual is a DaemonSet whose pods stay until somebody deletes them.
func manual(set *appsv1.DaemonSet) *appsv1.DaemonSet {
	held := set.DeepCopy()
	held.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}
	held.Annotations[component.AnnotationHash] += "-held"
	return held
}

// replace deletes the pods of the current wave, once the DaemonSet controller knows
// what to make instead, and nobody else has told it otherwise.
func (r *Reconciler) replace(ctx context.Context, s *scope) error {
	if s.wave == nil || !s.rolling {
		return nil
	}
	for _, object := range s.live {
		set, ok := object.(*appsv1.DaemonSet)
		if ok && (set.Status.ObservedGeneration < set.Generation || set.Spec.Template.Annotations[component.AnnotationTemplate] != s.wave.template) {
			return nil
		}
	}
	for _, pod := range s.wave.remove {
		uid := pod.UID
		err := r.Client.Delete(ctx, pod, client.Preconditions{UID: &uid})
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("replacing pod %s: %w", pod.Name, err)
		}
	}
	return nil
}

// liveSet is a DaemonSet as the cluster has it; nil without one.
func (r *Reconciler) liveSet(ctx context.Context, set *appsv1.DaemonSet) (*appsv1.DaemonSet, error) {
	live := &appsv1.DaemonSet{}
	err := r.Client.Get(ctx, client.ObjectKeyFromObject(set), live)
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("reading DaemonSet %s: %w", set.Name, err)
	}
	var cached client.Object
	if err == nil {
		cached = live
	}
	newest, _ := r.applied.newest(identify(set), cached)
	live, _ = newest.(*appsv1.DaemonSet)
	return live, nil
}

// pods of a workload. They are read past the cache, which has no pods, and so that
// a pod just deleted is seen as such.
func (r *Reconciler) pods(ctx context.Context, namespace string, labels map[string]string) ([]*corev1.Pod, error) {
	list := &corev1.PodList{}
	if err := r.Live.List(ctx, list, client.InNamespace(namespace), client.MatchingLabels(labels)); err != nil {
		return nil, fmt.Errorf("listing the pods with labels %v: %w", labels, err)
	}
	pods := make([]*corev1.Pod, 0, len(list.Items))
	for i := range list.Items {
		pods = append(pods, &list.Items[i])
	}
	return pods, nil
}

// lostNodes names those nodes of pods that do not answer. Only a pod that is not
// what it should be gives a reason to ask.
func (r *Reconciler) lostNodes(ctx context.Context, pods []*corev1.Pod, now time.Time) (map[string]bool, error) {
	lost, asked := map[string]bool{}, map[string]bool{}
	for _, pod := range pods {
		name := nodeOf(pod)
		if name == "" || asked[name] || !suspicious(pod, now) {
			continue
		}
		asked[name] = true
		node := &corev1.Node{}
		err := r.Live.Get(ctx, client.ObjectKey{Name: name}, node)
		if client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("reading node %s: %w", name, err)
		}
		if err != nil || !answers(node) {
			lost[name] = true
		}
	}
	return lost, nil
}

func answers(node *corev1.Node) bool {
	return slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

// inspect finds out why a Deployment does not become ready.
func (r *Reconciler) inspect(ctx context.Context, s *scope, objects []component.Object) error {
	if s.wave != nil && s.wave.trouble != nil {
		s.trouble = s.wave.trouble
		return nil
	}
	for _, object := range objects {
		wanted, ok := object.(*appsv1.Deployment)
		live, _ := s.live[identify(object)].(*appsv1.Deployment)
		if !ok || live == nil || rolledOut(live) {
			continue
		}
		pods, err := r.pods(ctx, wanted.Namespace, wanted.Spec.Selector.MatchLabels)
		if err != nil {
			return err
		}
		s.rolling = s.rolling || live.Status.UpdatedReplicas < live.Status.Replicas
		for _, pod := range pods {
			if pod.DeletionTimestamp != nil || !hasTemplate(pod, &wanted.Spec.Template) {
				continue
			}
			if t := troubleOf(pod, s.now); t != nil && (s.trouble == nil || t.what < s.trouble.what) {
				s.trouble = t
			}
		}
		if s.trouble != nil {
			return nil
		}
	}
	return nil
}
