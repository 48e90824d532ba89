package kubevirt

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// bindingPlugins checks the plugins that bind interfaces.
func bindingPlugins(path *field.Path, network *v1.NetworkConfiguration) field.ErrorList {
	if network == nil {
		return nil
	}
	var errs field.ErrorList
	for _, name := range slices.Sorted(maps.Keys(network.Binding)) {
		at, plugin := path.Key(name), network.Binding[name]
		if plugin.SidecarImage == "" && plugin.DomainAttachmentType == "" {
			errs = append(errs, field.Required(at, "a sidecarImage or a domainAttachmentType: without either, no guest would get an interface"))
		}
		if plugin.DownwardAPI != "" && plugin.SidecarImage == "" {
			errs = append(errs, field.Required(at.Child("sidecarImage"), "with downwardAPI: nobody else would read it"))
		}
		if plugin.ComputeResourceOverhead != nil {
			errs = append(errs, pluginOverhead(at.Child("computeResourceOverhead"), plugin.ComputeResourceOverhead)...)
		}
	}
	return errs
}

// pluginOverhead: memory is all that is added to a launcher's container.
func pluginOverhead(path *field.Path, overhead *v1.ResourceRequirementsWithoutClaims) field.ErrorList {
	var errs field.ErrorList
	parts := map[string]corev1.ResourceList{"limits": overhead.Limits, "requests": overhead.Requests}
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		for _, name := range slices.Sorted(maps.Keys(parts[part])) {
			at, quantity := path.Child(part).Key(string(name)), parts[part][name]
			if name != corev1.ResourceMemory {
				errs = append(errs, field.NotSupported(at, name, []corev1.ResourceName{corev1.ResourceMemory}))
			}
			if quantity.Sign() < 0 {
				errs = append(errs, field.Invalid(at, quantity.String(), "must not be negative"))
			}
		}
	}
	request, limit := overhead.Requests[corev1.ResourceMemory], overhead.Limits[corev1.ResourceMemory]
	if !limit.IsZero() && request.Cmp(limit) > 0 {
		errs = append(errs, field.Invalid(path.Child("requests").Key("memory"), request.String(), "must not exceed the limit"))
	}
	return errs
}
