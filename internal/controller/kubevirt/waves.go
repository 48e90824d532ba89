package kubevirt

import (
	"cmp"
	"fmt"
	"maps"
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
	// template that the pods are to be made from.
	template string
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
	// lost names nodes that do not answer. Their pods neither count nor are waited for,
	// unless they are new: then they may be what the node does not answer for.
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
		isNew := hasTemplate(pod, &r.set.Spec.Template)
		switch {
		case r.lost[node] && (!isNew || !felled(pod)):
		case !pod.DeletionTimestamp.IsZero():
			away++
		case !isNew:
			old = append(old, pod)
		case r.good(pod):
			updated++
		default:
			away++
			if t := r.troubleOf(pod); t != nil && (w.trouble == nil || t.what < w.trouble.what) {
				w.trouble = t
			}
		}
	}
	old, left := r.queue(old, updated > 0)
	desired := int(r.set.Status.DesiredNumberScheduled)
	away += max(0, desired-len(nodes))
	if len(old) == 0 && away <= mayBeAway(r.set, false) {
		return wave{}
	}
	w.waiting = r.describe(updated, desired, left)
	limit := 1
	if updated > 0 {
		limit = max(1, mayBeAway(r.set, true))
	}
	room := min(limit-away, len(old))
	if room <= 0 {
		return w
	}
	w.remove, w.trouble = old[:room], nil
	return w
}

// queue returns the pods to be replaced in their order, and the nodes where they are
// left to the DaemonSet controller, which replaces what does not work when this is over.
// What a former, unfinished update broke comes first: it has nothing to lose. Where a
// pod fails that works elsewhere, the node is at fault, and its next pod would only halt
// the update. Those of which nothing is known come last.
func (r rollout) queue(old []*corev1.Pod, someUpdated bool) (list []*corev1.Pod, left map[string]bool) {
	template := func(pod *corev1.Pod) string { return pod.Annotations[component.AnnotationTemplate] }
	works := map[string]bool{}
	for _, pod := range old {
		if isReady(pod) {
			works[template(pod)] = true
		}
	}
	left = map[string]bool{}
	ranks := map[*corev1.Pod]int{}
	for _, pod := range old {
		fails := troubleOf(pod, r.now) != nil
		switch {
		case fails && (someUpdated || works[template(pod)]):
			left[nodeOf(pod)] = true
			continue
		case fails:
			ranks[pod] = 0
		case isReady(pod):
			ranks[pod] = 1
		default:
			ranks[pod] = 2
		}
		list = append(list, pod)
	}
	slices.SortFunc(list, func(a, b *corev1.Pod) int {
		return cmp.Or(cmp.Compare(ranks[a], ranks[b]), cmp.Compare(nodeOf(a), nodeOf(b)), cmp.Compare(a.Name, b.Name))
	})
	return list, left
}

// troubleOf is why a new pod does not come to work. One that has taken its node along
// is in the gravest of troubles.
func (r rollout) troubleOf(pod *corev1.Pod) *trouble {
	if node := nodeOf(pod); r.lost[node] {
		return &trouble{what: fmt.Sprintf("pod %s on node %s: the node does not answer since it got this pod", pod.Name, node)}
	}
	return troubleOf(pod, r.now)
}

func (r rollout) good(pod *corev1.Pod) bool {
	return proven(pod, r.now) || r.trusting && isReady(pod) && !fallen(pod)
}

func (r rollout) describe(updated, desired int, left map[string]bool) string {
	text := fmt.Sprintf("waiting for %s: %d of %d pods updated", r.set.Name, updated, desired)
	if len(r.lost) > 0 {
		text += "; left out because they do not answer: " + some(r.lost)
	}
	if len(left) > 0 {
		text += "; left for the end because they failed before: " + some(left)
	}
	return text
}

// some lists names, if they are not too many.
func some(set map[string]bool) string {
	names := slices.Sorted(maps.Keys(set))
	if most := 5; len(names) > most {
		names = append(names[:most], fmt.Sprintf("and %d more", len(names)-most))
	}
	return strings.Join(names, ", ")
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

// felled: a pod whose node does not answer was new when that began.
func felled(pod *corev1.Pod) bool {
	const young = 10 * time.Minute
	c := readiness(pod)
	return c == nil || c.Status != corev1.ConditionTrue && c.LastTransitionTime.Sub(pod.CreationTimestamp.Time) < young
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
