package kubevirt

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/event"
)

var (
	resource  = schema.GroupResource{Resource: "things"}
	invalid   = apierrors.NewInvalid(schema.GroupKind{Kind: "Thing"}, "one", nil)
	conflict  = apierrors.NewConflict(resource, "one", errors.New("changed"))
	serverErr = apierrors.NewInternalError(errors.New("busy"))
)

// served puts virt-api and virt-controller among a scope's live objects.
func served(s *scope, ready int32) {
	for _, name := range []string{component.API, component.Controller} {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "kubevirt", Name: name}}
		d.Status.ReadyReplicas = ready
		s.live[identity{schema.GroupKind{Group: "apps", Kind: "Deployment"}, client.ObjectKeyFromObject(d)}] = d
	}
}

// available are the conditions of an installation that is complete.
var available = []v1.Condition{
	{Type: v1.ConditionAvailable, Status: corev1.ConditionTrue, Reason: v1.ReasonAllComponentsReady},
	{Type: v1.ConditionProgressing, Status: corev1.ConditionFalse, Reason: v1.ReasonAllComponentsReady},
	{Type: v1.ConditionDegraded, Status: corev1.ConditionFalse, Reason: v1.ReasonAllComponentsReady},
}

var deleting = metav1.NewTime(time.Unix(1, 0))

func leaving(s *scope) {
	s.kv.DeletionTimestamp, s.kv.Status.Conditions = &deleting, slices.Clone(available)
}

var situations = map[string]struct {
	set   func(*scope)
	err   error
	phase v1.KubeVirtPhase
	// want are the statuses of Synchronized, Available, Progressing, Degraded; - for none.
	want, reason string
}{
	"beginning":             {func(s *scope) { s.waiting = "pods" }, nil, v1.KubeVirtPhaseDeploying, "-FTF", v1.ReasonDeploymentInProgress},
	"done":                  {func(*scope) {}, nil, v1.KubeVirtPhaseDeployed, "-TFF", v1.ReasonAllComponentsReady},
	"refused":               {func(s *scope) { s.invalid = "no" }, nil, v1.KubeVirtPhaseDeploying, "FFFT", v1.ReasonDeploymentFailed},
	"an object is refused":  {func(*scope) {}, invalid, v1.KubeVirtPhaseDeploying, "FFFT", v1.ReasonDeploymentFailed},
	"a busy server":         {func(*scope) {}, serverErr, v1.KubeVirtPhaseDeploying, "-FTF", v1.ReasonDeploymentInProgress},
	"somebody else's write": {func(s *scope) { s.kv.Status.Conditions = slices.Clone(available) }, conflict, v1.KubeVirtPhaseDeploying, "-TFF", v1.ReasonAllComponentsReady},
	"a pod away":            {func(s *scope) { s.kv.Status.Conditions = slices.Clone(available); s.waiting = "pods"; served(s, 1) }, nil, v1.KubeVirtPhaseDeploying, "-TFF", v1.ReasonAllComponentsReady},
	"all pods away":         {func(s *scope) { s.kv.Status.Conditions = slices.Clone(available); s.waiting = "pods"; served(s, 0) }, nil, v1.KubeVirtPhaseDeploying, "-FTF", v1.ReasonDeploymentInProgress},
	"an update":             {func(s *scope) { s.kv.Status.ObservedDeploymentID = "former"; s.waiting = "pods" }, nil, v1.KubeVirtPhaseDeploying, "-TTT", v1.ReasonUpdateInProgress},
	"an update halts": {func(s *scope) {
		s.kv.Status.Conditions, s.kv.Status.ObservedDeploymentID = slices.Clone(available), "former"
		s.waiting, s.trouble = "pods", &trouble{what: "pod x keeps ending"}
	}, nil, v1.KubeVirtPhaseDeploying, "-TFT", v1.ReasonUpdateHalted},
	"a changed configuration halts": {func(s *scope) {
		s.kv.Status.Conditions = slices.Clone(available)
		s.waiting, s.rolling, s.trouble = "pods", true, &trouble{what: "pod x keeps ending"}
	}, nil, v1.KubeVirtPhaseDeploying, "-TFT", v1.ReasonUpdateHalted},
	"an update halts with nothing left that serves": {func(s *scope) {
		s.kv.Status.Conditions, s.kv.Status.ObservedDeploymentID = slices.Clone(available), "former"
		s.waiting, s.trouble = "pods", &trouble{what: "pod x keeps ending"}
		served(s, 0)
	}, nil, v1.KubeVirtPhaseDeploying, "-FFT", v1.ReasonUpdateHalted},
	"a pod that fails for no change of ours": {func(s *scope) {
		s.kv.Status.Conditions = slices.Clone(available)
		s.waiting, s.trouble = "pods", &trouble{what: "pod x keeps ending"}
		served(s, 1)
	}, nil, v1.KubeVirtPhaseDeploying, "-TFF", v1.ReasonAllComponentsReady},
	"no virt-handler serves": {func(s *scope) {
		s.kv.Status.Conditions = slices.Clone(available)
		s.waiting, s.trouble = "pods", &trouble{what: "pod x keeps ending"}
		served(s, 1)
		set := &appsv1.DaemonSet{}
		set.Status.DesiredNumberScheduled = 2
		s.live[identity{}] = set
	}, nil, v1.KubeVirtPhaseDeploying, "-FTT", v1.ReasonDeploymentInProgress},
	"refused while an installation serves": {func(s *scope) {
		s.kv.Status.Conditions, s.invalid = slices.Clone(available), "no"
		served(s, 1)
	}, nil, v1.KubeVirtPhaseDeploying, "FTFT", v1.ReasonDeploymentFailed},
	"an installation that does not start": {func(s *scope) { s.waiting, s.trouble = "pods", &trouble{what: "pod x keeps ending"} },
		nil, v1.KubeVirtPhaseDeploying, "-FTT", v1.ReasonDeploymentInProgress},
	"an update done": {func(s *scope) { s.kv.Status.ObservedDeploymentID = "former" }, nil, v1.KubeVirtPhaseDeployed, "-TFF", v1.ReasonAllComponentsReady},
	"mended": {func(s *scope) {
		s.kv.Status.Conditions = []v1.Condition{{Type: v1.ConditionSynchronized, Status: corev1.ConditionFalse}}
	}, nil, v1.KubeVirtPhaseDeployed, "-TFF", v1.ReasonAllComponentsReady},
	"removal":                {func(s *scope) { s.kv.DeletionTimestamp, s.removing, s.waiting = &deleting, true, "pods" }, nil, v1.KubeVirtPhaseDeleting, "-FFT", v1.ReasonDeletionInProgress},
	"removal meets an error": {leaving, invalid, v1.KubeVirtPhaseDeploying, "FTFF", v1.ReasonAllComponentsReady},
	"removal under machines": {func(s *scope) { leaving(s); s.blocked = "vms" }, nil, v1.KubeVirtPhaseDeploying, "FTFF", v1.ReasonAllComponentsReady},
	// Once the phase says so, nobody looks for machines again.
	"nobody can say whether machines exist": {leaving, errors.New("timeout"), v1.KubeVirtPhaseDeploying, "-TFF", v1.ReasonAllComponentsReady},
	"removal meets a conflict":              {func(s *scope) { s.kv.DeletionTimestamp, s.removing = &deleting, true }, conflict, v1.KubeVirtPhaseDeleting, "-FFT", v1.ReasonDeletionInProgress},
	"removed":                               {func(s *scope) { s.kv.DeletionTimestamp = &deleting; s.removed = true }, nil, v1.KubeVirtPhaseDeleted, "-FFT", v1.ReasonDeletionInProgress},
}

