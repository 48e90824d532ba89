package explain

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

// podRequest is what a pod asks a node for.
func podRequest(pod *corev1.Pod, name corev1.ResourceName) resource.Quantity {
	var sum resource.Quantity
	for i := range pod.Spec.Containers {
		sum.Add(pod.Spec.Containers[i].Resources.Requests[name])
	}
	return sum
}

// anyNodeHas reports whether an empty node would have as much.
func (v *view) anyNodeHas(name corev1.ResourceName, request resource.Quantity) bool {
	return slices.ContainsFunc(v.Nodes, func(node corev1.Node) bool {
		has := node.Status.Allocatable[name]
		return has.Cmp(request) >= 0
	})
}

// selection is what a label of the launcher pod's node selector stands for.
type selection struct {
	prefix          string
	reason          string
	message, remedy string
}

// selections are ours; every other label is the machine's or the installation's own.
// %s is what follows the prefix, or the label's value.
var selections = []selection{
	{
		v1.LabelSchedulable, v1.CauseNoNodeRunsGuests, "virt-handler offers no node for guests.",
		"See that virt-handler runs and is ready: kubectl get pods -A -l kubevirt.io=virt-handler -o wide. It labels its node " +
			"kubevirt.io/schedulable=true.",
	},
	{
		corev1.LabelArchStable, v1.CauseArchitectureUnavailable, "No node has the architecture %s.",
		"Correct spec.template.spec.architecture, or add such a node.",
	},
	{
		"cpu-model.node.kubevirt.io/", v1.CauseCPUModelUnavailable, "No node has the CPU model %s.",
		"Choose another spec.template.spec.domain.cpu.model, such as host-model: the nodes' labels cpu-model.node.kubevirt.io " +
			"list theirs.",
	},
	{
		"cpu-feature.node.kubevirt.io/", v1.CauseCPUFeatureUnavailable, "No node has the CPU feature %s.",
		"Take it out of spec.template.spec.domain.cpu.features, or make its policy optional.",
	},
	{
		"machine-type.node.kubevirt.io/", v1.CauseMachineTypeUnavailable, "No node has the machine type %s.",
		"Choose another spec.template.spec.domain.machine.type: the nodes' labels machine-type.node.kubevirt.io list theirs.",
	},
}

// unmatched finds out which label or rule no node satisfies. Nodes that are not for
// guests at all are not worth mentioning where others have a reason of their own.
func (v *view) unmatched(it verdict, total int, others bool, evidence *subresourcesv1.Evidence) []cause {
	selector, affinity := v.spec.NodeSelector, nodeAffinity(v.spec.Affinity)
	if v.pod != nil {
		selector, affinity = v.pod.Spec.NodeSelector, nodeAffinity(v.pod.Spec.Affinity)
	}
	var found []cause
	var own []string
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		if v.Nodes == nil || v.anyNodeLabelled(key, selector[key]) {
			continue
		}
		if known := selectionFor(key); known != nil {
			found = append(found, notRunning(known.reason, known.says(key, selector[key]), known.remedy, evidence))
			continue
		}
		own = append(own, key+"="+selector[key])
	}
	if len(own) > 0 {
		found = append(found, notRunning(v1.CauseNodeSelectorUnmatched, "No node has the label "+strings.Join(own,
			", nor ")+", which the node selector asks for.",
			"Correct spec.template.spec.nodeSelector, or label a node: kubectl get nodes --show-labels.", evidence,
			seen(v1.KindVirtualMachine, v.VM.Name, "spec.template.spec.nodeSelector", strings.Join(own, ", "))))
	}
	switch {
	case len(found) > 0:
		return found
	case affinity:
		return []cause{notRunning(v1.CauseNodeAffinityUnmatched, areOf(it.nodes,
			total)+" ruled out by the machine's node affinity or node selector.",
			"Relax spec.template.spec.affinity.nodeAffinity, or label a node: kubectl get nodes --show-labels.", evidence)}
	case others && len(v.spec.NodeSelector) == 0:
		return nil
	}
	return []cause{notRunning(v1.CauseNodeSelectorUnmatched, areOf(it.nodes, total)+" without the labels that the machine needs.",
		"Correct spec.template.spec.nodeSelector, or label a node; guests run where virt-handler has set "+
			"kubevirt.io/schedulable=true.", evidence)}
}

func nodeAffinity(affinity *corev1.Affinity) bool {
	return affinity != nil && affinity.NodeAffinity != nil && affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil
}

func (v *view) anyNodeLabelled(key, value string) bool {
	return slices.ContainsFunc(v.Nodes, func(node corev1.Node) bool { return node.Labels[key] == value })
}

func selectionFor(label string) *selection {
	for i := range selections {
		if strings.HasPrefix(label, selections[i].prefix) {
			return &selections[i]
		}
	}
	return nil
}

func (s *selection) says(label, value string) string {
	if !strings.Contains(s.message, "%s") {
		return s.message
	}
	if name := strings.TrimPrefix(label, s.prefix); name != "" {
		value = name
	}
	return fmt.Sprintf(s.message, value)
}
