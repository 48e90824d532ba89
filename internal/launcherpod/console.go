package launcherpod

import (
	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// serialLog is where the launcher has QEMU write what the guest prints.
const serialLog = runDir + "/serial0.log"

// console adds a sidecar whose log is the guest's serial console, where the
// instance asks for it. The program is the first in its container, so that it
// has to handle the signal to stop itself.
func console(r *render) error {
	if wanted := r.vmi.Spec.Domain.Devices.LogSerialConsole; wanted == nil || !*wanted {
		return nil
	}
	always := corev1.ContainerRestartPolicyAlways
	r.pod.Spec.InitContainers = append(r.pod.Spec.InitContainers, corev1.Container{
		Name:            "guest-console-log",
		Image:           r.opts.LauncherImage,
		ImagePullPolicy: r.cfg.ImagePullPolicy,
		Command: []string{
			"/usr/bin/busybox", "sh", "-c",
			"trap 'kill $!; exit 0' TERM; /usr/bin/busybox tail -n +1 -F " + serialLog + " 2>/dev/null & wait",
		},
		RestartPolicy:   &always,
		SecurityContext: restricted(),
		Resources:       r.helper(v1.SupportContainerTypeGuestConsoleLog),
		VolumeMounts:    []corev1.VolumeMount{{Name: runVolume, MountPath: runDir, ReadOnly: true}},
	})
	return nil
}
