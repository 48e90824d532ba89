package validate

import (
	"path"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// hostDisks checks the disks that lie in directories of a node.
func hostDisks(spec *field.Path, volumes []v1.Volume, cfg *clusterconfig.Config) field.ErrorList {
	var errs field.ErrorList
	for i := range volumes {
		source, at := volumes[i].HostDisk, spec.Child("volumes").Index(i).Child("hostDisk")
		if source == nil {
			continue
		}
		if !cfg.Enabled(clusterconfig.GateHostDisk) {
			errs = append(errs, field.Forbidden(at, "needs the feature gate "+string(clusterconfig.GateHostDisk)))
		}
		switch file := source.Path; {
		case file == "":
			errs = append(errs, field.Required(at.Child("path"), "the image on the node"))
		case !path.IsAbs(file) || path.Clean(file) != file || file == "/":
			errs = append(errs, field.Invalid(at.Child("path"), file, "must be the absolute path of a file, e.g. /data/vm/disk.img"))
		}
		capacity := at.Child("capacity")
		switch {
		case source.Capacity.Sign() < 0:
			errs = append(errs, field.Invalid(capacity, source.Capacity.String(), "must not be less than 0"))
		case source.Type == v1.HostDiskTypeDisk && !source.Capacity.IsZero():
			errs = append(errs, field.Forbidden(capacity, "only an image that may be made has one: type DiskOrCreate"))
		}
	}
	return errs
}
