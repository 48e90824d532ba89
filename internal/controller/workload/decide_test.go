package workload

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/launcherpod"
)

const current = "launcher:2"

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// minutes is so many minutes after noon.
func minutes(n float64) time.Time { return noon.Add(time.Duration(n * float64(time.Minute))) }

func instance(change func(*v1.VirtualMachineInstance)) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Name: "a", CreationTimestamp: metav1.NewTime(noon.Add(-24 * time.Hour))}}
	vmi.Status.Phase, vmi.Status.LauncherContainerImageVersion, vmi.Status.NodeName = v1.VMIPhaseRunning, "launcher:1", "node01"
	if change != nil {
		change(vmi)
	}
	return vmi
}

// launchers are the pods there are.
type launchers struct {
	client.Client
	pods []corev1.Pod
}

func (l launchers) Get(_ context.Context, key client.ObjectKey, obj client.Object, _ ...client.GetOption) error {
	for i := range l.pods {
		if client.ObjectKeyFromObject(&l.pods[i]) == key {
			l.pods[i].DeepCopyInto(obj.(*corev1.Pod))
			return nil
		}
	}
	return errors.New("there is none")
}

// madeOf is the launcher of the instance, which was to be of an image, or does not say.
func madeOf(image string) launchers {
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: launcherpod.PodName(instance(nil))}}
	if image != "" {
		pod.Annotations = map[string]string{v1.AnnotationLauncherImage: image}
	}
	return launchers{pods: []corev1.Pod{pod}}
}

func TestIsOutdated(t *testing.T) {
	image := func(image string) func(*v1.VirtualMachineInstance) {
		return func(vmi *v1.VirtualMachineInstance) { vmi.Status.LauncherContainerImageVersion = image }
	}
	phase := func(phase v1.VirtualMachineInstancePhase) func(*v1.VirtualMachineInstance) {
		return func(vmi *v1.VirtualMachineInstance) { vmi.Status.Phase = phase }
	}
	marked := func(vmi *v1.VirtualMachineInstance) {
		vmi.Labels = map[string]string{v1.LabelOutdatedLauncherImage: ""}
	}
	for name, c := range map[string]struct {
		image           string
		change          []func(*v1.VirtualMachineInstance)
		pods            launchers
		outdated, wrong bool
	}{
		"the same":                  {image: "launcher:1"},
		"another tag":               {image: "launcher:2", outdated: true, wrong: true},
		"another registry":          {image: "near/launcher:1", outdated: true, wrong: true},
		"a digest for a tag":        {image: "launcher@sha256:1", outdated: true, wrong: true},
		"the same digest":           {image: "l@sha256:1", change: []func(*v1.VirtualMachineInstance){image("l@sha256:1")}},
		"of a mirror":               {image: "launcher:2", change: []func(*v1.VirtualMachineInstance){image("mirror/launcher:2")}, pods: madeOf("launcher:2")},
		"older, of a mirror":        {image: "launcher:2", change: []func(*v1.VirtualMachineInstance){image("mirror/launcher:1")}, pods: madeOf("launcher:1"), outdated: true, wrong: true},
		"of a mirror, nobody knows": {image: "launcher:2", change: []func(*v1.VirtualMachineInstance){image("mirror/launcher:2")}, pods: madeOf(""), outdated: true, wrong: true},
		"of a mirror, but marked":   {image: "launcher:2", change: []func(*v1.VirtualMachineInstance){image("mirror/launcher:2"), marked}, pods: madeOf("launcher:2"), wrong: true},
		"marked":                    {image: "launcher:2", change: []func(*v1.VirtualMachineInstance){marked}, outdated: true},
		"marked, but no longer":     {image: "launcher:1", change: []func(*v1.VirtualMachineInstance){marked}, wrong: true},
		"not known yet":             {image: "launcher:2", change: []func(*v1.VirtualMachineInstance){image("")}},
		"on its way":                {image: "launcher:2", change: []func(*v1.VirtualMachineInstance){phase(v1.VMIPhaseScheduled)}},
		"finished":                  {image: "launcher:2", change: []func(*v1.VirtualMachineInstance){phase(v1.VMIPhaseSucceeded)}},
		"finished, of an older one": {image: "launcher:1", change: []func(*v1.VirtualMachineInstance){phase(v1.VMIPhaseFailed), marked}},
		"being deleted": {image: "launcher:2", change: []func(*v1.VirtualMachineInstance){func(vmi *v1.VirtualMachineInstance) {
			vmi.DeletionTimestamp = &metav1.Time{Time: noon}
		}}},
	} {
		vmi := instance(func(vmi *v1.VirtualMachineInstance) {
			for _, change := range c.change {
				change(vmi)
			}
		})
		r, ctx := Reconciler{Client: c.pods, LauncherImage: c.image}, t.Context()
		if r.isOutdated(ctx, vmi) != c.outdated || r.wrongMark(ctx, vmi) != c.wrong {
			t.Errorf("%s: outdated %t, wrongly marked %t", name, r.isOutdated(ctx, vmi), r.wrongMark(ctx, vmi))
		}
		if r.setMark(ctx, vmi); r.wrongMark(ctx, vmi) {
			t.Errorf("%s: still wrongly marked: %v", name, vmi.Labels)
		}
	}
}

