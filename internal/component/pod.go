package component

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Binary is the control plane's program in its image; its first argument is the actor.
const Binary = "/usr/bin/kubevirt"

// Where a component finds its files.
const (
	certDir          = "/etc/kubevirt/certs"
	caDir            = "/etc/kubevirt/ca"
	handlerClientDir = "/etc/kubevirt/handler-client"
	handlerServerDir = "/etc/kubevirt/handler-server"
)

const (
	metricsPortName   = "metrics"
	priorityClassName = "kubevirt-cluster-critical"
)

// secretMount is a Secret or ConfigMap shown to a container as files.
type secretMount struct {
	name, dir string
	source    corev1.VolumeSource
}

func certificates(secret, dir string) secretMount {
	return secretMount{name: secret, dir: dir, source: corev1.VolumeSource{
		Secret: &corev1.SecretVolumeSource{SecretName: secret},
	}}
}

func trustedCAs() secretMount {
	return secretMount{name: "ca", dir: caDir, source: corev1.VolumeSource{
		ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: CAConfigMap}},
	}}
}

// actor describes what differs between the pods of the components.
type actor struct {
	name, command, account string
	cpu, memory            string
	args                   []string
	mounts                 []secretMount
}

// podTemplate is the pod of a component, not yet placed: one container that runs
// one actor of the control plane's binary.
func podTemplate(c *Config, a actor) corev1.PodTemplateSpec {
	container := corev1.Container{
		Name:            a.name,
		Image:           c.Image,
		ImagePullPolicy: c.PullPolicy,
		Command:         []string{Binary, a.command},
		Args: append([]string{
			"--namespace=$(POD_NAMESPACE)",
			"--v=2", // to begin with: the KubeVirt object changes it while the actor runs
			"--metrics-address=:" + strconv.Itoa(ServingPort),
		}, a.args...),
		Env: []corev1.EnvVar{
			fromField("POD_NAMESPACE", "metadata.namespace"),
			// The components hold small caches and allocate in bursts: collecting
			// at half the usual growth costs little time and saves real memory.
			{Name: "GOGC", Value: "50"},
			// Nobody asks for a profile of the memory; what it would be made from is kept from
			// the start and takes 1.4 MiB.
			{Name: "GODEBUG", Value: "memprofilerate=0"},
		},
		Ports: []corev1.ContainerPort{{Name: metricsPortName, ContainerPort: ServingPort, Protocol: corev1.ProtocolTCP}},
		Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
			corev1.ResourceCPU:    resource.MustParse(a.cpu),
			corev1.ResourceMemory: resource.MustParse(a.memory),
		}},
		SecurityContext:          restricted(),
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
	probe(&container)
	spec := corev1.PodSpec{
		ServiceAccountName: a.account,
		PriorityClassName:  priorityClassName,
		ImagePullSecrets:   c.PullSecrets,
		EnableServiceLinks: ptr.To(false),
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot:   ptr.To(true),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	}
	for _, mount := range a.mounts {
		spec.Volumes = append(spec.Volumes, corev1.Volume{Name: mount.name, VolumeSource: mount.source})
		container.VolumeMounts = append(container.VolumeMounts, corev1.VolumeMount{
			Name: mount.name, MountPath: mount.dir, ReadOnly: true,
		})
	}
	spec.Containers = []corev1.Container{container}
	return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: podLabels(c, a.name)}, Spec: spec}
}

func podLabels(c *Config, name string) map[string]string {
	return map[string]string{
		v1.LabelComponent:            name,
		v1.LabelPrometheus:           "true",
		v1.LabelAllowClusterServices: "true",
		v1.LabelAppName:              name,
		v1.LabelAppVersion:           c.ProductVersion,
		v1.LabelAppComponent:         c.ProductComponent,
	}
}

// restricted is the security context of a container that needs nothing of its node.
func restricted() *corev1.SecurityContext {
	return &corev1.SecurityContext{
		AllowPrivilegeEscalation: ptr.To(false),
		ReadOnlyRootFilesystem:   ptr.To(true),
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
}

// probe asks /healthz every second until the component answers, so that it counts
// within a second of being ready; after that seldom, for each question costs a
// TLS handshake.
func probe(container *corev1.Container) {
	asked := func(period, timeout, failures int32) *corev1.Probe {
		return &corev1.Probe{
			ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{
				Path: "/healthz", Port: intstr.FromInt32(ServingPort), Scheme: corev1.URISchemeHTTPS,
			}},
			PeriodSeconds: period, TimeoutSeconds: timeout, FailureThreshold: failures, SuccessThreshold: 1,
		}
	}
	container.StartupProbe = asked(1, 5, 120)
	// Before that nobody answers, and each failure is a warning event.
	container.StartupProbe.InitialDelaySeconds = 1
	container.ReadinessProbe = asked(10, 5, 2)
	container.LivenessProbe = asked(20, 10, 3)
}

func fromField(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{
		FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: path},
	}}
}
