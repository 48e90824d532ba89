package launcherpod

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// ConsumerName is the name of the pod that Consumer makes for an instance.
func ConsumerName(vmi *v1.VirtualMachineInstance) string { return podName(vmi, "/consumer") }

// Consumer turns an instance's launcher pod into one that only uses those claims, for
// a moment, on a node that the launcher can run on. Claims that are provisioned and
// then filled where their first consumer is would otherwise wait for the launcher,
// and the launcher for them. The other volumes it names, so that the scheduler minds
// them, but mounts none: they may well be in use.
func Consumer(vmi *v1.VirtualMachineInstance, pod *corev1.Pod, claims []string) *corev1.Pod {
	pod.Name = ConsumerName(vmi)
	pod.Annotations = map[string]string{v1.AnnotationEphemeralProvisioning: "true"}
	pod.Spec.ReadinessGates = nil
	pod.Spec.InitContainers = nil
	compute := pod.Spec.Containers[0]
	compute.Command, compute.Args = []string{"/usr/bin/busybox", "true"}, nil
	compute.LivenessProbe, compute.ReadinessProbe = nil, nil
	unmounted := func(volume string) bool {
		return !slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool {
			return v.Name == volume && v.PersistentVolumeClaim != nil && slices.Contains(claims, v.PersistentVolumeClaim.ClaimName)
		})
	}
	compute.VolumeMounts = slices.DeleteFunc(compute.VolumeMounts, func(m corev1.VolumeMount) bool { return unmounted(m.Name) })
	compute.VolumeDevices = slices.DeleteFunc(compute.VolumeDevices, func(d corev1.VolumeDevice) bool { return unmounted(d.Name) })
	pod.Spec.Containers = []corev1.Container{compute}
	return pod
}
