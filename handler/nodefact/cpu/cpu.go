// Package cpu turns a node's processors into labels: models, features, vendor,
// the time stamp counter.
package cpu

import (
	"maps"
	"slices"
	"strconv"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// Labels describes what CPUs guests of the node can have under the given kind of
// virtualization. Obsolete models are not offered; a host whose own model is one
// of them says so.
func Labels(host protocol.HostCPU, virtualization *protocol.Virtualization, obsolete map[string]bool) map[string]string {
	labels := map[string]string{}
	if virtualization == nil {
		return labels
	}
	flag := func(prefix string, names ...string) {
		for _, name := range names {
			if name != "" {
				labels[prefix+name] = "true"
			}
		}
	}
	usable := slices.DeleteFunc(slices.Clone(virtualization.Models), func(model string) bool { return obsolete[model] })
	flag(v1.LabelCPUModelPrefix, usable...)
	flag(v1.LabelCPUModelMigrationPrefix, usable...)
	flag(v1.LabelCPUFeaturePrefix, virtualization.Features...)

	own := virtualization.HostModel
	flag(v1.LabelHostModelCPUPrefix, own.Name)
	flag(v1.LabelHostModelFeaturePrefix, own.Required...)
	flag(v1.LabelCPUModelMigrationPrefix, own.Name)
	if vendor := own.Vendor; vendor != "" {
		flag(v1.LabelCPUVendorPrefix, vendor)
	} else {
		flag(v1.LabelCPUVendorPrefix, host.Vendor)
	}
	if obsolete[own.Name] {
		labels[v1.LabelObsoleteHostModel] = "true"
	}
	maps.Copy(labels, timer(host))
	return labels
}

func timer(host protocol.HostCPU) map[string]string {
	if host.TSCFrequency == 0 {
		return nil
	}
	return map[string]string{
		v1.LabelTSCFrequency: strconv.FormatUint(host.TSCFrequency, 10),
		v1.LabelTSCScalable:  strconv.FormatBool(host.TSCScaling),
	}
}
