package launcherpod

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
)

// Labels of nodes. Each model, feature and machine type that a node offers has a
// label of its own with the value "true".
const (
	nodeSchedulable       = "kubevirt.io/schedulable"
	nodeModelPrefix       = "cpu-model.node.kubevirt.io/"
	nodeFeaturePrefix     = "cpu-feature.node.kubevirt.io/"
	nodeMachinePrefix     = "machine-type.node.kubevirt.io/"
	nodeObsoleteHostModel = "node-labeller.kubevirt.io/obsolete-host-model"

	offered = "true"

	modelHost        = "host-model"
	modelPassthrough = "host-passthrough"
)

// placement says which nodes may run the pod.
func placement(r *render) error {
	spec, pod := &r.vmi.Spec, &r.pod.Spec
	pod.NodeSelector = nodeSelector(r)
	pod.Affinity = affinity(r)
	pod.Tolerations = spec.Tolerations
	pod.TopologySpreadConstraints = spec.TopologySpreadConstraints
	pod.SchedulerName = spec.SchedulerName
	pod.PriorityClassName = spec.PriorityClassName
	if r.cfg.DefaultRuntimeClass != "" {
		class := r.cfg.DefaultRuntimeClass
		pod.RuntimeClassName = &class
	}
	return nil
}

func nodeSelector(r *render) map[string]string {
	spec := &r.vmi.Spec
	architecture := spec.Architecture
	if architecture == "" {
		architecture = r.cfg.DefaultArchitecture
	}
	selector := map[string]string{}
	maps.Copy(selector, r.cfg.NodeSelectors)
	maps.Copy(selector, spec.NodeSelector)
	selector[nodeSchedulable] = offered
	selector[corev1.LabelArchStable] = architecture
	// Every node has the cluster's usual machine type; only an unusual one is looked for.
	if machine := spec.Domain.Machine; machine != nil && machine.Type != "" && machine.Type != r.cfg.MachineType(architecture) {
		selector[nodeMachinePrefix+machine.Type] = offered
	}
	// The emulator is the same on all nodes: what their own CPUs can do does not matter.
	if cpu := spec.Domain.CPU; cpu != nil && !r.cfg.UseEmulation {
		if cpu.Model != "" && cpu.Model != modelHost && cpu.Model != modelPassthrough {
			selector[nodeModelPrefix+cpu.Model] = offered
		}
		for _, feature := range cpu.Features {
			if feature.Policy == "" || feature.Policy == "require" {
				selector[nodeFeaturePrefix+feature.Name] = offered
			}
		}
	}
	return selector
}

// affinity is the instance's, with the nodes left out that cannot give the guest
// the CPU it asks for.
func affinity(r *render) *corev1.Affinity {
	result := r.vmi.Spec.Affinity.DeepCopy()
	unwanted := unwantedLabels(r)
	if len(unwanted) == 0 {
		return result
	}
	if result == nil {
		result = &corev1.Affinity{}
	}
	if result.NodeAffinity == nil {
		result.NodeAffinity = &corev1.NodeAffinity{}
	}
	required := result.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if required == nil {
		required = &corev1.NodeSelector{}
		result.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = required
	}
	if len(required.NodeSelectorTerms) == 0 {
		required.NodeSelectorTerms = []corev1.NodeSelectorTerm{{}}
	}
	// Terms are alternatives: each of them has to leave the nodes out.
	for i := range required.NodeSelectorTerms {
		term := &required.NodeSelectorTerms[i]
		for _, label := range unwanted {
			term.MatchExpressions = append(term.MatchExpressions, corev1.NodeSelectorRequirement{
				Key: label, Operator: corev1.NodeSelectorOpDoesNotExist,
			})
		}
	}
	return result
}

func unwantedLabels(r *render) []string {
	if r.cfg.UseEmulation {
		return nil
	}
	var labels []string
	cpu := r.vmi.Spec.Domain.CPU
	if cpu == nil || cpu.Model == "" || cpu.Model == modelHost {
		labels = append(labels, nodeObsoleteHostModel)
	}
	if cpu == nil {
		return labels
	}
	for _, feature := range cpu.Features {
		if feature.Policy == "forbid" {
			labels = append(labels, nodeFeaturePrefix+feature.Name)
		}
	}
	return labels
}
