package launcherpod

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// helper returns the resources of a container beside the launcher's: the built-in
// ones, each replaced by what the cluster configures. Of a limit without a request the
// request is the same, and a limit that is built in gives way to a larger request.
func (r *render) helper(kind v1.SupportContainerType) corev1.ResourceRequirements {
	resources, configured := builtIn(kind), r.cfg.HelperResources[kind]
	maps.Copy(resources.Limits, configured.Limits)
	maps.Copy(resources.Requests, configured.Limits)
	maps.Copy(resources.Requests, configured.Requests)
	for name, limit := range resources.Limits {
		if request := resources.Requests[name]; request.Cmp(limit) > 0 {
			resources.Limits[name] = request
		}
	}
	return resources
}

// builtIn is little for a program of ours that mostly sleeps. A sidecar is anybody's
// program: what it may use it is also guaranteed.
func builtIn(kind v1.SupportContainerType) corev1.ResourceRequirements {
	if kind == v1.SupportContainerTypeSidecar {
		return corev1.ResourceRequirements{Limits: quantities("200m", "64M"), Requests: quantities("200m", "64M")}
	}
	return corev1.ResourceRequirements{Limits: corev1.ResourceList{}, Requests: quantities("1m", "5Mi")}
}

func quantities(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
}
