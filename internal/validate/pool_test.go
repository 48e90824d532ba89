package validate

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/test/builder"
)

type poolSpec = poolv1beta1.VirtualMachinePoolSpec

// poolCase changes a good pool. Want is the path of the one error with a part of
// the message.
type poolCase struct {
	change func(*poolSpec)
	want   string
}

func checkPools(t *testing.T, cases map[string]poolCase) {
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			pool := builder.Pool("ns", "pool", 3, v1.RunStrategyAlways, builder.Label("app", "x"))
			c.change(&pool.Spec)
			wantOne(t, checkPool(pool), c.want)
		})
	}
}

func TestPool(t *testing.T) {
	unavailable := func(limit string) func(*poolSpec) {
		return func(s *poolSpec) { s.MaxUnavailable = new(intstr.IntOrString); *s.MaxUnavailable = intstr.Parse(limit) }
	}
	checkPools(t, map[string]poolCase{
		"as it should be":    {func(*poolSpec) {}, ""},
		"one down":           {unavailable("1"), ""},
		"one percent down":   {unavailable("1%"), ""},
		"all down":           {unavailable("100%"), ""},
		"none down":          {unavailable("0"), "spec.maxUnavailable: must be 1 or more"},
		"less than none":     {unavailable("-1"), "spec.maxUnavailable: must be 1 or more"},
		"none in percent":    {unavailable("0%"), "spec.maxUnavailable: from 1% to 100%"},
		"more than all":      {unavailable("101%"), "spec.maxUnavailable: from 1% to 100%"},
		"a word":             {unavailable("half"), "spec.maxUnavailable: from 1% to 100%"},
		"no template":        {func(s *poolSpec) { s.VirtualMachineTemplate = nil }, ""},
		"no selector":        {func(s *poolSpec) { s.Selector = nil }, "spec.selector: say by which labels"},
		"an empty selector":  {func(s *poolSpec) { s.Selector = &metav1.LabelSelector{} }, "spec.selector: say by which labels"},
		"a selector too far": {func(s *poolSpec) { s.Selector.MatchLabels["app"] = "y" }, "spec.virtualMachineTemplate.metadata.labels: must be matched by spec.selector"},
		"a broken selector": {func(s *poolSpec) {
			s.Selector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Like"}}
		}, "spec.selector.matchExpressions[0].operator: not a valid selector operator"},
		"a label that cannot be": {func(s *poolSpec) { s.VirtualMachineTemplate.Metadata.Labels["b c"] = "" }, "spec.virtualMachineTemplate.metadata.labels: "},
		"an annotation that cannot be": {func(s *poolSpec) { s.VirtualMachineTemplate.Metadata.Annotations = map[string]string{"b c": ""} },
			"spec.virtualMachineTemplate.metadata.annotations: "},
		"no run strategy": {func(s *poolSpec) { s.VirtualMachineTemplate.Spec.RunStrategy = nil },
			"spec.virtualMachineTemplate.spec.runStrategy: say when the machine runs"},
		"a machine that is not supported": {func(s *poolSpec) { s.VirtualMachineTemplate.Spec.Instancetype = &v1.InstancetypeMatcher{Name: "a"} },
			"spec.virtualMachineTemplate.spec.instancetype: spec.virtualMachineTemplate.spec.instancetype is not supported yet"},
		"an instance that cannot work": {func(s *poolSpec) { s.VirtualMachineTemplate.Spec.Template.Spec.Hostname = "a_b" },
			"spec.virtualMachineTemplate.spec.template.spec.hostname: "},
	})
}

