package kubevirt

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"kubevirt.io/kubevirt/internal/component"
)

// wave is what to do next to bring a DaemonSet's pods to its template.
type wave struct {
	// remove are the pods to be replaced now.
	remove []*corev1.Pod
	// waiting says what is awaited; empty once every node that can be reached is done.
	waiting string
	// trouble is why nothing more is replaced.
	trouble *trouble
}

// rollout is what one knows of a DaemonSet whose pods are replaced by this operator.
//
// The DaemonSet controller's own rolling update is not enough of a canary: a pod
// that serves for a moment counts, old pods that are not ready are all replaced at
// once, and a node that is down uses up the one pod that may be away, for ever.
type rollout struct {
	// set as it is wanted, with the status it has.
	set *appsv1.DaemonSet
	// pods of it, of whatever template.
	pods []*corev1.Pod
	// lost names nodes that do not answer. Their pods neither count nor are waited for.
	lost map[string]bool
	now  time.Time
	// trusting takes a pod's first readiness for good: nothing is replaced that works.
	trusting bool
}

// next is the next wave: one pod, then as many at a time as the DaemonSet says.
func (r rollout) next() wave {
	var (
		updated, away int
		old           []*corev1.Pod
		nodes         = map[string]bool{}
		w             wave
	)
	for _, pod := range r.pods {
		node := nodeOf(pod)
		nodes[node] = true
		switch {
		case r.lost[node]:
		case !pod.DeletionTimestamp.IsZero():
			away++
		case !hasTemplate(pod, &r.set.Spec.Template):
			old = append(old, pod)
		case r.good(pod):
			updated++
		default:
			away++
			if t := troubleOf(pod, r.now); t != nil && (w.trouble == nil || t.what < w.trouble.what) {
				w.trouble = t
			}
		}
	}
	desired := int(r.set.Status.DesiredNumberScheduled)
	away += max(0, desired-len(nodes))
	if len(old) == 0 && away <= mayBeAway(r.set, false) {
		return wave{}
	}
	w.waiting = r.describe(updated, desired)
	limit := 1
	if updated > 0 {
		limit = max(1, mayBeAway(r.set, true))
	}
	room := min(limit-away, len(old))
	if room <= 0 {
		return w
	}
	// What a former, unfinished update broke has nothing to lose. Where a pod fails
	// that works elsewhere, it is the node's fault, and the next one would fail as
	// well: those come last, with those of which nothing is known.
	works := map[string]bool{}
	for _, pod := range old {
		if isReady(pod) {
			works[pod.Annotations[component.AnnotationTemplate]] = true
		}
	}
	rank := func(pod *corev1.Pod) int {
		switch {
		case troubleOf(pod, r.now) != nil && !works[pod.Annotations[component.AnnotationTemplate]]:
			return 0
		case isReady(pod):
			return 1
		}
		return 2
	}
	slices.SortFunc(old, func(a, b *corev1.Pod) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(nodeOf(a), nodeOf(b)), cmp.Compare(a.Name, b.Name))
	})
	w.remove, w.trouble = old[:room], nil
	return w
}

func (r rollout) good(pod *corev1.Pod) bool {
	return proven(pod, r.now) || r.trusting && isReady(pod) && !fallen(pod)
}

func (r rollout) describe(updated, desired int) string {
	text := fmt.Sprintf("waiting for %s: %d of %d pods updated", r.set.Name, updated, desired)
	if len(r.lost) == 0 {
		return text
	}
	names := make([]string, 0, len(r.lost))
	for name := range r.lost {
		names = append(names, name)
	}
	slices.Sort(names)
	if most := 5; len(names) > most {
		names = append(names[:most], fmt.Sprintf("and %d more", len(names)-most))
	}
	return text + "; left out because they do not answer: " + strings.Join(names, ", ")
}

// mayBeAway is how many pods of a DaemonSet an update may have away at a time.
func mayBeAway(set *appsv1.DaemonSet, roundUp bool) int {
	update := set.Spec.UpdateStrategy.RollingUpdate
	if update == nil || update.MaxUnavailable == nil {
		return 0
	}
	n, err := intstr.GetScaledValueFromIntOrPercent(update.MaxUnavailable, int(set.Status.DesiredNumberScheduled), roundUp)
	if err != nil {
		return 0
	}
	return n
}

// hasTemplate tells whether a pod was made from a template.
func hasTemplate(pod *corev1.Pod, template *corev1.PodTemplateSpec) bool {
	return pod.Annotations[component.AnnotationTemplate] == template.Annotations[component.AnnotationTemplate]
}

// suspicious: a pod is in a state that a node which does not answer leaves it in.
func suspicious(pod *corev1.Pod, now time.Time) bool {
	const enough = 30 * time.Second
	if at := pod.DeletionTimestamp; at != nil {
		return now.Sub(at.Time) > enough
	}
	if c := readiness(pod); c != nil {
		return c.Status != corev1.ConditionTrue && now.Sub(c.LastTransitionTime.Time) > enough
	}
	return now.Sub(pod.CreationTimestamp.Time) > enough
}
