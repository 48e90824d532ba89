package pool

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
)

type (
	policy    = poolv1beta1.VirtualMachinePoolSelectionPolicy
	selectors = poolv1beta1.VirtualMachinePoolSelectors
)

// some makes machines with the numbers, of which the higher are older.
func some(indexes ...int) []*machine {
	var machines []*machine
	for _, index := range indexes {
		vm := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Name: machineName("p", index)}}
		vm.CreationTimestamp = metav1.NewTime(time.Unix(1e9, 0).Add(-time.Duration(index) * time.Minute))
		machines = append(machines, &machine{index: index, vm: vm})
	}
	return machines
}

func indexes(machines []*machine) string {
	var list []string
	for _, m := range machines {
		list = append(list, fmt.Sprint(m.index))
	}
	return strings.Join(list, " ")
}

func (m *machine) on(node string) {
	m.vmi = &v1.VirtualMachineInstance{Status: v1.VirtualMachineInstanceStatus{NodeName: node}}
}

// backwards stands for a random order.
func backwards(n int, swap func(i, j int)) {
	for i := range n / 2 {
		swap(i, n-1-i)
	}
}

func TestOrder(t *testing.T) {
	sorted := func(p poolv1beta1.VirtualMachinePoolSortPolicy, s *selectors) *policy {
		return &policy{SortPolicy: &p, Selectors: s}
	}
	byLabel := &metav1.LabelSelector{MatchLabels: map[string]string{"spare": "yes"}}
	onNodes := func(key string, operator corev1.NodeSelectorOperator, values ...string) *[]corev1.NodeSelectorRequirement {
		return &[]corev1.NodeSelectorRequirement{{Key: key, Operator: operator, Values: values}}
	}
	const ascending, descending = poolv1beta1.SortPolicyAscendingOrder, poolv1beta1.SortPolicyDescendingOrder
	for name, c := range map[string]struct {
		policy *policy
		want   string
	}{
		"ascending":            {sorted(ascending, nil), "0 1 2 10"},
		"descending":           {sorted(descending, nil), "10 2 1 0"},
		"newest":               {sorted(poolv1beta1.SortPolicyNewest, nil), "0 1 2 10"},
		"oldest":               {sorted(poolv1beta1.SortPolicyOldest, nil), "10 2 1 0"},
		"random":               {sorted(poolv1beta1.SortPolicyRandom, nil), "10 2 1 0"},
		"no policy":            {nil, "10 2 1 0"},
		"an empty policy":      {&policy{}, "10 2 1 0"},
		"chosen by label":      {sorted(ascending, &selectors{LabelSelector: byLabel}), "1 10 0 2"},
		"chosen, descending":   {sorted(descending, &selectors{LabelSelector: byLabel}), "10 1 2 0"},
		"chosen, random":       {&policy{Selectors: &selectors{LabelSelector: byLabel}}, "10 1 2 0"},
		"no selector":          {sorted(ascending, &selectors{}), "0 1 2 10"},
		"by node, in":          {sorted(ascending, &selectors{NodeSelectorRequirementMatcher: onNodes("zone", "In", "b")}), "2 10 0 1"},
		"by node, not in":      {sorted(ascending, &selectors{NodeSelectorRequirementMatcher: onNodes("zone", "NotIn", "b")}), "1 0 2 10"},
		"by node, exists":      {sorted(ascending, &selectors{NodeSelectorRequirementMatcher: onNodes("old", "Exists")}), "1 0 2 10"},
		"by node, exists not":  {sorted(ascending, &selectors{NodeSelectorRequirementMatcher: onNodes("old", "DoesNotExist")}), "2 10 0 1"},
		"by node, more than":   {sorted(ascending, &selectors{NodeSelectorRequirementMatcher: onNodes("racks", "Gt", "3")}), "2 10 0 1"},
		"by node, less than":   {sorted(ascending, &selectors{NodeSelectorRequirementMatcher: onNodes("racks", "Lt", "3")}), "1 0 2 10"},
		"by any node":          {sorted(ascending, &selectors{NodeSelectorRequirementMatcher: &[]corev1.NodeSelectorRequirement{}}), "1 2 10 0"},
		"by label and by node": {sorted(ascending, &selectors{LabelSelector: byLabel, NodeSelectorRequirementMatcher: onNodes("zone", "In", "b")}), "10 0 1 2"},
	} {
		t.Run(name, func(t *testing.T) {
			machines := some(2, 0, 10, 1)
			for _, m := range machines {
				switch m.index {
				case 1:
					m.vm.Labels = map[string]string{"spare": "yes"}
					m.on("a")
				case 2:
					m.on("b")
				case 10:
					m.vm.Labels = map[string]string{"spare": "yes"}
					m.on("b")
				}
			}
			nodes := map[string]labels.Set{"a": {"zone": "a", "old": "", "racks": "1"}, "b": {"zone": "b", "racks": "4"}}
			before := indexes(machines)
			got, err := order(machines, c.policy, nodes, backwards)
			if err != nil || indexes(got) != c.want {
				t.Errorf("%s (%v), want %s", indexes(got), err, c.want)
			}
			if indexes(machines) != before {
				t.Error("the list given has changed")
			}
		})
	}
}

