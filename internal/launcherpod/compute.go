package launcherpod

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

const (
	computeContainer = "compute"
	// runVolume is the one writable directory of the pod, which virt-handler sees too.
	runVolume = "run"
	runDir    = "/var/run/kubevirt"
)

// newCompute is the container of launcher, libvirt and QEMU.
func newCompute(vmi *v1.VirtualMachineInstance, cfg *clusterconfig.Config, opts Options) *corev1.Container {
	return &corev1.Container{
		Name:            computeContainer,
		Image:           opts.LauncherImage,
		ImagePullPolicy: cfg.ImagePullPolicy,
		Command:         []string{"/usr/bin/virt-launcher"},
		Args: []string{
			"--vmi-namespace", vmi.Namespace,
			"--vmi-name", vmi.Name,
			"--vmi-uid", string(vmi.UID),
			"--grace-period-seconds", strconv.FormatInt(vmi.GracePeriod(), 10),
		},
		Env: environment(),
		VolumeMounts: []corev1.VolumeMount{
			{Name: runVolume, MountPath: runDir},
		},
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
}

// environment tells every program in the container, also one that is started by
// hand, where it may write and where libvirt listens.
func environment() []corev1.EnvVar {
	return []corev1.EnvVar{
		{Name: "HOME", Value: runDir + "/home"},
		{Name: "TMPDIR", Value: runDir + "/tmp"},
		{Name: "XDG_RUNTIME_DIR", Value: runDir + "/run"},
		{Name: "XDG_CONFIG_HOME", Value: runDir + "/config"},
		{Name: "XDG_CACHE_HOME", Value: runDir + "/cache"},
		{Name: "LIBVIRT_DEFAULT_URI", Value: "qemu+unix:///session?socket=" + runDir + "/run/libvirt/libvirt-sock"},
	}
}
