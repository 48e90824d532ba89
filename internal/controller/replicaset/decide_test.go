package replicaset

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var now = time.Now().Truncate(time.Second)

type option = func(*v1.VirtualMachineInstance)

func instance(name string, options ...option) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(now.Add(-time.Hour))}}
	for _, o := range options {
		o(vmi)
	}
	return vmi
}

// at puts an instance into a phase some time ago.
func at(phase v1.VirtualMachineInstancePhase, ago time.Duration) option {
	return func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Phase = phase
		vmi.Status.PhaseTransitionTimestamps = append(vmi.Status.PhaseTransitionTimestamps, v1.VirtualMachineInstancePhaseTransitionTimestamp{
			Phase: phase, PhaseTransitionTimestamp: metav1.NewTime(now.Add(-ago)),
		})
	}
}

func scheduled(vmi *v1.VirtualMachineInstance) {
	vmi.Status.NodeName, vmi.Status.Phase = "node01", v1.VMIPhaseScheduled
}

func running(vmi *v1.VirtualMachineInstance) {
	scheduled(vmi)
	vmi.Status.Phase = v1.VMIPhaseRunning
}

func isReady(vmi *v1.VirtualMachineInstance) {
	running(vmi)
	vmi.Status.Conditions = []v1.Condition{{Type: v1.ConditionReady, Status: "True"}}
}

func young(vmi *v1.VirtualMachineInstance) { vmi.CreationTimestamp = metav1.NewTime(now) }

func leaving(vmi *v1.VirtualMachineInstance) { vmi.DeletionTimestamp = &metav1.Time{Time: now} }

func after(failures int) option {
	return func(vmi *v1.VirtualMachineInstance) {
		vmi.Annotations = map[string]string{v1.AnnotationFailuresInARow: strconv.Itoa(failures)}
	}
}

func many(n int, options ...option) []*v1.VirtualMachineInstance {
	var list []*v1.VirtualMachineInstance
	for i := range n {
		list = append(list, instance(fmt.Sprintf("i%03d", i), options...))
	}
	return list
}

func TestDecide(t *testing.T) {
	type list = []*v1.VirtualMachineInstance
	crashed := at(v1.VMIPhaseFailed, 0)
	for name, c := range map[string]struct {
		want      int
		instances list
		remove    string
		create    []int
		wait      time.Duration
	}{
		"nothing wanted, nothing there":        {0, nil, "", nil, 0},
		"from nothing":                         {2, nil, "", []int{0, 0}, 0},
		"enough":                               {2, list{instance("a"), instance("b", isReady)}, "", nil, 0},
		"too many":                             {1, list{instance("a", isReady), instance("b")}, "b", nil, 0},
		"to nothing":                           {0, list{instance("a", isReady), instance("b")}, "b a", nil, 0},
		"what leaves does not count":           {2, list{instance("a"), instance("b", leaving)}, "", []int{0}, 0},
		"what leaves is not removed again":     {0, list{instance("a", leaving), instance("b", leaving, crashed)}, "", nil, 0},
		"a guest that has shut down":           {1, list{instance("a", at(v1.VMIPhaseRunning, time.Hour), at(v1.VMIPhaseSucceeded, 0))}, "a", []int{0}, 0},
		"the first failure is replaced":        {1, list{instance("a", crashed)}, "a", []int{1}, 0},
		"the second one waits":                 {1, list{instance("a", crashed, after(1))}, "", nil, 10 * time.Second},
		"until it is due":                      {1, list{instance("a", at(v1.VMIPhaseFailed, 10*time.Second), after(1))}, "a", []int{2}, 0},
		"one waits, others are made":           {3, list{instance("a", crashed, after(2)), instance("b")}, "", []int{0}, 40 * time.Second},
		"the shortest wait is told":            {2, list{instance("a", crashed, after(2)), instance("b", crashed, after(1))}, "", nil, 10 * time.Second},
		"one that waits is too many":           {1, list{instance("a", crashed, after(2)), instance("b")}, "a", nil, 0},
		"the longest wait stays":               {1, list{instance("a", crashed, after(1)), instance("b", crashed, after(2))}, "a", nil, 40 * time.Second},
		"nothing wanted, nothing waits":        {0, list{instance("a", crashed, after(2))}, "a", nil, 0},
		"the most failures are carried on":     {1, list{instance("a", crashed), instance("b", at(v1.VMIPhaseFailed, time.Hour), after(4))}, "a b", []int{5}, 0},
		"ended and too many at once":           {1, list{instance("a", crashed), instance("b", isReady), instance("c")}, "a c", nil, 0},
		"ended, and scaled up":                 {3, list{instance("a", crashed), instance("b")}, "a", []int{1, 0}, 0},
		"no more than a burst is made":         {burst + 1, nil, "", make([]int, burst), 0},
		"no more than a burst is removed":      {0, many(burst + 1), names(many(burst)), nil, 0},
		"no more than a burst, ended or not":   {0, append(many(burst), instance("z", crashed)), names(append(list{instance("z")}, many(burst-1)...)), nil, 0},
		"what waits does not count as missing": {2, list{instance("a", crashed, after(3)), instance("b", crashed, after(3))}, "", nil, 90 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			p := decide(c.want, c.instances, now)
			if got := names(p.remove); got != c.remove {
				t.Errorf("removes %q, want %q", got, c.remove)
			}
			if !slices.Equal(p.create, c.create) {
				t.Errorf("creates %v, want %v", p.create, c.create)
			}
			if p.wait != c.wait {
				t.Errorf("waits %s, want %s", p.wait, c.wait)
			}
		})
	}
}