func TestNext(t *testing.T) {
	// A guest is told by one letter, its age by the letter's place: a is the oldest.
	guests := func(names string, change map[rune]func(*guest)) []guest {
		var list []guest
		for _, name := range names {
			g := guest{vmi: instance(func(vmi *v1.VirtualMachineInstance) {
				vmi.Name = string(name)
				vmi.CreationTimestamp = metav1.NewTime(noon.Add(time.Duration(name-'z') * time.Hour))
			})}
			if change[name] != nil {
				change[name](&g)
			}
			list = append(list, g)
		}
		return list
	}
	going := func(g *guest) { g.going = true }
	stays := func(g *guest) { g.stays = true }
	refused := func(at float64) func(*guest) { return func(g *guest) { g.refused = minutes(at) } }
	type by = map[rune]func(*guest)
	for name, c := range map[string]struct {
		guests []guest
		size   int
		// last is when the last batch was, before the one that may be due at 10 minutes past noon.
		last float64
		want string
		wait time.Duration
	}{
		"none":                              {nil, 2, 0, "", 0},
		"one":                               {guests("a", nil), 2, 0, "a", 0},
		"the oldest first":                  {guests("cbda", nil), 2, 0, "ab", 5 * time.Minute},
		"a whole batch":                     {guests("ba", nil), 2, 0, "ab", 0},
		"exactly due":                       {guests("ab", nil), 1, 5, "a", 5 * time.Minute},
		"not due":                           {guests("ab", nil), 1, 6, "", time.Minute},
		"one of the last batch takes long":  {guests("abcd", by{'a': going}), 2, 0, "b", 5 * time.Minute},
		"the whole last batch takes long":   {guests("abcd", by{'a': going, 'b': going}), 2, 0, "", 0},
		"more than a batch is on the way":   {guests("abcd", by{'a': going, 'b': going, 'c': going}), 2, 0, "", 0},
		"the last are on the way":           {guests("ab", by{'a': going, 'b': going}), 2, 6, "", 0},
		"nothing to be had":                 {guests("ab", by{'a': stays, 'b': stays}), 2, 6, "", 0},
		"who stays takes no place":          {guests("abc", by{'a': stays}), 1, 0, "b", 5 * time.Minute},
		"on its way, though it was to stay": {guests("ab", by{'a': func(g *guest) { g.going, g.stays = true, true }}), 1, 0, "", 0},
		"who was refused is last":           {guests("abc", by{'a': refused(5), 'b': refused(2)}), 2, 0, "cb", 5 * time.Minute},
		"who was refused is asked again":    {guests("a", by{'a': refused(5)}), 2, 5, "a", 0},
	} {
		batch, wait := next(c.guests, pace{c.size, 5 * time.Minute}, minutes(c.last), minutes(10))
		var got strings.Builder
		for _, g := range batch {
			got.WriteString(g.vmi.Name)
		}
		if got.String() != c.want || wait != c.wait {
			t.Errorf("%s: evicts %q and waits %s, want %q and %s", name, got.String(), wait, c.want, c.wait)
		}
	}
}

