package launcherpod

import (
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Labels and annotations that clients look for.
const (
	labelApp        = "kubevirt.io"
	labelCreatedBy  = "kubevirt.io/created-by"
	labelHostname   = "vm.kubevirt.io/name"
	appVirtLauncher = "virt-launcher"

	annotationDomain           = "kubevirt.io/domain"
	annotationDefaultContainer = "kubectl.kubernetes.io/default-container"
	annotationUnixTransport    = "kubevirt.io/migrationTransportUnix"
	annotationEvictOnly        = "descheduler.alpha.kubernetes.io/request-evict-only"
	annotationOverhead         = "kubevirt.io/memory-overhead-bytes"

	// unpausedCondition keeps a pod unready while its guest does not run.
	unpausedCondition corev1.PodConditionType = "kubevirt.io/virtual-machine-unpaused"
)

// notCarried are the annotations of an instance, by how they begin, that say
// something about the object itself rather than about the guest, and those by which
// a pod is confined less than we confine it.
var notCarried = []string{
	"kubectl.kubernetes.io",
	"kubevirt.io/storage-observed-api-version",
	"kubevirt.io/latest-observed-api-version",
	v1.AnnotationEphemeralProvisioning,
	"container.apparmor.security.beta.kubernetes.io/",
	"seccomp.security.alpha.kubernetes.io/",
	"container.seccomp.security.alpha.kubernetes.io/",
	"io.kubernetes.cri-o.",
	"run.oci.",
}

// metadata carries the instance's labels and annotations and adds our own.
func metadata(r *render) error {
	labels := map[string]string{}
	maps.Copy(labels, r.vmi.Labels)
	labels[labelApp] = appVirtLauncher
	labels[labelCreatedBy] = string(r.vmi.UID)
	labels[labelHostname] = hostname(r.vmi)
	labels[v1.LabelVMIID] = v1.FittingName(r.vmi.Name)
	r.pod.Labels = labels

	annotations := map[string]string{}
	for key, value := range r.vmi.Annotations {
		if !describesObject(key) {
			annotations[key] = value
		}
	}
	annotations[annotationDomain] = r.vmi.Name
	annotations[annotationDefaultContainer] = computeContainer
	annotations[annotationUnixTransport] = "true"
	annotations[annotationEvictOnly] = ""
	annotations[v1.AnnotationLauncherImage] = r.opts.LauncherImage
	r.pod.Annotations = annotations
	return nil
}

func describesObject(key string) bool {
	for _, prefix := range notCarried {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// hostname is the name the guest knows itself by, as a single DNS label.
func hostname(vmi *v1.VirtualMachineInstance) string {
	name := vmi.Spec.Hostname
	if name == "" {
		name = vmi.Name
	}
	name, _, _ = strings.Cut(name, ".")
	return cut(name, maxNameLength)
}
