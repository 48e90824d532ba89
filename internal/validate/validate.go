// Package validate holds the admission rules of virtual machines, one file per
// feature. It is pure: everything a rule needs is passed in. Rules that a schema
// can express stand in the CRDs and not here.
package validate

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// VirtualMachineInstance checks a new instance, defaults filled in.
func VirtualMachineInstance(vmi *v1.VirtualMachineInstance, cfg *clusterconfig.Config) field.ErrorList {
	errs := append(Unsupported("VirtualMachineInstance", vmi), annotations(field.NewPath("metadata", "annotations"), vmi.Annotations)...)
	errs = append(errs, hookSidecars(field.NewPath("metadata", "annotations"), vmi.Annotations, cfg)...)
	errs = append(errs, PresentInterfaces(field.NewPath("spec"), &vmi.Spec)...)
	return append(errs, instanceSpec(field.NewPath("spec"), &vmi.Spec, cfg)...)
}

// VirtualMachine checks a virtual machine. The template is checked as the
// instance that it would become; asInstance fills in an instance's defaults.
func VirtualMachine(vm *v1.VirtualMachine, cfg *clusterconfig.Config, asInstance func(*v1.VirtualMachineInstance)) field.ErrorList {
	errs := Unsupported("VirtualMachine", vm)
	errs = append(errs, runStrategy(field.NewPath("spec"), &vm.Spec, cfg)...)
	errs = append(errs, dataVolumeTemplates(field.NewPath("spec", "dataVolumeTemplates"), vm)...)
	if vm.Spec.Template == nil {
		return errs // the schema says so
	}
	return append(errs, instanceTemplate(field.NewPath("spec", "template"), vm.Spec.Template, cfg, asInstance)...)
}

// instanceTemplate checks what instances are made from.
func instanceTemplate(path *field.Path, template *v1.VirtualMachineInstanceTemplateSpec, cfg *clusterconfig.Config, asInstance func(*v1.VirtualMachineInstance)) field.ErrorList {
	errs := templateMetadata(path.Child("metadata"), &template.Metadata)
	errs = append(errs, hookSidecars(path.Child("metadata", "annotations"), template.Metadata.Annotations, cfg)...)
	errs = append(errs, unsupportedSpec("VirtualMachineInstance", path.Child("spec"), template.Spec)...)
	vmi := &v1.VirtualMachineInstance{Spec: *template.Spec.DeepCopy()}
	asInstance(vmi)
	return append(errs, instanceSpec(path.Child("spec"), &vmi.Spec, cfg)...)
}

// instanceSpec runs the rules of every feature.
func instanceSpec(path *field.Path, spec *v1.VirtualMachineInstanceSpec, cfg *clusterconfig.Config) field.ErrorList {
	domain := path.Child("domain")
	devices := domain.Child("devices")
	var errs field.ErrorList
	errs = append(errs, placement(path, spec)...)
	errs = append(errs, dns(path, spec)...)
	errs = append(errs, scheduling(path, spec)...)
	errs = append(errs, startStrategy(path, spec)...)
	errs = append(errs, machine(domain, &spec.Domain, spec.Architecture, cfg)...)
	errs = append(errs, resourceNames(domain.Child("resources"), spec.Domain.Resources)...)
	errs = append(errs, cpu(domain, &spec.Domain)...)
	errs = append(errs, memory(domain, &spec.Domain)...)
	errs = append(errs, firmware(domain, &spec.Domain)...)
	errs = append(errs, features(domain, &spec.Domain)...)
	errs = append(errs, clock(domain.Child("clock"), spec.Domain.Clock)...)
	errs = append(errs, ioThreads(domain, &spec.Domain)...)
	errs = append(errs, rebootPolicy(domain, &spec.Domain, cfg)...)
	errs = append(errs, deviceRules(devices, &spec.Domain.Devices, spec.Architecture)...)
	errs = append(errs, disks(path, devices, spec)...)
	errs = append(errs, volumes(path, spec.Volumes)...)
	errs = append(errs, configVolumes(path, spec)...)
	errs = append(errs, accessCredentials(path, spec)...)
	errs = append(errs, downwardMetrics(path, devices, spec, cfg)...)
	errs = append(errs, acpi(domain, spec)...)
	errs = append(errs, filesystems(path, devices, spec, cfg)...)
	errs = append(errs, hostDisks(path, spec.Volumes, cfg)...)
	errs = append(errs, claimUses(path, spec)...)
	errs = append(errs, memoryDumps(path, devices, spec)...)
	errs = append(errs, networks(path, spec, cfg)...)
	errs = append(errs, resourceClaims(path, spec, cfg)...)
	errs = append(errs, probes(path, spec)...)
	errs = append(errs, bootOrder(devices, &spec.Domain.Devices)...)
	return errs
}
