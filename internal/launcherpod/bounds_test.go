package launcherpod

import (
	"path"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/golden"
)

// TestNobodyGainsMoreThanAPod holds the launcher pod of every case to what any pod of
// the namespace could have: no part of the node but our own devices, no credentials
// of Kubernetes, nothing beyond the "restricted" standard, and of Secrets only those
// that the instance names.
func TestNobodyGainsMoreThanAPod(t *testing.T) {
	for _, dir := range golden.Cases(t, "testdata", "vmi.yaml") {
		t.Run(strings.TrimPrefix(dir, "testdata/"), func(t *testing.T) {
			vmi, config, options := readCase(t, dir)
			pod, err := Render(vmi, config, options, readClaims(t, dir))
			if err != nil {
				t.Skip(err)
			}
			checkBounds(t, vmi, pod)
		})
	}
}

func checkBounds(t *testing.T, vmi *v1.VirtualMachineInstance, pod *corev1.Pod) {
	spec := &pod.Spec
	if spec.AutomountServiceAccountToken == nil || *spec.AutomountServiceAccountToken {
		t.Error("the launcher gets a token of a service account")
	}
	if spec.HostNetwork || spec.HostPID || spec.HostIPC || spec.ShareProcessNamespace != nil {
		t.Error("the launcher shares a namespace")
	}
	if pod.Namespace != vmi.Namespace || spec.NodeName != "" {
		t.Errorf("namespace %s, node %s", pod.Namespace, spec.NodeName)
	}
	for _, sysctl := range spec.SecurityContext.Sysctls {
		if sysctl != unprivilegedPorts && sysctl != unprivilegedPing {
			t.Errorf("sysctl %v", sysctl)
		}
	}
	for _, volume := range spec.Volumes {
		source := volume.VolumeSource
		allowed := source.EmptyDir != nil || source.PersistentVolumeClaim != nil || source.Image != nil ||
			source.Secret != nil && namesSecret(vmi, source.Secret.SecretName) ||
			source.ConfigMap != nil && namesConfigMap(vmi, source.ConfigMap.Name) ||
			(source.DownwardAPI != nil || source.Projected != nil) && namesConfig(vmi, volume.Name) ||
			source.HostPath != nil && namesDirectory(vmi, volume.Name, source.HostPath.Path) ||
			volume.Name == NetworkInfoVolume && source.DownwardAPI != nil
		if !allowed {
			t.Errorf("volume %s: %+v", volume.Name, source)
		}
	}
	for _, containers := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range containers {
			checkContainer(t, &containers[i])
		}
	}
}

func namesSecret(vmi *v1.VirtualMachineInstance, name string) bool {
	is := func(reference *corev1.LocalObjectReference) bool { return reference != nil && reference.Name == name }
	return slices.ContainsFunc(vmi.Spec.Volumes, func(v v1.Volume) bool {
		source := v.CloudInit()
		return source != nil && (is(source.SecretRef) || is(source.NetworkDataSecretRef)) ||
			v.Secret != nil && v.Secret.SecretName == name || v.Sysprep != nil && is(v.Sysprep.Secret)
	}) || slices.ContainsFunc(vmi.Spec.AccessCredentials, func(c v1.AccessCredential) bool { return c.SecretName() == name })
}

func namesConfigMap(vmi *v1.VirtualMachineInstance, name string) bool {
	return slices.ContainsFunc(vmi.Spec.Volumes, func(v v1.Volume) bool {
		return v.ConfigMap != nil && v.ConfigMap.Name == name ||
			v.Sysprep != nil && v.Sysprep.ConfigMap != nil && v.Sysprep.ConfigMap.Name == name
	})
}

// namesConfig tells whether a volume shows facts about the pod, or credentials of a
// service account, that the instance asks for.
func namesConfig(vmi *v1.VirtualMachineInstance, name string) bool {
	return slices.ContainsFunc(vmi.Spec.Volumes, func(v v1.Volume) bool {
		return podVolumeName(v.Name) == name && (v.DownwardAPI != nil || v.ServiceAccount != nil)
	})
}

