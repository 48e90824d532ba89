package launcherpod

const (
	// kernelVolume is the image of the kernel that the guest boots, kernelDir where it
	// is mounted.
	kernelVolume = "kernel-boot"
	kernelDir    = "/var/run/kubevirt-kernel-boot"
	// kernelSocket names the socket of the container that keeps the image open on
	// clusters without image volumes. No volume can have such a name.
	kernelSocket = "kernel.boot"
)

// kernelBoot brings the kernel that the guest boots from outside its disks into
// the pod, as a container disk comes there.
func kernelBoot(r *render) error {
	firmware := r.vmi.Spec.Domain.Firmware
	if firmware == nil || firmware.KernelBoot == nil || firmware.KernelBoot.Container == nil {
		return nil
	}
	container := firmware.KernelBoot.Container
	if r.hasImageVolumes() {
		r.mountImage(kernelVolume, kernelDir, container.Image, container.ImagePullPolicy)
	} else {
		r.runImage(kernelVolume, kernelSocket, container.Image, container.ImagePullPolicy)
	}
	if container.ImagePullSecret != "" {
		r.addPullSecret(container.ImagePullSecret)
	}
	return nil
}
