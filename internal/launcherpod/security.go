package launcherpod

import corev1 "k8s.io/api/core/v1"

// launcherID is user and group of everything in the pod; libvirt's and QEMU's by custom.
const launcherID int64 = 107

// security takes every privilege from the pod that it can do without.
func security(r *render) error {
	id, yes := launcherID, true
	onMismatch := corev1.FSGroupChangeOnRootMismatch
	profile := r.cfg.SeccompProfile
	pod := &corev1.PodSecurityContext{
		RunAsUser:           &id,
		RunAsGroup:          &id,
		RunAsNonRoot:        &yes,
		FSGroup:             &id,
		FSGroupChangePolicy: &onMismatch,
		SeccompProfile:      &profile,
	}
	if r.cfg.SELinuxLauncherType != "" {
		pod.SELinuxOptions = &corev1.SELinuxOptions{Type: r.cfg.SELinuxLauncherType}
	}
	r.pod.Spec.SecurityContext = pod
	r.compute.SecurityContext = restricted()
	// Clients of this API expect the capability to be named; it lets a process
	// bind low ports only where the runtime makes it ambient.
	r.compute.SecurityContext.Capabilities.Add = []corev1.Capability{"NET_BIND_SERVICE"}
	return nil
}

// restricted is the security context of every container of the pod.
func restricted() *corev1.SecurityContext {
	id, yes, no := launcherID, true, false
	return &corev1.SecurityContext{
		RunAsUser:                &id,
		RunAsGroup:               &id,
		RunAsNonRoot:             &yes,
		AllowPrivilegeEscalation: &no,
		ReadOnlyRootFilesystem:   &yes,
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
}
