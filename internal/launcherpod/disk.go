package launcherpod

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

const (
	// imagesDir holds the content of each container disk's image, where the
	// cluster can mount images.
	imagesDir = "/var/run/kubevirt-images"

	// Elsewhere each image runs as a container that keeps its disk open, with a
	// program of ours that it gets from binaryVolume and whose socket lies in socketVolume.
	binaryVolume = "container-disk-bin"
	binaryDir    = "/container-disk-bin"
	socketVolume = "container-disks"
	socketDir    = "/var/run/kubevirt-container-disks"
	program      = "container-disk"
)

// disks brings the content of the instance's volumes into the pod.
func disks(r *render) error {
	for i := range r.vmi.Spec.Volumes {
		volume := &r.vmi.Spec.Volumes[i]
		switch {
		case volume.ContainerDisk != nil && r.hasImageVolumes():
			disk := volume.ContainerDisk
			r.mountImage(podVolumeName(volume.Name), imagesDir+"/"+volume.Name, disk.Image, disk.ImagePullPolicy)
		case volume.ContainerDisk != nil:
			disk := volume.ContainerDisk
			r.runImage(v1.FittingName("volume"+volume.Name), volume.Name, disk.Image, disk.ImagePullPolicy)
		case volume.MemoryDump != nil && r.claims[volume.Name] == corev1.PersistentVolumeBlock: // the launcher says that it is of no use
		case volume.ClaimName() != "":
			if err := r.useClaim(volume); err != nil {
				return err
			}
		case volume.HostDisk != nil:
			r.useHostDisk(volume)
		case volume.IsConfig(), volume.Sysprep != nil:
			r.mountConfig(volume)
		case volume.EmptyDisk != nil, volume.CloudInit() != nil, volume.DownwardMetrics != nil: // the launcher makes them
		case volume.ContainerPath != nil: // somebody else mounts it
		default:
			return fmt.Errorf("volume %s: its kind is not supported", volume.Name)
		}
		if disk := volume.ContainerDisk; disk != nil && disk.ImagePullSecret != "" {
			r.addPullSecret(disk.ImagePullSecret)
		}
	}
	return nil
}

func (r *render) addPullSecret(name string) {
	reference := corev1.LocalObjectReference{Name: name}
	if !slices.Contains(r.pod.Spec.ImagePullSecrets, reference) {
		r.pod.Spec.ImagePullSecrets = append(r.pod.Spec.ImagePullSecrets, reference)
	}
}

// hasImageVolumes tells whether the cluster mounts images itself.
func (r *render) hasImageVolumes() bool {
	return !r.opts.WithoutImageVolumes && r.cfg.Enabled(clusterconfig.GateImageVolume)
}

func (r *render) mountImage(volume, path, image string, policy corev1.PullPolicy) {
	r.pod.Spec.Volumes = append(r.pod.Spec.Volumes, corev1.Volume{
		Name:         volume,
		VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: image, PullPolicy: policy}},
	})
	r.compute.VolumeMounts = append(r.compute.VolumeMounts, corev1.VolumeMount{Name: volume, MountPath: path, ReadOnly: true})
}

// podVolumeName is the name of the pod's volume for one of the instance's: the
// same, unless the pod has another use for that name.
func podVolumeName(name string) string {
	switch name {
	case runVolume, binaryVolume, socketVolume, kernelVolume:
		return "vmi-" + name
	}
	if holdsSecret(name) {
		return v1.FittingName("vmi-" + name)
	}
	return v1.FittingName(name)
}

// runImage adds the image as a sidecar: it is up before the launcher starts, and
// the kubelet stops it after the launcher has ended, so that the guest keeps its
// disk to the end.
func (r *render) runImage(container, socket, image string, policy corev1.PullPolicy) {
	if len(r.pod.Spec.InitContainers) == 0 {
		r.provideProgram()
	}
	always := corev1.ContainerRestartPolicyAlways
	r.pod.Spec.InitContainers = append(r.pod.Spec.InitContainers, corev1.Container{
		Name:            container,
		Image:           image,
		ImagePullPolicy: policy,
		Command:         []string{binaryDir + "/" + program, "--socket", socketDir + "/" + socket + ".sock"},
		RestartPolicy:   &always,
		SecurityContext: restricted(),
		Resources:       r.helper(v1.SupportContainerTypeContainerDisk),
		VolumeMounts: []corev1.VolumeMount{
			{Name: binaryVolume, MountPath: binaryDir, ReadOnly: true},
			{Name: socketVolume, MountPath: socketDir},
		},
	})
}

// provideProgram copies our program to where containers of other images see it.
func (r *render) provideProgram() {
	for _, name := range []string{binaryVolume, socketVolume} {
		r.pod.Spec.Volumes = append(r.pod.Spec.Volumes, corev1.Volume{
			Name: name, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}},
		})
	}
	r.pod.Spec.InitContainers = append(r.pod.Spec.InitContainers, corev1.Container{
		Name:            "container-disk-binary",
		Image:           r.opts.LauncherImage,
		ImagePullPolicy: r.cfg.ImagePullPolicy,
		Command:         []string{"/usr/bin/busybox", "cp", "/usr/bin/" + program, binaryDir + "/" + program},
		SecurityContext: restricted(),
		Resources:       r.helper(v1.SupportContainerTypeContainerDisk),
		VolumeMounts:    []corev1.VolumeMount{{Name: binaryVolume, MountPath: binaryDir}},
	})
}
