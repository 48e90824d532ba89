package validate

import (
	"path"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// kernelBoot checks the kernel that boots from outside the guest's disks.
func kernelBoot(at *field.Path, boot *v1.KernelBoot) field.ErrorList {
	if boot == nil {
		return nil
	}
	container := boot.Container
	if container == nil {
		if boot.KernelArgs != "" {
			return field.ErrorList{field.Forbidden(at.Child("kernelArgs"), "needs the container that holds the kernel")}
		}
		return nil
	}
	var errs field.ErrorList
	if container.Image == "" {
		errs = append(errs, field.Required(at.Child("container", "image"), "the image that holds the kernel"))
	}
	switch {
	case container.KernelPath == "" && container.InitrdPath == "":
		errs = append(errs, field.Required(at.Child("container", "kernelPath"), "where the image has the kernel, e.g. /boot/vmlinuz"))
	case container.KernelPath == "":
		// QEMU takes neither an initrd nor arguments without a kernel.
		errs = append(errs, field.Required(at.Child("container", "kernelPath"), "an initrd is loaded along with a kernel"))
	}
	for name, file := range map[string]string{"kernelPath": container.KernelPath, "initrdPath": container.InitrdPath} {
		if file != "" && (!path.IsAbs(file) || path.Clean(file) != file || file == "/") {
			errs = append(errs, field.Invalid(at.Child("container", name), file, "must be the absolute path of a file in the image, e.g. /boot/vmlinuz"))
		}
	}
	return errs
}