func TestPoolStrategies(t *testing.T) {
	scaleIn := func(strategy poolv1beta1.VirtualMachinePoolScaleInStrategy) func(*poolSpec) {
		return func(s *poolSpec) { s.ScaleInStrategy = &strategy }
	}
	update := func(strategy poolv1beta1.VirtualMachinePoolUpdateStrategy) func(*poolSpec) {
		return func(s *poolSpec) { s.UpdateStrategy = &strategy }
	}
	online, offline := poolv1beta1.StatePreservationOnline, poolv1beta1.StatePreservationOffline
	unmanaged := &poolv1beta1.VirtualMachinePoolUnmanagedStrategy{}
	selectors := func(s poolv1beta1.VirtualMachinePoolSelectors) *poolv1beta1.VirtualMachinePoolSelectionPolicy {
		return &poolv1beta1.VirtualMachinePoolSelectionPolicy{Selectors: &s}
	}
	nodes := func(key string, operator corev1.NodeSelectorOperator, values ...string) *poolv1beta1.VirtualMachinePoolSelectionPolicy {
		return selectors(poolv1beta1.VirtualMachinePoolSelectors{
			NodeSelectorRequirementMatcher: &[]corev1.NodeSelectorRequirement{{Key: key, Operator: operator, Values: values}},
		})
	}
	badLabels := selectors(poolv1beta1.VirtualMachinePoolSelectors{LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"a b": ""}}})
	const (
		exclusive = "unmanaged, opportunistic and proactive exclude each other"
		inScaleIn = "spec.scaleInStrategy.proactive.selectionPolicy.selectors."
		inUpdate  = "spec.updateStrategy.proactive.selectionPolicy.selectors."
	)
	checkPools(t, map[string]poolCase{
		"scale in, unmanaged": {scaleIn(poolv1beta1.VirtualMachinePoolScaleInStrategy{Unmanaged: unmanaged}), ""},
		"scale in, twice": {scaleIn(poolv1beta1.VirtualMachinePoolScaleInStrategy{
			Unmanaged: unmanaged, Opportunistic: &poolv1beta1.VirtualMachinePoolOpportunisticScaleInStrategy{},
		}), "spec.scaleInStrategy: " + exclusive},
		"keeping volumes": {scaleIn(poolv1beta1.VirtualMachinePoolScaleInStrategy{
			Opportunistic: &poolv1beta1.VirtualMachinePoolOpportunisticScaleInStrategy{StatePreservation: &offline},
		}), ""},
		"keeping memory": {scaleIn(poolv1beta1.VirtualMachinePoolScaleInStrategy{
			Opportunistic: &poolv1beta1.VirtualMachinePoolOpportunisticScaleInStrategy{StatePreservation: &online},
		}), "spec.scaleInStrategy.opportunistic.statePreservation: Online is not supported: this version cannot keep a guest's memory"},
		"keeping memory, proactive": {scaleIn(poolv1beta1.VirtualMachinePoolScaleInStrategy{
			Proactive: &poolv1beta1.VirtualMachinePoolProactiveScaleInStrategy{StatePreservation: &online},
		}), "spec.scaleInStrategy.proactive.statePreservation: Online is not supported"},
		"scale in by node": {scaleIn(poolv1beta1.VirtualMachinePoolScaleInStrategy{
			Proactive: &poolv1beta1.VirtualMachinePoolProactiveScaleInStrategy{SelectionPolicy: nodes("racks", "Gt", "3")},
		}), ""},
		"scale in by a node that cannot be": {scaleIn(poolv1beta1.VirtualMachinePoolScaleInStrategy{
			Proactive: &poolv1beta1.VirtualMachinePoolProactiveScaleInStrategy{SelectionPolicy: nodes("racks", "Gt", "many")},
		}), inScaleIn + "nodeSelectorRequirementMatcher[0]: "},
		"scale in by a label that cannot be": {scaleIn(poolv1beta1.VirtualMachinePoolScaleInStrategy{
			Proactive: &poolv1beta1.VirtualMachinePoolProactiveScaleInStrategy{SelectionPolicy: badLabels},
		}), inScaleIn + "labelSelector.matchLabels: "},

		"update, opportunistic": {update(poolv1beta1.VirtualMachinePoolUpdateStrategy{Opportunistic: &poolv1beta1.VirtualMachineOpportunisticUpdateStrategy{}}), ""},
		"update, thrice": {update(poolv1beta1.VirtualMachinePoolUpdateStrategy{
			Unmanaged: unmanaged, Opportunistic: &poolv1beta1.VirtualMachineOpportunisticUpdateStrategy{}, Proactive: &poolv1beta1.VirtualMachinePoolProactiveUpdateStrategy{},
		}), "spec.updateStrategy: " + exclusive},
		"update by an operator that cannot be": {update(poolv1beta1.VirtualMachinePoolUpdateStrategy{
			Proactive: &poolv1beta1.VirtualMachinePoolProactiveUpdateStrategy{SelectionPolicy: nodes("racks", "Like")},
		}), inUpdate + "nodeSelectorRequirementMatcher[0].operator: supported values"},

		"healing": {func(s *poolSpec) { s.Autohealing = &poolv1beta1.VirtualMachinePoolAutohealingStrategy{} }, ""},
		"healing before": {func(s *poolSpec) {
			s.Autohealing = &poolv1beta1.VirtualMachinePoolAutohealingStrategy{MinFailingToStartDuration: &metav1.Duration{Duration: -time.Second}}
		}, "spec.autohealing.minFailingToStartDuration: must not be negative"},
	})
}

func checkPool(pool *poolv1beta1.VirtualMachinePool) field.ErrorList {
	cfg := clusterconfig.New(nil)
	return Pool(pool, cfg, func(vmi *v1.VirtualMachineInstance) { fill(vmi, cfg) })
}

func wantOne(t *testing.T, errs field.ErrorList, want string) {
	t.Helper()
	path, message, _ := strings.Cut(want, ": ")
	if want == "" && len(errs) > 0 ||
		want != "" && (len(errs) != 1 || errs[0].Field != path || !strings.Contains(errs[0].ErrorBody(), message)) {
		t.Errorf("got %v, want %q", errs.ToAggregate(), want)
	}
}

// The name leaves room for those of the machines.
func TestPoolName(t *testing.T) {
	for n, want := range map[int]string{242: "", 243: "metadata.name: must have no more than 242 characters"} {
		pool := builder.Pool("ns", strings.Repeat("a", n), 1, v1.RunStrategyAlways, builder.Label("app", "x"))
		wantOne(t, checkPool(pool), want)
	}
}

func TestPoolUpdate(t *testing.T) {
	old := builder.Pool("ns", "pool", 1, v1.RunStrategyAlways, builder.Label("app", "x"))
	scaled, moved := old.DeepCopy(), old.DeepCopy()
	*scaled.Spec.Replicas = 5
	moved.Spec.Selector.MatchLabels["app"] = "y"
	wantOne(t, PoolUpdate(old, scaled), "")
	wantOne(t, PoolUpdate(old, moved), "spec.selector: cannot be changed")
}
