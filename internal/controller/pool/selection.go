package pool

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
)

// order returns the machines in the order of a policy, at random without one. Those
// that its selectors choose come before all others. nodes holds the labels of the
// nodes that guests run on.
func order(machines []*machine, policy *poolv1beta1.VirtualMachinePoolSelectionPolicy, nodes map[string]labels.Set, shuffle func(int, func(i, j int))) ([]*machine, error) {
	ordered := slices.Clone(machines)
	sort := poolv1beta1.SortPolicyRandom
	if policy != nil && policy.SortPolicy != nil {
		sort = *policy.SortPolicy
	}
	slices.SortFunc(ordered, byIndex)
	switch sort {
	case poolv1beta1.SortPolicyAscendingOrder:
	case poolv1beta1.SortPolicyDescendingOrder:
		slices.Reverse(ordered)
	case poolv1beta1.SortPolicyNewest:
		slices.SortStableFunc(ordered, func(a, b *machine) int { return byAge(b, a) })
	case poolv1beta1.SortPolicyOldest:
		slices.SortStableFunc(ordered, byAge)
	default:
		shuffle(len(ordered), func(i, j int) { ordered[i], ordered[j] = ordered[j], ordered[i] })
	}
	if policy == nil || policy.Selectors == nil {
		return ordered, nil
	}
	chosen, err := chooser(policy.Selectors, nodes)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(ordered, func(a, b *machine) int { return rank(chosen(a)) - rank(chosen(b)) })
	return ordered, nil
}

func byIndex(a, b *machine) int { return cmp.Compare(a.index, b.index) }

func byAge(a, b *machine) int { return a.vm.CreationTimestamp.Compare(b.vm.CreationTimestamp.Time) }

func rank(chosen bool) int {
	if chosen {
		return 0
	}
	return 1
}

// chooser returns the test whether a machine is chosen: by all the selectors there are.
func chooser(selectors *poolv1beta1.VirtualMachinePoolSelectors, nodes map[string]labels.Set) (func(*machine) bool, error) {
	byLabels := labels.Everything()
	if selectors.LabelSelector != nil {
		var err error
		if byLabels, err = metav1.LabelSelectorAsSelector(selectors.LabelSelector); err != nil {
			return nil, fmt.Errorf("reading the selection policy's labelSelector: %w", err)
		}
	}
	if selectors.NodeSelectorRequirementMatcher == nil {
		return func(m *machine) bool { return byLabels.Matches(labels.Set(m.vm.Labels)) }, nil
	}
	byNode, err := nodeSelector(*selectors.NodeSelectorRequirementMatcher)
	if err != nil {
		return nil, fmt.Errorf("reading the selection policy's nodeSelectorRequirementMatcher: %w", err)
	}
	return func(m *machine) bool {
		node, known := nodes[m.node()]
		return known && byNode.Matches(node) && byLabels.Matches(labels.Set(m.vm.Labels))
	}, nil
}

func nodeSelector(requirements []corev1.NodeSelectorRequirement) (labels.Selector, error) {
	selector := labels.NewSelector()
	for _, r := range requirements {
		requirement, err := labels.NewRequirement(r.Key, poolv1beta1.NodeOperators[r.Operator], r.Values)
		if err != nil {
			return nil, err
		}
		selector = selector.Add(*requirement)
	}
	return selector, nil
}
