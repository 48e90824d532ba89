package validate

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// ports checks the ports of one interface. They become ports of one container, so
// that their names are taken over all interfaces.
func ports(path *field.Path, ports []v1.Port, names map[string]bool) field.ErrorList {
	var errs field.ErrorList
	taken := map[v1.Port]bool{}
	for i, port := range ports {
		at := path.Index(i)
		number := v1.Port{Port: port.Port, Protocol: protocol(port.Protocol)}
		if taken[number] {
			errs = append(errs, field.Duplicate(at.Child("port"), port.Port))
		}
		taken[number] = true
		if port.Name == "" {
			continue
		}
		for _, msg := range validation.IsValidPortName(port.Name) {
			errs = append(errs, field.Invalid(at.Child("name"), port.Name, msg))
		}
		if names[port.Name] {
			errs = append(errs, field.Duplicate(at.Child("name"), port.Name))
		}
		names[port.Name] = true
	}
	return errs
}

// portRanges checks the ranges that stand in for single ports.
func portRanges(path *field.Path, nic *v1.Interface, cfg *clusterconfig.Config) field.ErrorList {
	if len(nic.PortRanges) == 0 {
		return nil
	}
	var errs field.ErrorList
	if !cfg.Enabled(clusterconfig.GatePortRangesSpec) {
		errs = append(errs, field.Forbidden(path, "needs the feature gate PortRangesSpec"))
	}
	if nic.Masquerade == nil {
		errs = append(errs, field.Forbidden(path, "is for masquerade interfaces only"))
	}
	if len(nic.Ports) > 0 {
		errs = append(errs, field.Forbidden(path, "ports and portRanges exclude each other"))
	}
	for i, ports := range nic.PortRanges {
		if ports.End < ports.Start {
			errs = append(errs, field.Invalid(path.Index(i).Child("end"), ports.End, "must not be below start"))
		}
		for _, other := range nic.PortRanges[:i] {
			if protocol(ports.Protocol) == protocol(other.Protocol) && ports.Start <= other.End && other.Start <= ports.End {
				errs = append(errs, field.Invalid(path.Index(i), ports.Start, "overlaps with another range of the same protocol"))
				break
			}
		}
	}
	return errs
}

func protocol(name string) string {
	if name == "" {
		return "TCP"
	}
	return strings.ToUpper(name)
}
