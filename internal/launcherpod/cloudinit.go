package launcherpod

import (
	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// secretsDir holds the secrets from which the launcher makes cloud-init's disk.
const secretsDir = "/var/run/kubevirt-secrets"

// cloudInit mounts the secrets that hold a guest's user and network data: the
// kubelet may read them, the components may not.
func cloudInit(r *render) error {
	for i := range r.vmi.Spec.Volumes {
		volume := &r.vmi.Spec.Volumes[i]
		if volume.CloudInitNoCloud == nil {
			continue
		}
		r.mountSecret(volume.Name+"-udata", volume.CloudInitNoCloud.SecretRef)
		r.mountSecret(volume.Name+"-ndata", volume.CloudInitNoCloud.NetworkDataSecretRef)
	}
	return nil
}

func (r *render) mountSecret(name string, reference *corev1.LocalObjectReference) {
	if reference == nil {
		return
	}
	own := v1.FittingName(name)
	r.pod.Spec.Volumes = append(r.pod.Spec.Volumes, corev1.Volume{
		Name:         own,
		VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: reference.Name}},
	})
	r.compute.VolumeMounts = append(r.compute.VolumeMounts, corev1.VolumeMount{
		Name: own, MountPath: secretsDir + "/" + name, ReadOnly: true,
	})
}
