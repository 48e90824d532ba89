package validate

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var (
	inputBuses  = []v1.InputBus{v1.InputBusUSB, v1.InputBusVirtio}
	inputTypes  = []v1.InputType{v1.InputTypeTablet}
	soundModels = []string{"", "ich9", "ac97"}
	videoTypes  = []string{"", "vga", "cirrus", "virtio", "ramfb", "bochs"}
	panicModels = []v1.PanicDeviceModel{v1.PanicDeviceModelHyperv, v1.PanicDeviceModelISA, v1.PanicDeviceModelPvpanic}
	actions     = []v1.WatchdogAction{"", v1.WatchdogActionPoweroff, v1.WatchdogActionReset, v1.WatchdogActionShutdown}
)

func deviceRules(devices *field.Path, spec *v1.Devices, architecture string) field.ErrorList {
	var errs field.ErrorList
	for i, input := range spec.Inputs {
		at := devices.Child("inputs").Index(i)
		errs = append(errs, oneOf(at.Child("bus"), input.Bus, inputBuses)...)
		errs = append(errs, oneOf(at.Child("type"), input.Type, inputTypes)...)
	}
	if spec.Sound != nil {
		errs = append(errs, oneOf(devices.Child("sound", "model"), spec.Sound.Model, soundModels)...)
		if spec.Sound.Name == "" {
			errs = append(errs, field.Required(devices.Child("sound", "name"), "a sound device has a name"))
		}
	}
	if spec.Video != nil {
		errs = append(errs, oneOf(devices.Child("video", "type"), spec.Video.Type, videoTypes)...)
		if spec.AutoattachGraphicsDevice != nil && !*spec.AutoattachGraphicsDevice {
			errs = append(errs, field.Forbidden(devices.Child("video"), "there is no video device while autoattachGraphicsDevice is false"))
		}
	}
	for i, device := range spec.PanicDevices {
		if device.Model != nil {
			errs = append(errs, oneOf(devices.Child("panicDevices").Index(i).Child("model"), *device.Model, panicModels)...)
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
	if spec.I6300ESB != nil {
		return oneOf(path.Child("i6300esb", "action"), spec.I6300ESB.Action, actions)
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

// bootOrder wants every order at least 1 and used once over disks and NICs.
func bootOrder(devices *field.Path, spec *v1.Devices) field.ErrorList {
	var errs field.ErrorList
	taken := map[uint]bool{}
	check := func(path *field.Path, order *uint) {
		switch {
		case order == nil:
		case *order < 1:
			errs = append(errs, field.Invalid(path, *order, "must be at least 1"))
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
