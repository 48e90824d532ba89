package explain

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/duration"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// How long something may take before it counts as a cause.
const (
	// settles is what the components need to react, and a retry to succeed.
	settles = 15 * time.Second
	// acts is what a controller or a scheduler needs on a busy day.
	acts = time.Minute
	// provisions is what a provisioner needs for a volume.
	provisions = time.Minute
	// fills is what filling a data volume may need without being remarkable.
	fills = 5 * time.Minute
	// pulls is the same for an image.
	pulls = 5 * time.Minute
	// launches is what a pod on a node needs, and the guest in it.
	launches = 2 * time.Minute
	// boots is what a guest needs from its start to being ready.
	boots = 5 * time.Minute
	// recent is the age up to which an event tells of the present: whoever fails tries again by then.
	recent = 5 * time.Minute
)

// view is the facts with what follows from them at once.
type view struct {
	Facts
	strategy v1.VirtualMachineRunStrategy
	// strategyErr is why there is no strategy.
	strategyErr error
	// spec is the instance's, or the one that the next instance gets.
	spec *v1.VirtualMachineInstanceSpec
	// pod is the launcher pod that counts, nil without one.
	pod *corev1.Pod
}

func newView(f Facts) *view {
	v := &view{Facts: f, spec: &v1.VirtualMachineInstanceSpec{}}
	v.strategy, v.strategyErr = f.VM.RunStrategy()
	switch {
	case f.VMI != nil:
		v.spec = &f.VMI.Spec
	case f.VM.Spec.Template != nil:
		v.spec = &f.VM.Spec.Template.Spec
	}
	for i := range f.Pods {
		if v.pod == nil || better(&f.Pods[i], v.pod) {
			v.pod = &f.Pods[i]
		}
	}
	return v
}

// better prefers a pod that has not ended, and then the newer one.
func better(a, b *corev1.Pod) bool {
	if endedA, endedB := ended(a), ended(b); endedA != endedB {
		return endedB
	}
	return b.CreationTimestamp.Before(&a.CreationTimestamp)
}

func ended(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// leaving: the machine or its instance is being deleted.
func (v *view) leaving() bool {
	return !v.VM.DeletionTimestamp.IsZero() || v.VMI != nil && !v.VMI.DeletionTimestamp.IsZero()
}

func (v *view) runs() bool { return v.VMI != nil && v.VMI.IsRunning() }

// live: there is an instance that has not ended.
func (v *view) live() bool { return v.VMI != nil && !v.VMI.IsFinal() }

func (v *view) failed() bool { return v.VMI != nil && v.VMI.Status.Phase == v1.VMIPhaseFailed }

// startRequested: somebody has asked for a start that has not been carried out.
func (v *view) startRequested() bool {
	return slices.ContainsFunc(v.VM.Status.StateChangeRequests, func(r v1.VirtualMachineStateChangeRequest) bool {
		return r.Action == v1.StateChangeRequestActionStart
	})
}

// wanted: a guest is to run, or has failed in a way that somebody has to see to. The
// status names a strategy that starts only once when it has done so.
func (v *view) wanted() bool {
	had := v.VM.Status.RunStrategy == v.strategy
	switch {
	case v.strategyErr != nil:
		return true
	case v.strategy == v1.RunStrategyHalted:
		return v.startRequested()
	case v.live(), v.failed(), v.startRequested():
		return true
	case v.VMI != nil: // the guest has shut down
		return false
	}
	switch v.strategy {
	case v1.RunStrategyAlways, v1.RunStrategyWaitAsReceiver:
		return true
	case v1.RunStrategyRerunOnFailure, v1.RunStrategyOnce:
		return !had
	}
	return false
}

// late reports whether something that began at a time has lasted longer than it may.
func (v *view) late(since time.Time, patience time.Duration) bool {
	return !v.Now.IsZero() && !since.IsZero() && v.Now.Sub(since) > patience
}

// ago says for how long something has lasted.
func (v *view) ago(since time.Time) string { return duration.HumanDuration(v.Now.Sub(since)) }

// since is when the instance entered a phase; zero if it has not.
func (v *view) since(phase v1.VirtualMachineInstancePhase) time.Time {
	if v.VMI != nil {
		for _, t := range v.VMI.Status.PhaseTransitionTimestamps {
			if t.Phase == phase {
				return t.PhaseTransitionTimestamp.Time
			}
		}
	}
	return time.Time{}
}

// condition returns the instance's condition of a type if its status is False.
func (v *view) untrue(t v1.ConditionType) *v1.Condition {
	if v.VMI == nil {
		return nil
	}
	if c := v.VMI.Condition(t); c != nil && c.Status == corev1.ConditionFalse {
		return c
	}
	return nil
}

// event returns the newest event about an object for one of the reasons, nil without one.
func (v *view) event(about types.UID, reasons ...string) *corev1.Event {
	var newest *corev1.Event
	for i := range v.Events {
		e := &v.Events[i]
		if about != "" && e.InvolvedObject.UID == about && slices.Contains(reasons, e.Reason) &&
			(newest == nil || LastSeen(newest).Before(LastSeen(e))) {
			newest = e
		}
	}
	return newest
}

// freshEvent is event for what goes on: it must have been seen lately.
func (v *view) freshEvent(about types.UID, reasons ...string) *corev1.Event {
	if e := v.event(about, reasons...); e != nil && !v.late(LastSeen(e), recent) {
		return e
	}
	return nil
}

// LastSeen is when what an event tells happened last: events of one occurrence, of several and
// of a series say it in different fields.
func LastSeen(e *corev1.Event) time.Time {
	switch {
	case e.Series != nil:
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	}
	return e.CreationTimestamp.Time
}

func (v *view) claim(name string) *corev1.PersistentVolumeClaim {
	for i := range v.Claims {
		if v.Claims[i].Name == name {
			return &v.Claims[i]
		}
	}
	return nil
}

func (v *view) dataVolume(name string) *cdiv1beta1.DataVolume {
	for i := range v.DataVolumes {
		if v.DataVolumes[i].Name == name {
			return &v.DataVolumes[i]
		}
	}
	return nil
}

// node is where the guest is or is to be, nil if that is not known.
func (v *view) node() *corev1.Node {
	name := ""
	switch {
	case v.VMI != nil && v.VMI.Status.NodeName != "":
		name = v.VMI.Status.NodeName
	case v.pod != nil:
		name = v.pod.Spec.NodeName
	}
	for i := range v.Nodes {
		if name != "" && v.Nodes[i].Name == name {
			return &v.Nodes[i]
		}
	}
	return nil
}

// claimNames are the claims that the machine's volumes and templates name.
func (v *view) claimNames() []string {
	var names []string
	for i := range v.VM.Spec.DataVolumeTemplates {
		names = append(names, v.VM.Spec.DataVolumeTemplates[i].Metadata.Name)
	}
	for i := range v.spec.Volumes {
		if name := v.spec.Volumes[i].ClaimName(); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func podCondition(pod *corev1.Pod, t corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == t {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

// containsAny reports whether a text holds one of the phrases.
func containsAny(text string, phrases ...string) bool {
	return slices.ContainsFunc(phrases, func(phrase string) bool { return strings.Contains(text, phrase) })
}
