package validate

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// memoryDumps checks the volume that receives the guest's memory, which the guest does
// not see.
func memoryDumps(path, devices *field.Path, spec *v1.VirtualMachineInstanceSpec) field.ErrorList {
	var errs field.ErrorList
	first := ""
	for i := range spec.Volumes {
		volume, at := &spec.Volumes[i], path.Child("volumes").Index(i).Child("memoryDump")
		if volume.MemoryDump == nil {
			continue
		}
		errs = append(errs, claimName(at.Child("claimName"), volume.MemoryDump.ClaimName)...)
		if first != "" {
			errs = append(errs, field.Forbidden(at, "at most one volume can receive the guest's memory, and "+first+" does"))
		}
		first = volume.Name
		for j := range spec.Domain.Devices.Disks {
			if spec.Domain.Devices.Disks[j].Name == volume.Name {
				errs = append(errs, field.Forbidden(devices.Child("disks").Index(j),
					"volume "+volume.Name+" receives the guest's memory (memoryDump) and is no disk"))
			}
		}
	}
	return errs
}
