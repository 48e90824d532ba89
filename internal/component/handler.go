package component

import (
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Where virt-handler works on its node.
const (
	factsDir = "/var/run/kubevirt-node/facts"
	// kubeletDir is the same inside and outside: some of its paths cross the pod's
	// border in messages.
	kubeletDir = "/var/lib/kubelet"
	// nodeRoot holds the node's /dev; the container keeps its own.
	nodeRoot       = "/node"
	devices        = "/dev"
	probeRunDir    = "/var/run/kubevirt"
	launcherBinary = "/usr/bin/virt-launcher"
)

// handlerCapabilities are what the node agent does its work with. Those without a
// reason beside them fail at once when they are missing.
var handlerCapabilities = []corev1.Capability{
	"SYS_ADMIN",    // setns, and mounting into a launcher's mount namespace
	"SYS_PTRACE",   // /proc/PID/{ns,root} of launchers, which run as another user
	"SYS_CHROOT",   // setns into a mount namespace
	"NET_ADMIN",    // links, taps and nftables in the pods' network namespaces
	"DAC_OVERRIDE", // sockets and directories of launchers
	"CHOWN",        // the launchers' device nodes
}

// handler is virt-handler: the agent on every node that may run guests.
func handler(c *Config) []Object {
	pod := podTemplate(c, actor{
		name: Handler, command: "handler", account: HandlerAccount, cpu: "10m", memory: "50Mi",
		args: []string{
			"--node-name=$(NODE_NAME)",
			"--pod-ip=$(POD_IP)",
			"--server-port=" + strconv.Itoa(HandlerPort),
			"--server-cert-dir=" + handlerServerDir,
			"--cert-dir=" + handlerServerDir,
			"--ca-file=" + caDir + "/" + CABundleKey,
			"--api-client-name=" + APIClientName,
			"--node-facts=" + factsDir,
			"--node-root=" + nodeRoot,
		},
		mounts: []secretMount{certificates(HandlerServerSecret, handlerServerDir), trustedCAs()},
	})
	place(&pod.Spec, c.WorkloadsPlacement)
	onNode(&pod.Spec)
	pod.Spec.InitContainers = []corev1.Container{probeContainer(c)}
	return []Object{&appsv1.DaemonSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "DaemonSet"},
		ObjectMeta: named(c, Handler, Handler),
		Spec: appsv1.DaemonSetSpec{
			RevisionHistoryLimit: ptr.To[int32](2),
			Selector:             &metav1.LabelSelector{MatchLabels: map[string]string{v1.LabelComponent: Handler}},
			Template:             pod,
			UpdateStrategy: appsv1.DaemonSetUpdateStrategy{
				Type: appsv1.RollingUpdateDaemonSetStrategyType,
				// Guests run on while their handler is away, so a tenth at a time is safe.
				RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: ptr.To(intstr.FromString("10%"))},
			},
		},
	}}
}

// onNode gives the handler what it needs of its node, and no more: neither is it
// privileged, nor does it see the node's file system.
func onNode(spec *corev1.PodSpec) {
	spec.HostPID = true
	spec.SecurityContext = &corev1.PodSecurityContext{
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		// The profiles that confine containers forbid mounts and other pods' processes.
		AppArmorProfile: &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeUnconfined},
		SELinuxOptions:  &corev1.SELinuxOptions{Type: "spc_t", Level: "s0"},
	}
	container := &spec.Containers[0]
	container.Env = append(container.Env, fromField("NODE_NAME", "spec.nodeName"), fromField("POD_IP", "status.podIP"))
	container.SecurityContext = &corev1.SecurityContext{
		RunAsUser:              ptr.To[int64](0),
		ReadOnlyRootFilesystem: ptr.To(true),
		Capabilities:           &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}, Add: handlerCapabilities},
	}
	hostPath := func(name, path, mountPath string) {
		spec.Volumes = append(spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
			HostPath: &corev1.HostPathVolumeSource{Path: path, Type: ptr.To(corev1.HostPathUnset)},
		}})
		container.VolumeMounts = append(container.VolumeMounts, corev1.VolumeMount{
			Name: name, MountPath: mountPath, MountPropagation: ptr.To(corev1.MountPropagationHostToContainer),
		})
	}
	hostPath("kubelet", kubeletDir, kubeletDir)
	hostPath("devices", devices, nodeRoot+devices)
	spec.Volumes = append(spec.Volumes,
		corev1.Volume{Name: "node-facts", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		corev1.Volume{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
	)
	container.VolumeMounts = append(container.VolumeMounts,
		corev1.VolumeMount{Name: "node-facts", MountPath: factsDir, ReadOnly: true},
	)
}

// probeContainer asks the launcher image's libvirt and QEMU, before the handler
// starts, what they can do on this node. It needs /dev/kvm to tell, nothing else.
func probeContainer(c *Config) corev1.Container {
	return corev1.Container{
		Name:            "virt-launcher",
		Image:           c.LauncherImage,
		ImagePullPolicy: c.PullPolicy,
		Command:         []string{launcherBinary, "probe"},
		Args:            []string{"--out", factsDir},
		Env:             []corev1.EnvVar{{Name: "TMPDIR", Value: probeRunDir}},
		SecurityContext: &corev1.SecurityContext{
			Privileged:             ptr.To(true),
			RunAsUser:              ptr.To[int64](0),
			ReadOnlyRootFilesystem: ptr.To(true),
		},
		VolumeMounts: []corev1.VolumeMount{
			{Name: "node-facts", MountPath: factsDir},
			{Name: "tmp", MountPath: probeRunDir},
			{Name: "devices", MountPath: devices, MountPropagation: ptr.To(corev1.MountPropagationHostToContainer)},
		},
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
}
