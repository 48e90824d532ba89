package kubevirt

import (
	"cmp"
	"maps"
	"path"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/validate"
)

// mostPerNode is more guests than any node runs pods.
const mostPerNode = 1000

// leastToVerify is more memory than a launcher takes to look at a disk image: it reads
// the header, of about 1 KiB, itself.
var leastToVerify = resource.MustParse("1Mi")

// guests checks how guests are run.
func guests(at *field.Path, c *v1.KubeVirtConfiguration) field.ErrorList {
	errs := firmware(at.Child("ovmfPath"), c.OVMFPath)
	if architectures := c.ArchitectureConfiguration; architectures != nil {
		within := at.Child("architectureConfiguration")
		if name := architectures.DefaultArchitecture; name != "" && !slices.Contains(validate.Architectures, name) {
			errs = append(errs, field.NotSupported(within.Child("defaultArchitecture"), name, validate.Architectures))
		}
		if architectures.Amd64 != nil {
			errs = append(errs, firmware(within.Child("amd64", "ovmfPath"), architectures.Amd64.OVMFPath)...)
		}
	}
	if most := c.VirtualMachineInstancesPerNode; most != nil && (*most < 0 || *most > mostPerNode) {
		errs = append(errs, field.Invalid(at.Child("virtualMachineInstancesPerNode"), *most, "must be from 0 to 1000"))
	}
	errs = append(errs, helpers(at.Child("supportContainerResources"), c.SupportContainerResources)...)
	errs = append(errs, selector(at.Child("autoCPULimitNamespaceLabelSelector"), c.AutoCPULimitNamespaceLabelSelector)...)
	if c.KSMConfiguration != nil {
		errs = append(errs, selector(at.Child("ksmConfiguration", "nodeLabelSelector"), c.KSMConfiguration.NodeLabelSelector)...)
	}
	return append(errs, disks(at.Child("developerConfiguration"), c.DeveloperConfiguration)...)
}

// disks checks what is said about disk images.
func disks(at *field.Path, developer *v1.DeveloperConfiguration) field.ErrorList {
	if developer == nil {
		return nil
	}
	var errs field.ErrorList
	if less := developer.PVCTolerateLessSpaceUpToPercent; less < 0 || less > 100 {
		errs = append(errs, field.Invalid(at.Child("pvcTolerateLessSpaceUpToPercent"), less, "must be from 0 to 100"))
	}
	if verification := developer.DiskVerification; verification != nil && verification.MemoryLimit != nil {
		if limit := verification.MemoryLimit; limit.Cmp(leastToVerify) < 0 {
			errs = append(errs, field.Invalid(at.Child("diskVerification", "memoryLimit"), limit.String(), "must be at least "+leastToVerify.String()))
		}
	}
	return errs
}

// firmware: the path goes into the definitions of guests.
func firmware(at *field.Path, directory string) field.ErrorList {
	if directory == "" || path.IsAbs(directory) && path.Clean(directory) == directory {
		return nil
	}
	return field.ErrorList{field.Invalid(at, directory, "must be the absolute path of a directory in the launcher image, without .. and trailing /")}
}

// helpers checks the resources of the containers beside launchers.
func helpers(at *field.Path, configured []v1.SupportContainerResources) field.ErrorList {
	known := []v1.SupportContainerType{
		v1.SupportContainerTypeContainerDisk, v1.SupportContainerTypeGuestConsoleLog, v1.SupportContainerTypeSidecar,
	}
	var errs field.ErrorList
	for i := range configured {
		one := &configured[i]
		if !slices.Contains(known, one.Type) {
			errs = append(errs, field.NotSupported(at.Index(i).Child("type"), one.Type, known))
		}
		errs = append(errs, resources(at.Index(i).Child("resources"), &one.Resources)...)
	}
	return errs
}

func resources(at *field.Path, wanted *v1.ResourceRequirementsWithoutClaims) field.ErrorList {
	known := []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage}
	var errs field.ErrorList
	for _, part := range []struct {
		at   *field.Path
		list corev1.ResourceList
	}{{at.Child("limits"), wanted.Limits}, {at.Child("requests"), wanted.Requests}} {
		for _, name := range slices.Sorted(maps.Keys(part.list)) {
			if !slices.Contains(known, name) {
				errs = append(errs, field.NotSupported(part.at.Key(string(name)), name, known))
			}
			if quantity := part.list[name]; quantity.Sign() < 0 {
				errs = append(errs, field.Invalid(part.at.Key(string(name)), quantity.String(), "must not be negative"))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted.Requests)) {
		request := wanted.Requests[name]
		if limit, limited := wanted.Limits[name]; limited && request.Cmp(limit) > 0 {
			errs = append(errs, field.Invalid(at.Child("requests").Key(string(name)), request.String(), "must not exceed the limit "+limit.String()))
		}
	}
	return errs
}

func selector(at *field.Path, chosen *metav1.LabelSelector) field.ErrorList {
	return metav1validation.ValidateLabelSelector(chosen, metav1validation.LabelSelectorValidationOptions{}, at)
}

// withoutEffect names the fields that the API keeps although they mean nothing any more,
// and those that do not all that they say.
func withoutEffect(c *v1.KubeVirtConfiguration) []string {
	var warnings []string
	warn := func(path string, isSet bool) {
		if isSet {
			warnings = append(warnings, "spec.configuration."+path+" changes nothing: it is deprecated")
		}
	}
	warn("minCPUModel", c.MinCPUModel != "")
	warn("supportedGuestAgentVersions", len(c.SupportedGuestAgentVersions) > 0)
	warn("network.permitSlirpInterface", c.Network != nil && c.Network.PermitSlirpInterface != nil)
	warn("architectureConfiguration.ppc64le", cmp.Or(c.ArchitectureConfiguration, &v1.ArchConfiguration{}).Ppc64le != nil)
	if strategy := c.EvictionStrategy; strategy != nil && *strategy == v1.EvictionStrategyLiveMigrate {
		warnings = append(warnings, "spec.configuration.evictionStrategy: no guest is migrated yet, so that the drain of a node waits "+
			"until somebody stops its guests")
	}
	if c.VirtualMachineInstancesPerNode != nil && c.DeveloperConfiguration != nil && c.DeveloperConfiguration.UseEmulation {
		warnings = append(warnings, "spec.configuration.virtualMachineInstancesPerNode bounds the guests that take a device of their node: "+
			"with useEmulation none takes its KVM, so that only those with an interface that takes tun are bounded")
	}
	return warnings
}
