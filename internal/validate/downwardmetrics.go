package validate

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// downwardMetrics checks the two ways in which a guest hears about its node.
func downwardMetrics(spec, devices *field.Path, vmi *v1.VirtualMachineInstanceSpec, cfg *clusterconfig.Config) field.ErrorList {
	var errs field.ErrorList
	gate := func(at *field.Path) {
		if !cfg.Enabled(clusterconfig.GateDownwardMetrics) {
			errs = append(errs, field.Forbidden(at, "needs the feature gate "+string(clusterconfig.GateDownwardMetrics)))
		}
	}
	if vmi.Domain.Devices.DownwardMetrics != nil {
		gate(devices.Child("downwardMetrics"))
	}
	volume := ""
	for i := range vmi.Volumes {
		if vmi.Volumes[i].DownwardMetrics == nil {
			continue
		}
		at := spec.Child("volumes").Index(i).Child("downwardMetrics")
		gate(at)
		if volume != "" {
			errs = append(errs, field.Forbidden(at, "at most one volume can hold metrics"))
		}
		volume = vmi.Volumes[i].Name
	}
	for i := range vmi.Domain.Devices.Disks {
		disk := &vmi.Domain.Devices.Disks[i]
		if volume != "" && disk.Name == volume && (disk.Disk == nil || disk.Disk.Bus != v1.DiskBusVirtio) {
			errs = append(errs, field.Forbidden(devices.Child("disks").Index(i), "metrics need a disk on the virtio bus"))
		}
	}
	return errs
}