func TestPace(t *testing.T) {
	size, none := 3, 0
	for name, c := range map[string]struct {
		strategy v1.KubeVirtWorkloadUpdateStrategy
		want     pace
	}{
		"nothing said": {v1.KubeVirtWorkloadUpdateStrategy{}, pace{10, time.Minute}},
		"both":         {v1.KubeVirtWorkloadUpdateStrategy{BatchEvictionSize: &size, BatchEvictionInterval: &metav1.Duration{Duration: time.Hour}}, pace{3, time.Hour}},
		"nonsense":     {v1.KubeVirtWorkloadUpdateStrategy{BatchEvictionSize: &none, BatchEvictionInterval: &metav1.Duration{Duration: -1}}, pace{10, time.Minute}},
	} {
		if got := paceOf(&c.strategy); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestSettled(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*v1.KubeVirtStatus)
		want   bool
	}{
		"complete":        {func(*v1.KubeVirtStatus) {}, true},
		"being installed": {func(s *v1.KubeVirtStatus) { s.Phase = v1.KubeVirtPhaseDeploying }, false},
		"being updated":   {func(s *v1.KubeVirtStatus) { s.TargetDeploymentID = "next" }, false},
		"being repaired":  {func(s *v1.KubeVirtStatus) { s.Conditions[0].Status = corev1.ConditionTrue }, false},
		"nobody says":     {func(s *v1.KubeVirtStatus) { s.Conditions = nil }, false},
	} {
		kv := &v1.KubeVirt{Status: v1.KubeVirtStatus{
			Phase: v1.KubeVirtPhaseDeployed, ObservedDeploymentID: "this", TargetDeploymentID: "this",
			Conditions: []v1.Condition{{Type: v1.ConditionProgressing, Status: corev1.ConditionFalse, LastTransitionTime: metav1.NewTime(noon)}},
		}}
		c.change(&kv.Status)
		if got := settled(kv); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestBeyondEviction(t *testing.T) {
	for name, c := range map[string]struct {
		strategy   v1.EvictionStrategy
		migratable bool
		marked     string
		want       bool
	}{
		"no strategy":                    {},
		"None":                           {strategy: v1.EvictionStrategyNone},
		"LiveMigrate, but it cannot":     {strategy: v1.EvictionStrategyLiveMigrate, want: true},
		"LiveMigrate":                    {strategy: v1.EvictionStrategyLiveMigrate, migratable: true},
		"LiveMigrate, told before":       {strategy: v1.EvictionStrategyLiveMigrate, migratable: true, marked: "node01", want: true},
		"LiveMigrateIfPossible, and not": {strategy: v1.EvictionStrategyLiveMigrateIfPossible},
		"External":                       {strategy: v1.EvictionStrategyExternal},
		"External, told before":          {strategy: v1.EvictionStrategyExternal, marked: "node01", want: true},
		"External, told elsewhere":       {strategy: v1.EvictionStrategyExternal, marked: "node02"},
	} {
		vmi := instance(func(vmi *v1.VirtualMachineInstance) {
			if c.strategy != "" {
				vmi.Spec.EvictionStrategy = &c.strategy
			}
			if c.migratable {
				vmi.Status.Conditions = []v1.Condition{{Type: v1.ConditionLiveMigratable, Status: corev1.ConditionTrue}}
			}
			vmi.Status.EvacuationNodeName = c.marked
		})
		if got := beyondEviction(vmi); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// What an earlier process did last is seen in what it left, and never taken for
// longer ago than leaves room for what cannot be seen.
func TestLastBatch(t *testing.T) {
	created := func(at float64, image string) v1.VirtualMachineInstance {
		return *instance(func(vmi *v1.VirtualMachineInstance) {
			vmi.CreationTimestamp, vmi.Status.LauncherContainerImageVersion = metav1.NewTime(minutes(at)), image
		})
	}
	ended := *instance(func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Phase = v1.VMIPhaseSucceeded
		vmi.Status.PhaseTransitionTimestamps = []v1.VirtualMachineInstancePhaseTransitionTimestamp{
			{Phase: v1.VMIPhaseRunning, PhaseTransitionTimestamp: metav1.NewTime(minutes(58))},
			{Phase: v1.VMIPhaseSucceeded, PhaseTransitionTimestamp: metav1.NewTime(minutes(52))},
		}
	})
	grace := int64(120)
	going := corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		DeletionTimestamp: &metav1.Time{Time: minutes(57)}, DeletionGracePeriodSeconds: &grace,
	}}
	for name, c := range map[string]struct {
		instances []v1.VirtualMachineInstance
		pods      []corev1.Pod
		interval  time.Duration
		want      time.Time
	}{
		"nothing to be seen":         {nil, []corev1.Pod{{}}, time.Hour, minutes(1)},
		"a short interval":           {nil, nil, 10 * time.Second, minutes(60)},
		"a long time ago":            {[]v1.VirtualMachineInstance{created(-90, current)}, nil, time.Hour, minutes(1)},
		"one that followed":          {[]v1.VirtualMachineInstance{created(50, current), created(40, current)}, nil, time.Hour, minutes(50)},
		"one that is to go itself":   {[]v1.VirtualMachineInstance{created(50, "launcher:1")}, nil, time.Hour, minutes(1)},
		"one that ended":             {[]v1.VirtualMachineInstance{ended}, nil, time.Hour, minutes(52)},
		"one that is on its way":     {[]v1.VirtualMachineInstance{ended}, []corev1.Pod{going}, time.Hour, minutes(55)},
		"a clock that is ahead":      {[]v1.VirtualMachineInstance{created(61, current)}, nil, time.Hour, minutes(60)},
		"between two short batches":  {[]v1.VirtualMachineInstance{created(59.9, current)}, nil, 2 * time.Minute, minutes(59.9)},
		"a respite after a long one": {[]v1.VirtualMachineInstance{created(30, current)}, nil, 2 * time.Minute, minutes(59)},
	} {
		isOutdated := func(vmi *v1.VirtualMachineInstance) bool { return vmi.Status.LauncherContainerImageVersion != current }
		if got := lastBatch(c.instances, isOutdated, c.pods, pace{1, c.interval}, minutes(60)); !got.Equal(c.want) {
			t.Errorf("%s: %s past noon, want %s", name, got.Sub(noon), c.want.Sub(noon))
		}
	}
}

func TestLauncherOf(t *testing.T) {
	vmi := instance(func(vmi *v1.VirtualMachineInstance) { vmi.UID = "u" })
	pod := func(change func(*corev1.Pod)) *corev1.Pod {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(vmi, v1.VirtualMachineInstanceGroupVersionKind)}},
			Spec:       corev1.PodSpec{NodeName: "node01", Containers: []corev1.Container{{Name: "guest-console-log", Image: current}, {Name: "compute", Image: "launcher:1"}}},
			Status:     corev1.PodStatus{Phase: corev1.PodRunning},
		}
		if change != nil {
			change(pod)
		}
		return pod
	}
	others := []*corev1.Pod{
		pod(func(pod *corev1.Pod) { pod.OwnerReferences = nil }),
		pod(func(pod *corev1.Pod) { pod.Spec.NodeName = "node02" }),
		pod(func(pod *corev1.Pod) { pod.Spec.Containers[1].Image = current }),
		pod(func(pod *corev1.Pod) { pod.Annotations = map[string]string{v1.AnnotationLauncherImage: current} }),
		pod(func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodFailed }),
		pod(func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodSucceeded }),
	}
	if found := launcherOf(vmi, others, current); found != nil {
		t.Errorf("pod %d is taken for the launcher", slices.Index(others, found))
	}
	if own := pod(nil); launcherOf(vmi, append(others, own), current) != own {
		t.Error("the launcher is not found")
	}
}
