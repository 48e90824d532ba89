package validate

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// videoTypes are by architecture.
var videoTypes = map[string][]string{
	"amd64": {"", "vga", "cirrus", "virtio", "ramfb", "bochs"},
}

func deviceRules(devices *field.Path, spec *v1.Devices, architecture string) field.ErrorList {
	var errs field.ErrorList
	if spec.Video != nil {
		errs = append(errs, oneOf(devices.Child("video", "type"), spec.Video.Type, videoTypes[architecture])...)
		if spec.AutoattachGraphicsDevice != nil && !*spec.AutoattachGraphicsDevice {
			errs = append(errs, field.Forbidden(devices.Child("video"), "there is no video device while autoattachGraphicsDevice is false"))
		}
	}
	return append(errs, watchdog(devices.Child("watchdog"), spec.Watchdog, architecture)...)
}

func watchdog(path *field.Path, spec *v1.Watchdog, architecture string) field.ErrorList {
	if spec == nil {
		return nil
	}
	if architecture == "amd64" && (spec.I6300ESB == nil || spec.Diag288 != nil) {
		return field.ErrorList{field.Invalid(path, spec.Name, "amd64 guests have exactly the i6300esb watchdog")}
	}
	return nil
}

// oneOf reports a value that is not among those allowed.
func oneOf[T ~string](path *field.Path, value T, allowed []T) field.ErrorList {
	if slices.Contains(allowed, value) {
		return nil
	}
	return field.ErrorList{field.NotSupported(path, value, slices.DeleteFunc(slices.Clone(allowed), func(v T) bool { return v == "" }))}
}

// bootOrder wants every order used once over disks and NICs.
func bootOrder(devices *field.Path, spec *v1.Devices) field.ErrorList {
	var errs field.ErrorList
	taken := map[uint]bool{}
	check := func(path *field.Path, order *uint) {
		switch {
		case order == nil:
		case taken[*order]:
			errs = append(errs, field.Duplicate(path, *order))
		default:
			taken[*order] = true
		}
	}
	for i := range spec.Disks {
		check(devices.Child("disks").Index(i).Child("bootOrder"), spec.Disks[i].BootOrder)
	}
	for i := range spec.Interfaces {
		check(devices.Child("interfaces").Index(i).Child("bootOrder"), spec.Interfaces[i].BootOrder)
	}
	return errs
}
