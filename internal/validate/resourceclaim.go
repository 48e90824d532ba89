package validate

import (
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// resourceClaims checks the claims of devices that an instance names. Each has to be
// used: a device that nobody has would be taken from others all the same.
func resourceClaims(path *field.Path, spec *v1.VirtualMachineInstanceSpec, cfg *clusterconfig.Config) field.ErrorList {
	var errs field.ErrorList
	known, used := map[string]bool{}, map[string]bool{}
	for i := range spec.ResourceClaims {
		known[spec.ResourceClaims[i].Name] = true
	}
	requests := map[v1.ClaimRequest]bool{}
	for i := range spec.Networks {
		network, at := &spec.Networks[i], path.Child("networks").Index(i).Child("resourceClaim")
		request := network.ResourceClaim
		if request == nil {
			continue
		}
		errs = append(errs, claimRequest(at, request, known)...)
		if requests[*request] {
			errs = append(errs, field.Duplicate(at.Child("requestName"), request.RequestName))
		}
		requests[*request], used[request.ClaimName] = true, true
		errs = append(errs, claimedNetwork(path, at, spec, network, cfg)...)
	}
	for i := range spec.ResourceClaims {
		claim, at := &spec.ResourceClaims[i], path.Child("resourceClaims").Index(i)
		errs = append(errs, claimReference(at, claim)...)
		if !used[claim.Name] {
			errs = append(errs, field.Invalid(at.Child("name"), claim.Name,
				"no network uses this claim (networks[].resourceClaim.claimName)"))
		}
	}
	return errs
}

// claimReference wants a claim to be one that exists, or one that is made from a template.
func claimReference(at *field.Path, claim *v1.VirtualMachineInstanceResourceClaim) field.ErrorList {
	var errs field.ErrorList
	for _, msg := range validation.IsDNS1123Label(claim.Name) {
		errs = append(errs, field.Invalid(at.Child("name"), claim.Name, msg))
	}
	one := exactlyOne(at, map[string]bool{
		"resourceClaimName": claim.ResourceClaimName != nil, "resourceClaimTemplateName": claim.ResourceClaimTemplateName != nil,
	})
	for _, err := range one {
		err.Detail = "exactly one of resourceClaimName and resourceClaimTemplateName"
	}
	for name, value := range map[string]*string{
		"resourceClaimName": claim.ResourceClaimName, "resourceClaimTemplateName": claim.ResourceClaimTemplateName,
	} {
		if value == nil {
			continue
		}
		for _, msg := range validation.IsDNS1123Subdomain(*value) {
			one = append(one, field.Invalid(at.Child(name), *value, msg))
		}
	}
	return append(errs, one...)
}

// claimRequest wants a network to name a request of a claim that the instance has.
func claimRequest(at *field.Path, request *v1.ClaimRequest, known map[string]bool) field.ErrorList {
	var errs field.ErrorList
	switch {
	case request.ClaimName == "":
		errs = append(errs, field.Required(at.Child("claimName"), "the name of an entry in spec.resourceClaims"))
	case !known[request.ClaimName]:
		errs = append(errs, field.NotFound(at.Child("claimName"), request.ClaimName+": no claim of that name in spec.resourceClaims"))
	}
	if request.RequestName == "" {
		return append(errs, field.Required(at.Child("requestName"), "the request of the claim that the network's device answers"))
	}
	for _, msg := range validation.IsDNS1123Label(request.RequestName) {
		errs = append(errs, field.Invalid(at.Child("requestName"), request.RequestName, msg))
	}
	return errs
}

// claimedNetwork wants a network of a claimed device to be one that a binding plugin
// connects, beside no networks of multus: both would name the pod's interfaces.
func claimedNetwork(
	path, at *field.Path, spec *v1.VirtualMachineInstanceSpec, network *v1.Network, cfg *clusterconfig.Config,
) field.ErrorList {
	var errs field.ErrorList
	if !cfg.Enabled(clusterconfig.GateNetworkDevicesWithDRA) {
		errs = append(errs, field.Forbidden(at, "needs the feature gate "+string(clusterconfig.GateNetworkDevicesWithDRA)))
	}
	for i := range spec.Networks {
		if spec.Networks[i].Multus != nil {
			errs = append(errs, field.Forbidden(at, "does not go together with the multus network "+spec.Networks[i].Name))
			break
		}
	}
	for i := range spec.Domain.Devices.Interfaces {
		nic := &spec.Domain.Devices.Interfaces[i]
		if nic.Name != network.Name {
			continue
		}
		if nic.Binding == nil && nic.SRIOV == nil { // sriov is refused by itself
			errs = append(errs, field.Forbidden(path.Child("domain", "devices", "interfaces").Index(i),
				"its network is a device of a resource claim, which takes a binding (a plugin)"))
		}
		if plugin, _ := cfg.BindingPlugin(nic); plugin.DownwardAPI == v1.NetworkBindingDownwardAPITypeDeviceInfo {
			errs = append(errs, field.Forbidden(at, "binding plugin "+nic.Binding.Name+
				" is to be told about its device by multus (downwardAPI device-info), which knows nothing of resource claims"))
		}
	}
	return errs
}
