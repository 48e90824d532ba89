package validate

import (
	"fmt"
	"path"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// filesystems checks the volumes that the guest sees as directories.
func filesystems(spec, devices *field.Path, instance *v1.VirtualMachineInstanceSpec, cfg *clusterconfig.Config) field.ErrorList {
	var errs field.ErrorList
	volumes, used := map[string]*v1.Volume{}, map[string]string{}
	for i := range instance.Volumes {
		volumes[instance.Volumes[i].Name] = &instance.Volumes[i]
	}
	for i := range instance.Domain.Devices.Disks {
		used[instance.Domain.Devices.Disks[i].Name] = "disk"
	}
	for i, shared := range instance.Domain.Devices.Filesystems {
		at := devices.Child("filesystems").Index(i)
		name := at.Child("name")
		for _, msg := range validation.IsDNS1123Label(shared.Name) {
			errs = append(errs, field.Invalid(name, shared.Name, msg))
		}
		if len(shared.Name) > v1.MaxFilesystemTag {
			errs = append(errs, field.TooLong(name, shared.Name, v1.MaxFilesystemTag))
		}
		if by := used[shared.Name]; by != "" {
			errs = append(errs, field.Invalid(name, shared.Name, "a "+by+" uses this volume already"))
		}
		used[shared.Name] = "filesystem"
		volume := volumes[shared.Name]
		if volume == nil {
			errs = append(errs, field.NotFound(name, shared.Name+": no volume of that name in spec.volumes"))
			continue
		}
		errs = append(errs, canBeShared(at, volume, cfg)...)
	}
	return append(errs, containerPaths(spec, instance)...)
}

// canBeShared wants a volume that is a directory, of a kind that the cluster allows.
func canBeShared(at *field.Path, volume *v1.Volume, cfg *clusterconfig.Config) field.ErrorList {
	var gate clusterconfig.Gate
	switch {
	case volume.PersistentVolumeClaim != nil, volume.DataVolume != nil:
		gate = clusterconfig.GateEnableVirtioFsStorageVolumes
	case volume.IsConfig():
		gate = clusterconfig.GateEnableVirtioFsConfigVolumes
	case volume.ContainerPath != nil:
		gate = clusterconfig.GateContainerPathVolumes
	default:
		return field.ErrorList{field.Forbidden(at, "volume "+volume.Name+" is no directory; those of kind persistentVolumeClaim, dataVolume, "+
			"configMap, secret, downwardAPI, serviceAccount and containerPath are")}
	}
	if !cfg.Enabled(gate) {
		return field.ErrorList{field.Forbidden(at, fmt.Sprintf("to share volume %s needs the feature gate %s", volume.Name, gate))}
	}
	return nil
}

// containerPaths keeps guests from the launcher's own sockets and secrets. The
// launcher looks again, at where links lead.
func containerPaths(spec *field.Path, instance *v1.VirtualMachineInstanceSpec) field.ErrorList {
	var errs field.ErrorList
	for i := range instance.Volumes {
		volume, at := &instance.Volumes[i], spec.Child("volumes").Index(i).Child("containerPath")
		if volume.ContainerPath == nil {
			continue
		}
		if !instance.SharesAsFilesystem(volume.Name) {
			errs = append(errs, field.Forbidden(at, "only spec.domain.devices.filesystems can use it"))
		}
		if directory := volume.ContainerPath.Path; path.IsAbs(directory) && v1.IsReservedPath(directory) {
			errs = append(errs, field.Invalid(at.Child("path"), directory,
				"is, or holds, a directory of the launcher's own, such as /var/run/kubevirt, /var/run/libvirt, /proc and /dev"))
		}
	}
	return errs
}
