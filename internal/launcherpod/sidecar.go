package launcherpod

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

const (
	// hooksVolume has a directory for each sidecar, where it listens for the launcher.
	hooksVolume = "hook-sidecar-sockets"
	hooksDir    = "/var/run/kubevirt-hooks"
)

// sidecars adds the containers that may change the guest's definition: those that the
// instance lists, then one for each binding plugin with an image.
func sidecars(r *render) error {
	listed, err := v1.HookSidecars(r.vmi.Annotations)
	if err != nil {
		return err
	}
	if len(listed) > 0 && !r.cfg.Enabled(clusterconfig.GateSidecar) {
		return errors.New(v1.AnnotationHookSidecars + " needs the feature gate Sidecar")
	}
	for _, one := range listed {
		r.addSidecar(corev1.Container{
			Image: one.Image, ImagePullPolicy: cmp.Or(one.ImagePullPolicy, r.cfg.ImagePullPolicy), Command: one.Command, Args: one.Args,
		})
	}
	for _, plugin := range bindingPlugins(r.vmi, r.cfg) {
		if plugin.SidecarImage == "" {
			continue
		}
		sidecar := corev1.Container{
			Image: plugin.SidecarImage, ImagePullPolicy: r.cfg.ImagePullPolicy,
			Env: []corev1.EnvVar{{Name: "NETWORK_BINDING_PLUGIN_NAME", Value: plugin.name}},
		}
		if plugin.DownwardAPI == v1.NetworkBindingDownwardAPITypeDeviceInfo {
			r.tellDevices(&sidecar)
		}
		r.addSidecar(sidecar)
	}
	if r.sidecars == 0 {
		return nil
	}
	r.addVolume(corev1.Volume{Name: hooksVolume, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}})
	r.compute.VolumeMounts = append(r.compute.VolumeMounts, corev1.VolumeMount{Name: hooksVolume, MountPath: hooksDir, ReadOnly: true})
	r.compute.Args = append(r.compute.Args, "--hook-sidecars", strconv.Itoa(r.sidecars))
	return nil
}

// addSidecar completes a sidecar's container. It is one that the kubelet ends after
// the launcher, so that it serves the guest until that is down, and does not keep the
// pod of an ended guest from ending.
func (r *render) addSidecar(sidecar corev1.Container) {
	always := corev1.ContainerRestartPolicyAlways
	sidecar.Name = fmt.Sprintf("hook-sidecar-%d", r.sidecars)
	sidecar.Env = append(sidecar.Env, corev1.EnvVar{Name: "CONTAINER_NAME", Value: sidecar.Name})
	sidecar.RestartPolicy = &always
	sidecar.SecurityContext = restricted()
	sidecar.Resources = r.helper(v1.SupportContainerTypeSidecar)
	sidecar.VolumeMounts = append(sidecar.VolumeMounts, corev1.VolumeMount{
		Name: hooksVolume, MountPath: hooksDir, SubPath: sidecar.Name,
	})
	r.pod.Spec.InitContainers = append(r.pod.Spec.InitContainers, sidecar)
	r.sidecars++
}
