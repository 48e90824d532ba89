// Package launcherpod renders the pod in which an instance's guest runs. It is
// pure: the same instance and configuration always give the same pod.
package launcherpod

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// Options are what the installation decides about launcher pods.
type Options struct {
	// LauncherImage is the image reference of virt-launcher.
	LauncherImage string
	// WithoutImageVolumes tells that the cluster has no image volumes (it is older
	// than Kubernetes 1.35), whatever the feature gate says.
	WithoutImageVolumes bool
}

const (
	// extraGracePeriod, in seconds, lets the launcher end a guest that did not stop
	// in its own time, and report it, before the kubelet ends the launcher.
	extraGracePeriod = 30

	namePrefix    = "virt-launcher-"
	maxNameLength = 63
	hashLength    = 8
)

// render is one pod in the making.
type render struct {
	vmi     *v1.VirtualMachineInstance
	cfg     *clusterconfig.Config
	opts    Options
	claims  Claims
	pod     *corev1.Pod
	compute *corev1.Container
	// sidecars is how many hook sidecars the pod has.
	sidecars int
}

// Render returns the launcher pod of an instance. An error says that the instance
// asks for something that no pod can give it; trying again does not help.
func Render(vmi *v1.VirtualMachineInstance, cfg *clusterconfig.Config, opts Options, claims Claims) (*corev1.Pod, error) {
	r := &render{vmi: vmi, cfg: cfg, opts: opts, claims: claims, pod: newPod(vmi), compute: newCompute(vmi, cfg, opts)}
	for _, feature := range []func(*render) error{
		metadata, placement, naming, security, disks, kernelBoot, cloudInit, credentials, network, resourceClaims, sidecars, probes, console, resources,
	} {
		if err := feature(r); err != nil {
			return nil, fmt.Errorf("rendering the launcher pod of %s/%s: %w", vmi.Namespace, vmi.Name, err)
		}
	}
	r.pod.Spec.Containers = append([]corev1.Container{*r.compute}, r.pod.Spec.Containers...)
	return r.pod, nil
}

// PodName is the name of an instance's launcher pod. It follows from the instance's
// name and UID, so that an instance never has two and a later one of the same name
// never takes over an earlier one's.
func PodName(vmi *v1.VirtualMachineInstance) string { return podName(vmi, "") }

func podName(vmi *v1.VirtualMachineInstance, purpose string) string {
	suffix := "-" + digest(string(vmi.UID)+purpose)
	return namePrefix + cut(vmi.Name, maxNameLength-len(namePrefix)-len(suffix)) + suffix
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:hashLength]
}

// cut shortens a name so that it still ends in a letter or digit.
func cut(name string, length int) string {
	if len(name) <= length {
		return name
	}
	return strings.TrimRight(name[:length], "-.")
}

func newPod(vmi *v1.VirtualMachineInstance) *corev1.Pod {
	off, grace := false, vmi.GracePeriod()+extraGracePeriod
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name:            PodName(vmi),
			Namespace:       vmi.Namespace,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(vmi, v1.VirtualMachineInstanceGroupVersionKind)},
		},
		Spec: corev1.PodSpec{
			RestartPolicy:                 corev1.RestartPolicyNever,
			EnableServiceLinks:            &off,
			AutomountServiceAccountToken:  &off,
			TerminationGracePeriodSeconds: &grace,
			ReadinessGates:                []corev1.PodReadinessGate{{ConditionType: unpausedCondition}},
			Volumes: []corev1.Volume{{
				Name:         runVolume,
				VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}},
			}},
		},
	}
}
