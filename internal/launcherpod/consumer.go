package launcherpod

import (
	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// ConsumerName is the name of the pod that Consumer makes for an instance.
func ConsumerName(vmi *v1.VirtualMachineInstance) string { return podName(vmi, "/consumer") }

// Consumer turns an instance's launcher pod into one that only uses the claims, for
// a moment, on a node that the launcher can run on. Claims that are provisioned and
// then filled where their first consumer is would otherwise wait for the launcher,
// and the launcher for them.
func Consumer(vmi *v1.VirtualMachineInstance, pod *corev1.Pod) *corev1.Pod {
	pod.Name = ConsumerName(vmi)
	pod.Annotations = map[string]string{v1.AnnotationEphemeralProvisioning: "true"}
	pod.Spec.ReadinessGates = nil
	pod.Spec.InitContainers = nil
	compute := pod.Spec.Containers[0]
	compute.Command, compute.Args = []string{"/usr/bin/busybox", "true"}, nil
	compute.LivenessProbe, compute.ReadinessProbe = nil, nil
	pod.Spec.Containers = []corev1.Container{compute}
	return pod
}