func names(list []*v1.VirtualMachineInstance) string {
	var all []string
	for _, vmi := range list {
		all = append(all, vmi.Name)
	}
	return strings.Join(all, " ")
}

// The instances in the order in which they are removed, whatever order they are
// found in.
func TestRemovalOrder(t *testing.T) {
	pausedGuest := func(vmi *v1.VirtualMachineInstance) {
		running(vmi)
		vmi.Status.Conditions = []v1.Condition{{Type: v1.ConditionReady, Status: "False"}, {Type: v1.ConditionPaused, Status: "True"}}
	}
	want := []*v1.VirtualMachineInstance{
		instance("z-unscheduled", young), instance("a-unscheduled"), instance("b-unscheduled"),
		instance("y-scheduled", scheduled, young), instance("a-scheduled", scheduled),
		instance("x-running", running, young), instance("a-paused", pausedGuest), instance("a-running", running),
		instance("w-ready", isReady, young), instance("a-ready", isReady), instance("b-ready", isReady),
	}
	for shift := range want {
		found := append(slices.Clone(want[shift:]), want[:shift]...)
		slices.Reverse(found)
		if got := names(decide(0, found, now).remove); got != names(want) {
			t.Fatalf("order %s, want %s", got, names(want))
		}
	}
}

func TestDelayAfter(t *testing.T) {
	for failures, want := range map[int]time.Duration{
		0: 0, 1: 0, 2: 10 * time.Second, 3: 40 * time.Second, 4: 90 * time.Second, 5: 160 * time.Second, 6: 250 * time.Second,
		7: maxCrashDelay, 1e9: maxCrashDelay,
	} {
		if got := delayAfter(failures); got != want {
			t.Errorf("%s after %d failures, want %s", got, failures, want)
		}
	}
}