func TestOrderFails(t *testing.T) {
	for name, s := range map[string]*selectors{
		"labels": {LabelSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Like"}}}},
		"nodes":  {NodeSelectorRequirementMatcher: &[]corev1.NodeSelectorRequirement{{Key: "a", Operator: "Like"}}},
	} {
		if got, err := order(some(0), &policy{Selectors: s}, nil, backwards); err == nil {
			t.Errorf("%s: %s", name, indexes(got))
		}
	}
}

func TestIdle(t *testing.T) {
	stopped := v1.PrintableStatusStopped
	for name, c := range map[string]struct {
		strategy v1.VirtualMachineRunStrategy
		status   v1.VirtualMachinePrintableStatus
		phase    v1.VirtualMachineInstancePhase // of the instance; none if unset
		requests int
		unseen   int64
		want     bool
	}{
		"halted":                        {v1.RunStrategyHalted, stopped, "", 0, 0, true},
		"halted, disks being made":      {v1.RunStrategyHalted, v1.PrintableStatusProvisioning, "", 0, 0, true},
		"halted, still running":         {v1.RunStrategyHalted, v1.PrintableStatusRunning, v1.VMIPhaseRunning, 0, 0, false},
		"halted, asked to start":        {v1.RunStrategyHalted, stopped, "", 1, 0, false},
		"running":                       {v1.RunStrategyAlways, v1.PrintableStatusRunning, v1.VMIPhaseRunning, 0, 0, false},
		"new":                           {v1.RunStrategyAlways, "", "", 0, 0, false},
		"between two instances":         {v1.RunStrategyAlways, v1.PrintableStatusStarting, "", 0, 0, false},
		"the one before not gone yet":   {v1.RunStrategyAlways, v1.PrintableStatusStarting, v1.VMIPhaseSucceeded, 0, 0, false},
		"after a crash":                 {v1.RunStrategyAlways, v1.PrintableStatusCrashLoopBackOff, v1.VMIPhaseFailed, 0, 0, false},
		"switched on, not seen yet":     {v1.RunStrategyAlways, stopped, "", 0, 1, false},
		"manual":                        {v1.RunStrategyManual, stopped, "", 0, 0, true},
		"manual, asked to start":        {v1.RunStrategyManual, stopped, "", 1, 0, false},
		"ended":                         {v1.RunStrategyOnce, stopped, v1.VMIPhaseSucceeded, 0, 0, true},
		"failed, about to be run again": {v1.RunStrategyRerunOnFailure, v1.PrintableStatusStarting, v1.VMIPhaseFailed, 1, 0, false},
		"an unknown strategy":           {"Sometimes", stopped, "", 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := some(0)[0]
			m.vm.Spec.RunStrategy, m.vm.Status.PrintableStatus, m.vm.Generation = &c.strategy, c.status, c.unseen
			m.vm.Status.StateChangeRequests = make([]v1.VirtualMachineStateChangeRequest, c.requests)
			if c.phase != "" {
				m.on("a")
				m.vmi.Status.Phase = c.phase
			}
			if m.idle() != c.want {
				t.Errorf("want %v", c.want)
			}
		})
	}
	machines := some(0, 2, 1)
	always := v1.RunStrategyAlways
	machines[2].vm.Spec.RunStrategy = &always
	if got := indexes(idle(machines)); got != "2 0" {
		t.Errorf("idle: %s", got)
	}
}

func TestVacancies(t *testing.T) {
	for name, c := range map[string]struct {
		missing     int
		numbers     string // what is at each number: . nothing, o own, g going, f foreign
		free, taken []int
	}{
		"an empty pool":        {3, "", []int{0, 1, 2}, nil},
		"a hole first":         {2, "o.o", []int{1, 3}, nil},
		"nothing missing":      {0, "o.o", nil, nil},
		"too many":             {-2, "o.o", nil, nil},
		"one on its way out":   {1, "ogo", nil, nil},
		"and another":          {2, "ogo", []int{3}, nil},
		"passed over":          {2, "ofo", []int{3, 4}, []int{1}},
		"passed over, no need": {0, "ofo", nil, []int{1}},
		"beyond, not looked":   {0, "of", nil, nil},
		"two passed over":      {1, "ff", []int{2}, []int{0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			at := map[int]occupant{}
			for i := range c.numbers {
				at[i] = map[byte]occupant{'.': nothing, 'o': own, 'g': going, 'f': foreign}[c.numbers[i]]
			}
			free, taken := vacancies(c.missing, at)
			if !slices.Equal(free, c.free) || !slices.Equal(taken, c.taken) {
				t.Errorf("free %v, taken %v; want %v and %v", free, taken, c.free, c.taken)
			}
		})
	}
}

// However far the numbers go, only what is missing is looked for.
func TestVacanciesFarAway(t *testing.T) {
	at := map[int]occupant{1: foreign, math.MaxInt32: own}
	if free, taken := vacancies(0, at); len(free) != 0 || !slices.Equal(taken, []int{1}) {
		t.Errorf("free %v, taken %v", free, taken)
	}
	free, taken := vacancies(math.MaxInt32, at)
	if len(free) != burst || free[0] != 0 || free[1] != 2 || !slices.Equal(taken, []int{1}) {
		t.Errorf("%d are free, %v taken", len(free), taken)
	}
}