// TestSituations walks the table of conditions of a KubeVirt object.
func TestSituations(t *testing.T) {
	for name, test := range situations {
		t.Run(name, func(t *testing.T) {
			kv := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: "kubevirt", Name: "kubevirt", Generation: 1}}
			r := &Reconciler{Environment: component.Environment{Namespace: "kubevirt", Image: "a/b:c", LauncherImage: "a/d:c"}, Events: &event.Memory{}}
			s := &scope{kv: kv, now: time.Unix(2, 0), live: liveObjects{}}
			var err error
			if s.config, err = component.NewConfig(r.Environment, kv, 0, nil); err != nil {
				t.Fatal(err)
			}
			test.set(s)
			r.report(s, test.err)
			if got := letters(kv.Status.Conditions); got != test.want {
				t.Errorf("Synchronized, Available, Progressing, Degraded are %s, want %s", got, test.want)
			}
			if c := v1.FindCondition(kv.Status.Conditions, v1.ConditionAvailable); c == nil || c.Reason != test.reason {
				t.Errorf("condition %+v, want reason %s", c, test.reason)
			}
			// What was found once is found again: nothing goes to and fro.
			said := kv.Status.DeepCopy()
			r.report(s, test.err)
			if !s.removed && !reflect.DeepEqual(said.Conditions, kv.Status.Conditions) {
				t.Errorf("then the conditions are %+v, were %+v", kv.Status.Conditions, said.Conditions)
			}
			if kv.Status.Phase != test.phase {
				t.Errorf("phase %s, want %s", kv.Status.Phase, test.phase)
			}
		})
	}
}

func letters(conditions []v1.Condition) (text string) {
	for _, t := range []v1.ConditionType{v1.ConditionSynchronized, v1.ConditionAvailable, v1.ConditionProgressing, v1.ConditionDegraded} {
		c := v1.FindCondition(conditions, t)
		if c == nil {
			text += "-"
			continue
		}
		text += string(c.Status[0])
	}
	return text
}

