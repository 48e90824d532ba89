package component

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Labels and taints of control-plane nodes, the present and the former name.
var controlPlane = []string{"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}

const workerRole = "node-role.kubernetes.io/worker"

// placeInfra places a component of the control plane: near the cluster's own
// control plane where that can be seen, apart from its sisters.
func placeInfra(pod *corev1.PodSpec, component string, placement *v1.NodePlacement) {
	place(pod, placement)
	if placement == nil {
		for _, role := range controlPlane {
			pod.Tolerations = append(pod.Tolerations, corev1.Toleration{
				Key: role, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule,
			})
		}
		preferControlPlane(pod)
	}
	spread(pod, component)
}

// place applies what every component shares and what the administrator asks for;
// where both speak of the same thing, ours stands.
func place(pod *corev1.PodSpec, placement *v1.NodePlacement) {
	pod.NodeSelector = map[string]string{corev1.LabelOSStable: "linux"}
	pod.Tolerations = []corev1.Toleration{{Key: "CriticalAddonsOnly", Operator: corev1.TolerationOpExists}}
	if placement == nil {
		return
	}
	selector := maps.Clone(placement.NodeSelector)
	if selector == nil {
		selector = map[string]string{}
	}
	maps.Copy(selector, pod.NodeSelector)
	pod.NodeSelector = selector
	pod.Tolerations = append(pod.Tolerations, placement.Tolerations...)
	if placement.Affinity != nil {
		pod.Affinity = placement.Affinity.DeepCopy()
	}
}

// preferControlPlane draws a pod towards control-plane nodes without insisting:
// many clusters do not show theirs.
func preferControlPlane(pod *corev1.PodSpec) {
	prefer := func(key string, operator corev1.NodeSelectorOperator) corev1.PreferredSchedulingTerm {
		return corev1.PreferredSchedulingTerm{Weight: 100, Preference: corev1.NodeSelectorTerm{
			MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: operator}},
		}}
	}
	terms := []corev1.PreferredSchedulingTerm{
		prefer(workerRole, corev1.NodeSelectorOpDoesNotExist),
		prefer(controlPlane[0], corev1.NodeSelectorOpExists),
	}
	pod.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: terms}}
}

// spread keeps the replicas of a component on different nodes where there are several.
func spread(pod *corev1.PodSpec, component string) {
	if pod.Affinity == nil {
		pod.Affinity = &corev1.Affinity{}
	}
	if pod.Affinity.PodAntiAffinity == nil {
		pod.Affinity.PodAntiAffinity = &corev1.PodAntiAffinity{}
	}
	anti := pod.Affinity.PodAntiAffinity
	anti.PreferredDuringSchedulingIgnoredDuringExecution = append(anti.PreferredDuringSchedulingIgnoredDuringExecution,
		corev1.WeightedPodAffinityTerm{Weight: 1, PodAffinityTerm: corev1.PodAffinityTerm{
			TopologyKey:   corev1.LabelHostname,
			LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{v1.LabelComponent: component}},
		}})
}
