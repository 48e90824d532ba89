package pool

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
)

func TestBring(t *testing.T) {
	for name, c := range map[string]struct {
		// Specs in YAML: the machine's, the template's before and now, and what the machine's becomes.
		live, before, after, want string
	}{
		"what is set": {
			`{template: {spec: {domain: {devices: {}, cpu: {cores: 1}}}}}`,
			`{template: {spec: {domain: {devices: {}, cpu: {cores: 1}}}}}`,
			`{template: {spec: {domain: {devices: {}, cpu: {cores: 2}}}}}`,
			`{template: {spec: {domain: {devices: {}, cpu: {cores: 2}}}}}`,
		},
		"what is taken away": {
			`{template: {spec: {hostname: a, domain: {devices: {rng: {}}, cpu: {cores: 1}}}}}`,
			`{template: {spec: {hostname: a, domain: {devices: {rng: {}}, cpu: {cores: 1}}}}}`,
			`{template: {spec: {domain: {devices: {}}}}}`,
			`{template: {spec: {domain: {devices: {}}}}}`,
		},
		"identities stay": {
			`{template: {spec: {architecture: amd64, domain: {devices: {}, firmware: {uuid: u, serial: s, bootloader: {bios: {}}}}}}}`,
			`{template: {spec: {domain: {devices: {}, firmware: {bootloader: {bios: {}}}}}}}`,
			`{template: {spec: {domain: {devices: {}, firmware: {bootloader: {efi: {}}}}}}}`,
			`{template: {spec: {architecture: amd64, domain: {devices: {}, firmware: {uuid: u, serial: s, bootloader: {efi: {}}}}}}}`,
		},
		"identities stay when the template drops what holds them": {
			`{template: {spec: {domain: {devices: {}, firmware: {uuid: u, bootloader: {efi: {}}}}}}}`,
			`{template: {spec: {domain: {devices: {}, firmware: {bootloader: {efi: {}}}}}}}`,
			`{template: {spec: {domain: {devices: {}}}}}`,
			`{template: {spec: {domain: {devices: {}, firmware: {uuid: u}}}}}`,
		},
		"lists are the template's": {
			`{template: {spec: {domain: {devices: {}}, volumes: [{name: a, emptyDisk: {capacity: 1Gi}}, {name: mine, emptyDisk: {capacity: 1Gi}}]}}}`,
			`{template: {spec: {domain: {devices: {}}, volumes: [{name: a, emptyDisk: {capacity: 1Gi}}]}}}`,
			`{template: {spec: {domain: {devices: {}}, volumes: [{name: b, emptyDisk: {capacity: 1Gi}}]}}}`,
			`{template: {spec: {domain: {devices: {}}, volumes: [{name: b, emptyDisk: {capacity: 1Gi}}]}}}`,
		},
		"an unknown past": {
			`{runStrategy: Halted, template: {spec: {hostname: a, domain: {devices: {}, firmware: {uuid: u}}}}}`,
			``,
			`{runStrategy: Always, template: {spec: {domain: {devices: {}, cpu: {cores: 2}}}}}`,
			`{runStrategy: Halted, template: {spec: {hostname: a, domain: {devices: {}, cpu: {cores: 2}, firmware: {uuid: u}}}}}`,
		},
		"stopped by somebody": {
			`{runStrategy: Halted, template: {spec: {domain: {devices: {}}}}}`,
			`{runStrategy: Always, template: {spec: {domain: {devices: {}}}}}`,
			`{runStrategy: Always, template: {spec: {domain: {devices: {}}}}}`,
			`{runStrategy: Halted, template: {spec: {domain: {devices: {}}}}}`,
		},
		"the template's run strategy changed": {
			`{runStrategy: Halted, template: {spec: {domain: {devices: {}}}}}`,
			`{runStrategy: Always, template: {spec: {domain: {devices: {}}}}}`,
			`{runStrategy: Manual, template: {spec: {domain: {devices: {}}}}}`,
			`{runStrategy: Manual, template: {spec: {domain: {devices: {}}}}}`,
		},
		"the template says it in other words": {
			`{runStrategy: Halted, template: {spec: {domain: {devices: {}}}}}`,
			`{runStrategy: Always, template: {spec: {domain: {devices: {}}}}}`,
			`{running: true, template: {spec: {domain: {devices: {}}}}}`,
			`{runStrategy: Halted, template: {spec: {domain: {devices: {}}}}}`,
		},
		"other words and another meaning": {
			`{running: true, template: {spec: {domain: {devices: {}}}}}`,
			`{running: true, template: {spec: {domain: {devices: {}}}}}`,
			`{runStrategy: Halted, template: {spec: {domain: {devices: {}}}}}`,
			`{runStrategy: Halted, template: {spec: {domain: {devices: {}}}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			vm, after := &v1.VirtualMachine{Spec: *parseSpec(t, c.live)}, &v1.VirtualMachine{Spec: *parseSpec(t, c.after)}
			var before *v1.VirtualMachine
			if c.before != "" {
				before = &v1.VirtualMachine{Spec: *parseSpec(t, c.before)}
			}
			if err := bring(vm, before, after); err != nil {
				t.Fatal(err)
			}
			wantEqual(t, vm.Spec, *parseSpec(t, c.want))
		})
	}
}

func TestBringEntries(t *testing.T) {
	type entries = map[string]string
	for name, c := range map[string]struct{ live, before, after, want entries }{
		"set, changed, taken away, somebody's": {
			entries{"a": "1", "b": "1", "mine": "1"}, entries{"a": "1", "b": "1"}, entries{"a": "2", "c": "1"}, entries{"a": "2", "c": "1", "mine": "1"},
		},
		"none":      {nil, nil, nil, nil},
		"the first": {nil, nil, entries{"a": "1"}, entries{"a": "1"}},
		"the last":  {entries{"a": "1"}, entries{"a": "1"}, nil, entries{}},
	} {
		t.Run(name, func(t *testing.T) { wantEqual(t, bringEntries(c.live, c.before, c.after), c.want) })
	}
}

func TestMaxUnavailable(t *testing.T) {
	for _, c := range []struct {
		limit    string
		replicas int
		want     int
	}{
		{"", 7, 7}, {"2", 7, 2}, {"100%", 7, 7}, {"50%", 7, 3}, {"1%", 7, 1}, {"50%", 0, 1}, {"9", 2, 9},
	} {
		var limit *intstr.IntOrString
		if c.limit != "" {
			parsed := intstr.Parse(c.limit)
			limit = &parsed
		}
		if got, err := maxUnavailable(limit, c.replicas); err != nil || got != c.want {
			t.Errorf("%q of %d: %d (%v), want %d", c.limit, c.replicas, got, err, c.want)
		}
	}
	bad := intstr.FromString("half")
	if got, err := maxUnavailable(&bad, 4); err == nil {
		t.Errorf("half: %d", got)
	}
}

func (m *machine) readily() *machine {
	m.on("a")
	m.vmi.Status.Phase = v1.VMIPhaseRunning
	m.vm.Status.Ready = true
	return m
}

func TestUnavailable(t *testing.T) {
	ready, starting, off, leaving, between := some(0)[0].readily(), some(1)[0], some(2)[0], some(3)[0].readily(), some(4)[0]
	starting.on("a")
	off.vm.Status.PrintableStatus = v1.PrintableStatusStopped
	leaving.vmi.DeletionTimestamp = &metav1.Time{Time: time.Now()}
	between.vm.Status.PrintableStatus = v1.PrintableStatusStarting
	for _, c := range []struct {
		want     int
		machines []*machine
		expected int
	}{
		{1, []*machine{ready}, 0}, {1, []*machine{starting}, 1}, {1, []*machine{off}, 0}, {1, []*machine{leaving}, 1},
		{1, []*machine{between}, 1}, {3, []*machine{ready}, 2}, {0, []*machine{ready}, 0},
		{5, []*machine{ready, starting, off, leaving, between}, 3},
	} {
		if got := unavailable(c.machines, c.want); got != c.expected {
			t.Errorf("%s of %d: %d, want %d", indexes(c.machines), c.want, got, c.expected)
		}
	}
}

func TestChoose(t *testing.T) {
	machines := some(3, 1, 2, 0)
	for _, m := range machines {
		if m.index != 2 {
			m.readily()
		}
	}
	for budget, want := range map[int]string{-1: "2", 0: "2", 1: "3 2", 2: "3 1 2", 9: "3 1 2 0"} {
		if got := indexes(choose(machines, budget)); got != want {
			t.Errorf("%d: %s, want %s", budget, got, want)
		}
	}
}

func TestRestartable(t *testing.T) {
	type change = func(*machine)
	strategy := func(s v1.VirtualMachineRunStrategy) change { return func(m *machine) { m.vm.Spec.RunStrategy = &s } }
	for name, c := range map[string]struct {
		change change
		want   bool
	}{
		"as it should be":     {func(*machine) {}, true},
		"not updated yet":     {func(m *machine) { m.vm.Labels[v1.LabelPoolRevisionName] = "old" }, false},
		"not seen yet":        {func(m *machine) { m.vm.Generation++ }, false},
		"up to date":          {func(m *machine) { m.vmi.Labels[v1.LabelPoolRevisionName] = "new" }, false},
		"of no revision":      {func(m *machine) { m.vmi.Labels = nil }, true},
		"off":                 {func(m *machine) { m.vmi = nil }, false},
		"ended":               {func(m *machine) { m.vmi.Status.Phase = v1.VMIPhaseFailed }, false},
		"leaving":             {func(m *machine) { m.vmi.DeletionTimestamp = &metav1.Time{Time: time.Now()} }, false},
		"being asked already": {func(m *machine) { m.vm.Status.StateChangeRequests = make([]v1.VirtualMachineStateChangeRequest, 1) }, false},
		"Manual":              {strategy(v1.RunStrategyManual), true},
		"RerunOnFailure":      {strategy(v1.RunStrategyRerunOnFailure), true},
		"Once":                {strategy(v1.RunStrategyOnce), false},
		"Halted":              {strategy(v1.RunStrategyHalted), false},
		"WaitAsReceiver":      {strategy(v1.RunStrategyWaitAsReceiver), false},
		"an unknown strategy": {strategy("Sometimes"), false},
	} {
		t.Run(name, func(t *testing.T) {
			m := some(0)[0].readily()
			strategy(v1.RunStrategyAlways)(m)
			m.vm.Labels = map[string]string{v1.LabelPoolRevisionName: "new"}
			m.vmi.Labels = map[string]string{v1.LabelPoolRevisionName: "old"}
			m.vm.Generation, m.vm.Status.DesiredGeneration = 2, 2
			if c.change(m); restartable(m, "new") != c.want {
				t.Errorf("want %v", c.want)
			}
		})
	}
}

func TestSameGuest(t *testing.T) {
	yes := true
	of := func(text string, generation *poolv1beta1.VirtualMachinePoolNameGeneration) *content {
		return &content{&poolv1beta1.VirtualMachineTemplateSpec{Spec: *parseSpec(t, text)}, generation}
	}
	const base = `{runStrategy: Always, template: {spec: {domain: {devices: {}}, volumes: [{name: a, configMap: {name: b}}]}}}`
	for name, c := range map[string]struct {
		other *content
		want  bool
	}{
		"equal":                {of(base, nil), true},
		"another run strategy": {of(`{runStrategy: Halted, template: {spec: {domain: {devices: {}}, volumes: [{name: a, configMap: {name: b}}]}}}`, nil), true},
		"other labels":         {of(`{template: {metadata: {labels: {a: b}}, spec: {domain: {devices: {}}, volumes: [{name: a, configMap: {name: b}}]}}}`, nil), true},
		"another volume":       {of(`{template: {spec: {domain: {devices: {}}, volumes: [{name: a, configMap: {name: c}}]}}}`, nil), false},
		"names of their own":   {of(base, &poolv1beta1.VirtualMachinePoolNameGeneration{AppendIndexToConfigMapRefs: &yes}), false},
		"no instance":          {of(`{}`, nil), false},
	} {
		if got := sameGuest(of(base, nil), c.other, 3); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestRevisionName(t *testing.T) {
	long := fmt.Sprintf("%0100d", 0)
	names := map[string]bool{}
	for _, pool := range []string{"a", "b", long, long + "0"} {
		for _, data := range []string{"x", "y"} {
			name := revisionName(pool, []byte(data))
			if names[name] || len(name) > maxLabelValue || name != revisionName(pool, []byte(data)) {
				t.Errorf("%s, %s: %s", pool, data, name)
			}
			names[name] = true
		}
	}
}
