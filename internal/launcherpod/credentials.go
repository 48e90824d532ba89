package launcherpod

import (
	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// credentials mounts the Secrets with ssh keys and passwords for the guest.
func credentials(r *render) error {
	mounted := map[string]bool{}
	for i := range r.vmi.Spec.AccessCredentials {
		secret := r.vmi.Spec.AccessCredentials[i].SecretName()
		if secret != "" && !mounted[secret] {
			r.mountSecret(v1.CredentialVolumeName(secret), &corev1.LocalObjectReference{Name: secret})
			mounted[secret] = true
		}
	}
	return nil
}