func TestContains(t *testing.T) {
	object := func(pairs ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1]
		}
		return m
	}
	for name, test := range map[string]struct {
		live, wanted any
		want         bool
	}{
		"the same":            {object("a", "b"), object("a", "b"), true},
		"defaults on top":     {object("a", "b", "c", "d"), object("a", "b"), true},
		"another value":       {object("a", "x"), object("a", "b"), false},
		"missing":             {object(), object("a", "b"), false},
		"in a list":           {[]any{object("a", "b", "c", 1.0)}, []any{object("a", "b")}, true},
		"a longer list":       {[]any{"a", "b"}, []any{"a"}, false},
		"another order":       {[]any{"b", "a"}, []any{"a", "b"}, false},
		"empty and absent":    {nil, object(), true},
		"empty list, absent":  {nil, []any{}, true},
		"a map for a string":  {object("a", object()), object("a", "b"), false},
		"a list, not a map":   {object("a", []any{}), object("a", object("b", 1.0)), false},
		"a container more":    {object("containers", []any{object("name", "b"), object("name", "a", "image", "x")}), object("containers", []any{object("name", "a")}), true},
		"another container":   {object("containers", []any{object("name", "b")}), object("containers", []any{object("name", "a")}), false},
		"a subject more":      {object("subjects", []any{object("name", "a"), object("name", "b")}), object("subjects", []any{object("name", "a")}), false},
		"a manifest in a map": {manifest(object("a", "b")), manifest(object("a", "b")), true},
	} {
		if got := contains(test.live, test.wanted); got != test.want {
			t.Errorf("%s: %t, want %t", name, got, test.want)
		}
	}
}

func TestOldest(t *testing.T) {
	at := func(namespace, name string, second int64) v1.KubeVirt {
		return v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: name, UID: types.UID(name), CreationTimestamp: metav1.NewTime(time.Unix(second, 0)),
		}}
	}
	all := []v1.KubeVirt{at("elsewhere", "stray", 1), at("kubevirt", "second", 3), at("kubevirt", "first", 2)}
	if found := oldest(all, "kubevirt"); found == nil || found.Name != "first" {
		t.Errorf("found %+v, want first", found)
	}
	if found := oldest(all[:1], "kubevirt"); found != nil {
		t.Errorf("found %s in another namespace", found.Name)
	}
}

func TestOwnKeys(t *testing.T) {
	own := ownKeys(map[string]string{
		v1.LabelSchedulable: "true", v1.LabelCPUModelPrefix + "Penryn": "true", "cpumanager": "false",
		"notkubevirt.io/x": "", "kubernetes.io/hostname": "n", "kubevirt.io.example.com/x": "", "plain": "",
	})
	if len(own) != 3 {
		t.Errorf("%v are taken for ours, want three", own)
	}
}

// TestHalted: what is said of an update that waits stays the same as long as its
// reason does, and is told once.
func TestHalted(t *testing.T) {
	events := &event.Memory{}
	r := &Reconciler{Environment: component.Environment{Namespace: "kubevirt", Image: "a/b:c", LauncherImage: "a/d:c"}, Events: events}
	kv := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: "kubevirt", Name: "kubevirt", UID: "1"}}
	kv.Status.Conditions = []v1.Condition{{Type: v1.ConditionAvailable, Status: corev1.ConditionTrue}}
	kv.Status.ObservedDeploymentID = "former"
	told := 0
	for _, c := range []struct {
		trouble *trouble
		message string
		events  int
	}{
		{&trouble{"pod a: container x keeps ending", "12:00 no way"}, "pod a: container x keeps ending: 12:00 no way", 1},
		{&trouble{"pod a: container x keeps ending", "12:01 no way"}, "pod a: container x keeps ending: 12:00 no way", 1},
		{&trouble{"pod b: container x keeps ending", "12:02 no way"}, "pod b: container x keeps ending: 12:02 no way", 2},
		{nil, "pods", 2},
		{&trouble{"pod b: container x keeps ending", "12:03 no way"}, "pod b: container x keeps ending: 12:03 no way", 3},
	} {
		s := &scope{kv: kv, now: noon, live: liveObjects{}, waiting: "pods", trouble: c.trouble}
		var err error
		if s.config, err = component.NewConfig(r.Environment, kv, 0, nil); err != nil {
			t.Fatal(err)
		}
		r.report(s, nil)
		told += len(events.Take())
		if got := v1.FindCondition(kv.Status.Conditions, v1.ConditionDegraded).Message; got != c.message || told != c.events {
			t.Errorf("message %q after %d events, want %q after %d", got, told, c.message, c.events)
		}
	}
}

func TestFights(t *testing.T) {
	m, id, now := &memory{}, identity{key: client.ObjectKey{Name: "x"}}, noon
	for n := 1; n <= free; n++ {
		if at := m.mayRestore(id, now); at.After(now) {
			t.Fatalf("has to wait before it is put back %d times", n)
		}
		m.restored(id, now)
	}
	for n, want := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, longest, longest} {
		at := m.mayRestore(id, now)
		if got := at.Sub(now); got != want {
			t.Errorf("pause %d is %s, want %s", n, got, want)
		}
		now = at
		m.restored(id, now)
	}
	if now = now.Add(peace); m.mayRestore(id, now).After(now) || m.restored(id, now) != 1 {
		t.Error("a fight does not end")
	}
}
