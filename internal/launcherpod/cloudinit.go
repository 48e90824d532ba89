package launcherpod

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const (
	// secretsDir holds the Secrets with cloud-init data and access credentials.
	secretsDir = "/var/run/kubevirt-secrets"

	userDataSuffix    = "-udata"
	networkDataSuffix = "-ndata"
)

// cloudInit mounts the secrets that hold a guest's user and network data: the
// kubelet may read them, the components may not.
func cloudInit(r *render) error {
	for i := range r.vmi.Spec.Volumes {
		volume := &r.vmi.Spec.Volumes[i]
		source := volume.CloudInit()
		if source == nil {
			continue
		}
		r.mountSecret(volume.Name+userDataSuffix, source.SecretRef)
		r.mountSecret(volume.Name+networkDataSuffix, source.NetworkDataSecretRef)
	}
	return nil
}

// holdsSecret tells whether a pod volume's name is like those that mountSecret gets.
func holdsSecret(name string) bool {
	for _, suffix := range []string{userDataSuffix, networkDataSuffix, v1.CredentialVolumeSuffix} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
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