// namesDirectory tells whether a directory of the node is that of a disk which the
// instance asks for: the pod has it openly, for whatever judges pods.
func namesDirectory(vmi *v1.VirtualMachineInstance, name, directory string) bool {
	return slices.ContainsFunc(vmi.Spec.Volumes, func(v v1.Volume) bool {
		return podVolumeName(v.Name) == name && v.HostDisk != nil && path.Dir(v.HostDisk.Path) == directory
	})
}

func checkContainer(t *testing.T, container *corev1.Container) {
	c := container.SecurityContext
	switch {
	case c.Privileged != nil && *c.Privileged, *c.AllowPrivilegeEscalation, !*c.RunAsNonRoot, *c.RunAsUser == 0,
		c.ProcMount != nil, c.SeccompProfile != nil, c.AppArmorProfile != nil, c.SELinuxOptions != nil,
		!slices.Equal(c.Capabilities.Drop, []corev1.Capability{"ALL"}):
		t.Errorf("container %s: %+v", container.Name, c)
	}
	for _, capability := range c.Capabilities.Add {
		if capability != "NET_BIND_SERVICE" {
			t.Errorf("container %s: capability %s", container.Name, capability)
		}
	}
	for resource := range container.Resources.Limits {
		own := []corev1.ResourceName{deviceKVM, deviceTun, deviceVhost, corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage}
		if !slices.Contains(own, resource) && !strings.HasPrefix(string(resource), corev1.ResourceHugePagesPrefix) {
			t.Errorf("container %s gets a %s", container.Name, resource)
		}
	}
	if len(container.EnvFrom) > 0 || len(container.VolumeDevices) > 0 && container.Name != computeContainer {
		t.Errorf("container %s: %+v", container.Name, container)
	}
}

// TestMetadataDoesNotLoosenThePod copies what a user says of his guest, and not what
// the kubelet or a runtime would read as leave to confine the launcher less.
func TestMetadataDoesNotLoosenThePod(t *testing.T) {
	vmi, config, options := readCase(t, base)
	vmi.Labels = map[string]string{
		"app": "x", labelApp: "other", labelCreatedBy: "other", v1.LabelVMIID: "other", labelHostname: "other",
	}
	vmi.Annotations = map[string]string{
		"k8s.v1.cni.cncf.io/networks":                            "x",
		annotationDefaultContainer:                               "other",
		annotationDomain:                                         "other",
		v1.AnnotationLauncherImage:                               "other",
		v1.AnnotationEphemeralProvisioning:                       "true",
		"container.apparmor.security.beta.kubernetes.io/compute": "unconfined",
		"seccomp.security.alpha.kubernetes.io/pod":               "unconfined",
		"container.seccomp.security.alpha.kubernetes.io/compute": "unconfined",
		"io.kubernetes.cri-o.Devices":                            "/dev/sda",
		"io.kubernetes.cri-o.userns-mode":                        "auto",
		"run.oci.keep_original_groups":                           "1",
	}
	pod, err := Render(vmi, config, options, nil)
	if err != nil {
		t.Fatal(err)
	}
	if pod.Labels["app"] != "x" || pod.Labels[labelApp] != appVirtLauncher || pod.Labels[labelCreatedBy] != string(vmi.UID) ||
		pod.Labels[v1.LabelVMIID] == "other" || pod.Labels[labelHostname] == "other" {
		t.Errorf("labels %v", pod.Labels)
	}
	own := []string{annotationDomain, annotationDefaultContainer, annotationUnixTransport, annotationEvictOnly, annotationOverhead, v1.AnnotationLauncherImage}
	for key, value := range pod.Annotations {
		if !slices.Contains(own, key) && key != "k8s.v1.cni.cncf.io/networks" || value == "other" {
			t.Errorf("annotation %s: %s", key, value)
		}
	}
	checkBounds(t, vmi, pod)
}
