package launcherpod

import (
	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const (
	// configDir has a directory for each volume whose files the kubelet brings. The
	// launcher makes a disk of them when the guest starts.
	configDir = "/var/run/kubevirt-config"

	// tokenSeconds is how long the kubelet lets a service account's token live; the API
	// server knows the number and makes it a year for the copy that nobody renews.
	tokenSeconds int64 = 3607
	// rootCertificates is the ConfigMap by which pods know their API server.
	rootCertificates = "kube-root-ca.crt"
)

// mountConfig mounts what a volume names as any pod could, so that the kubelet sees to
// the rights.
func (r *render) mountConfig(volume *v1.Volume) {
	own := podVolumeName(volume.Name)
	r.pod.Spec.Volumes = append(r.pod.Spec.Volumes, corev1.Volume{Name: own, VolumeSource: configSource(&volume.VolumeSource)})
	r.compute.VolumeMounts = append(r.compute.VolumeMounts, corev1.VolumeMount{
		Name: own, MountPath: configDir + "/" + volume.Name, ReadOnly: true,
	})
	if account := volume.ServiceAccount; account != nil {
		r.pod.Spec.ServiceAccountName = account.ServiceAccountName
	}
}

func configSource(source *v1.VolumeSource) corev1.VolumeSource {
	configMap := func(name string, optional *bool) corev1.VolumeSource {
		return corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: name}, Optional: optional,
		}}
	}
	secret := func(name string, optional *bool) corev1.VolumeSource {
		return corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: name, Optional: optional}}
	}
	switch {
	case source.ConfigMap != nil:
		return configMap(source.ConfigMap.Name, source.ConfigMap.Optional)
	case source.Secret != nil:
		return secret(source.Secret.SecretName, source.Secret.Optional)
	case source.DownwardAPI != nil:
		return corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{Items: source.DownwardAPI.Fields}}
	case source.Sysprep != nil && source.Sysprep.ConfigMap != nil:
		return configMap(source.Sysprep.ConfigMap.Name, nil)
	case source.Sysprep != nil && source.Sysprep.Secret != nil:
		return secret(source.Sysprep.Secret.Name, nil)
	}
	return corev1.VolumeSource{Projected: accountCredentials()}
}

// accountCredentials are what a pod gets automatically, but for the compute container
// only: the token of the pod's service account, its namespace, and the certificates of
// the API server.
func accountCredentials() *corev1.ProjectedVolumeSource {
	expires := tokenSeconds
	return &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
		{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{ExpirationSeconds: &expires, Path: "token"}},
		{ConfigMap: &corev1.ConfigMapProjection{
			LocalObjectReference: corev1.LocalObjectReference{Name: rootCertificates},
			Items:                []corev1.KeyToPath{{Key: "ca.crt", Path: "ca.crt"}},
		}},
		{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{
			Path: "namespace", FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.namespace"},
		}}}},
	}}
}
