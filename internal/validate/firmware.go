package validate

import (
	"regexp"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func firmware(domain *field.Path, spec *v1.DomainSpec) field.ErrorList {
	if spec.Firmware == nil {
		return nil
	}
	var errs field.ErrorList
	firmware := domain.Child("firmware")
	if id := string(spec.Firmware.UUID); id != "" && !uuid.MatchString(id) {
		errs = append(errs, field.Invalid(firmware.Child("uuid"), id, "must be a UUID, e.g. 5d307ca9-b3ef-428c-8861-06e72d69f223"))
	}
	errs = append(errs, kernelBoot(firmware.Child("kernelBoot"), spec.Firmware.KernelBoot)...)
	loader := spec.Firmware.Bootloader
	if loader == nil {
		return errs
	}
	if loader.EFI != nil && loader.BIOS != nil {
		errs = append(errs, field.Forbidden(firmware.Child("bootloader", "bios"), "bios and efi exclude each other"))
	}
	secure := loader.EFI != nil && (loader.EFI.SecureBoot == nil || *loader.EFI.SecureBoot)
	if secure && !smm(spec.Features) {
		errs = append(errs, field.Invalid(firmware.Child("bootloader", "efi", "secureBoot"), true,
			"needs spec.domain.features.smm; set it, or secureBoot to false"))
	}
	return errs
}

func smm(features *v1.Features) bool {
	return features != nil && features.SMM != nil && (features.SMM.Enabled == nil || *features.SMM.Enabled)
}
