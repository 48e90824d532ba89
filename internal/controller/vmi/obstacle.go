package vmi

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/explain"
)

const (
	// patience is how long a node may take to bring volumes and network into a pod
	// before it is asked what it is about: the first attempt may well be too early.
	patience = 15 * time.Second
	// seldom is how often it is asked at last about a pod that has waited for long. Nobody
	// tells this controller of the kubelet's events.
	seldom = 5 * time.Minute
	// timely is the age up to which such an event tells of the present.
	timely = 5 * time.Minute
)

// findObstacle says what keeps the containers of a launcher pod from being started. A
// missing image is in the pod's status. A missing Secret or ConfigMap, a volume that
// cannot be mounted and a network that cannot be set up are only in the kubelet's events.
func (r *Reconciler) findObstacle(ctx context.Context, s *scope) (ctrl.Result, error) {
	pod := s.first()
	if s.failure != nil || pod == nil || pod.Status.Phase != corev1.PodPending || !pod.DeletionTimestamp.IsZero() ||
		!s.vmi.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	if f := containerFailure(pod); f != nil {
		r.obstruct(s, *f)
		return ctrl.Result{}, nil
	}
	since, waits := waitsForNode(pod)
	if !waits {
		return ctrl.Result{}, nil
	}
	age := s.now.Sub(since)
	if age < patience {
		return ctrl.Result{RequeueAfter: patience - age}, nil
	}
	events, err := r.events.of(ctx, r.Live, pod, s.now)
	if err != nil {
		return ctrl.Result{}, err
	}
	if f := nodeFailure(events, s.now); f != nil {
		r.obstruct(s, *f)
	}
	return ctrl.Result{RequeueAfter: askAgain(age)}, nil
}

// askAgain is the wait before the node of a pod of an age is asked again. It doubles.
func askAgain(age time.Duration) time.Duration { return min(max(age, patience), seldom) }

// obstruct reports what the kubelet fails at, once.
func (r *Reconciler) obstruct(s *scope, f failure) {
	present := s.vmi.Condition(v1.ConditionSynchronized)
	if present == nil || !retold(present, f) {
		r.failAs(s, f, podObstructed(f))
		return
	}
	if present.Reason == f.reason {
		f.message = present.Message
	}
	s.failure = &f
}

// retold reports whether the kubelet fails at what is reported already. It finds other
// words for it each time, and goes back and forth between trying and waiting.
func retold(present *v1.Condition, f failure) bool {
	ours := strings.HasPrefix(present.Message, notFound) || strings.HasPrefix(f.message, notFound)
	return isPull(present.Reason) && isPull(f.reason) || present.Reason == f.reason && !ours
}

// waitsForNode reports since when a pod's node has been busy with its volumes and its
// network, and false when it is not: then images are pulled and containers started.
func waitsForNode(pod *corev1.Pod) (time.Time, bool) {
	scheduled, ready := podCondition(pod, corev1.PodScheduled), podCondition(pod, corev1.PodReadyToStartContainers)
	if scheduled == nil || scheduled.Status != corev1.ConditionTrue || ready != nil && ready.Status == corev1.ConditionTrue {
		return time.Time{}, false
	}
	return scheduled.LastTransitionTime.Time, true
}

// Reasons of the kubelet's for a container that cannot be started and is tried again.
var containerReasons = []string{
	v1.ReasonErrImagePull, v1.ReasonImagePullBackOff, "InvalidImageName", "ErrImageNeverPull",
	"CreateContainerConfigError", "CreateContainerError",
}

func isPull(reason string) bool {
	return reason == v1.ReasonErrImagePull || reason == v1.ReasonImagePullBackOff
}

func containerFailure(pod *corev1.Pod) *failure {
	for _, list := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for _, c := range list {
			if w := c.State.Waiting; w != nil && slices.Contains(containerReasons, w.Reason) {
				return &failure{w.Reason, w.Message}
			}
		}
	}
	return nil
}

// The kubelet's events about what it does before it starts containers, the most telling first.
const (
	failedMount   = "FailedMount"
	failedMap     = "FailedMapVolume"
	failedAttach  = "FailedAttachVolume"
	failedSandbox = "FailedCreatePodSandBox"
)

// obstacles are the events that tell of one.
var obstacles = []string{failedMount, failedMap, failedAttach, failedSandbox}

// notFound begins what is said of missing Secrets and ConfigMaps.
const notFound = "Not found, waiting for it: "

var missingObject = regexp.MustCompile(`(?i)\b(secret|configmap)s? "([^"]+)" not found`)

// nodeFailure is what the kubelet's events say that it fails at, nil if they say nothing.
func nodeFailure(events []corev1.Event, now time.Time) *failure {
	newest := map[string]*corev1.Event{}
	var missing []string
	for i := range events {
		e := &events[i]
		if now.Sub(explain.LastSeen(e)) > timely {
			continue
		}
		if match := missingObject.FindStringSubmatch(e.Message); match != nil && e.Reason == failedMount {
			missing = append(missing, strings.ToLower(match[1])+" "+match[2])
		}
		if known := newest[e.Reason]; known == nil || explain.LastSeen(known).Before(explain.LastSeen(e)) {
			newest[e.Reason] = e
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		list := strings.Join(slices.Compact(missing), ", ")
		return &failure{failedMount, notFound + list + "; create it, or correct the volume that names it"}
	}
	for _, reason := range obstacles {
		if e := newest[reason]; e != nil {
			return &failure{reason, e.Message}
		}
	}
	return nil
}