func TestFailuresAfter(t *testing.T) {
	garbage := func(vmi *v1.VirtualMachineInstance) {
		vmi.Annotations = map[string]string{v1.AnnotationFailuresInARow: "many"}
	}
	for name, c := range map[string]struct {
		options []option
		want    int
	}{
		"never ran":                 {[]option{at(v1.VMIPhaseFailed, 0)}, 1},
		"never ran, again":          {[]option{at(v1.VMIPhaseFailed, 0), after(3)}, 4},
		"ran for a moment":          {[]option{at(v1.VMIPhaseRunning, settled-1), at(v1.VMIPhaseSucceeded, 0), after(3)}, 4},
		"ran well":                  {[]option{at(v1.VMIPhaseRunning, settled), at(v1.VMIPhaseFailed, 0), after(3)}, 0},
		"a count that is none":      {[]option{at(v1.VMIPhaseFailed, 0), garbage}, 1},
		"a count that cannot be":    {[]option{at(v1.VMIPhaseFailed, 0), after(-7)}, 1},
		"nobody told when it ended": {[]option{func(vmi *v1.VirtualMachineInstance) { vmi.Status.Phase = v1.VMIPhaseFailed }}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if got := failuresAfter(instance("a", c.options...)); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
}

// A node's clock that is ahead makes nobody wait longer.
func TestBackoffLeftByAnotherClock(t *testing.T) {
	vmi := instance("a", at(v1.VMIPhaseFailed, -time.Hour), after(1))
	if got := backoffLeft(vmi, now); got != 10*time.Second {
		t.Errorf("waits %s", got)
	}
}

func TestMatters(t *testing.T) {
	controlled := func(vmi *v1.VirtualMachineInstance) {
		set := &v1.VirtualMachineInstanceReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: "set", UID: "u"}}
		vmi.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(set, v1.VirtualMachineInstanceReplicaSetGroupVersionKind)}
	}
	for name, c := range map[string]struct {
		change option
		want   bool
	}{
		"phase": {at(v1.VMIPhaseScheduling, 0), true},
		"ready": {func(vmi *v1.VirtualMachineInstance) {
			vmi.Status.Conditions = []v1.Condition{{Type: v1.ConditionReady, Status: "True"}}
		}, true},
		"deletion": {leaving, true},
		"owner":    {controlled, true},
		"labels":   {func(vmi *v1.VirtualMachineInstance) { vmi.Labels = map[string]string{"a": "b"} }, true},
		"address": {func(vmi *v1.VirtualMachineInstance) {
			vmi.Status.Interfaces = []v1.VirtualMachineInstanceNetworkInterface{{IP: "10.0.0.1"}}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := matters(instance("a"), instance("a", c.change)); got != c.want {
				t.Errorf("matters: %v", got)
			}
		})
	}
}

func TestSelectorOf(t *testing.T) {
	for name, c := range map[string]struct {
		selector *metav1.LabelSelector
		ok       bool
	}{
		"matching":     {&metav1.LabelSelector{MatchLabels: map[string]string{"app": "x"}}, true},
		"not matching": {&metav1.LabelSelector{MatchLabels: map[string]string{"app": "y"}}, false},
		"empty":        {&metav1.LabelSelector{}, false},
		"none":         {nil, false},
		"invalid":      {&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Like"}}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			spec := &v1.VirtualMachineInstanceReplicaSetSpec{Selector: c.selector, Template: &v1.VirtualMachineInstanceTemplateSpec{}}
			spec.Template.Metadata.Labels = map[string]string{"app": "x"}
			if _, err := selectorOf(spec); (err == nil) != c.ok {
				t.Errorf("error %v", err)
			}
		})
	}
	if _, err := selectorOf(&v1.VirtualMachineInstanceReplicaSetSpec{}); err == nil {
		t.Error("no template is no error")
	}
}

// The same refusal reads the same at every attempt.
func TestWithoutName(t *testing.T) {
	resource := v1.Resource(v1.ResourceVirtualMachineInstances)
	for _, c := range []struct {
		err  error
		want string
	}{
		{apierrors.NewForbidden(resource, "set-x7k2p", errors.New("exceeded quota")), `virtualmachineinstances.kubevirt.io "set-" is forbidden: exceeded quota`},
		{fmt.Errorf("once more: %w", apierrors.NewForbidden(resource, "set-x7k2p", errors.New("no"))), `once more: virtualmachineinstances.kubevirt.io "set-" is forbidden: no`},
		{apierrors.NewForbidden(resource, "", errors.New("no")), `virtualmachineinstances.kubevirt.io is forbidden: no`},
		{errors.New("connection refused"), "connection refused"},
	} {
		if got := withoutName(c.err, "set-"); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
