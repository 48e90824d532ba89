package launcherpod

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

const (
	// NetworkInfoVolume is the volume that tells sidecars about the devices behind networks.
	NetworkInfoVolume = "network-info"
	networkInfoDir    = "/etc/podinfo"
)

// bindingPlugin is a plugin that some interface of a guest uses.
type bindingPlugin struct {
	v1.InterfaceBindingPlugin
	name string
}

// bindingPlugins are the plugins that an instance uses, each once.
func bindingPlugins(vmi *v1.VirtualMachineInstance, cfg *clusterconfig.Config) []bindingPlugin {
	var plugins []bindingPlugin
	seen := map[string]bool{}
	for i := range vmi.Spec.Domain.Devices.Interfaces {
		nic := &vmi.Spec.Domain.Devices.Interfaces[i]
		if plugin, ok := cfg.BindingPlugin(nic); ok && !seen[nic.Binding.Name] {
			seen[nic.Binding.Name] = true
			plugins = append(plugins, bindingPlugin{plugin, nic.Binding.Name})
		}
	}
	return plugins
}

// pluginOverhead is the memory that the plugins take in the launcher's container, in
// bytes.
func pluginOverhead(vmi *v1.VirtualMachineInstance, cfg *clusterconfig.Config) int64 {
	total := int64(0)
	for _, plugin := range bindingPlugins(vmi, cfg) {
		overhead := plugin.ComputeResourceOverhead
		if overhead == nil {
			continue
		}
		memory, requested := overhead.Requests[corev1.ResourceMemory]
		if !requested {
			memory = overhead.Limits[corev1.ResourceMemory]
		}
		total += memory.Value()
	}
	return total
}

// tellDevices shows a sidecar what is behind the guest's networks.
func (r *render) tellDevices(sidecar *corev1.Container) {
	r.addVolume(corev1.Volume{Name: NetworkInfoVolume, VolumeSource: corev1.VolumeSource{
		DownwardAPI: &corev1.DownwardAPIVolumeSource{Items: []corev1.DownwardAPIVolumeFile{{
			Path:     NetworkInfoVolume,
			FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.annotations['" + v1.AnnotationNetworkInfo + "']"},
		}}},
	}})
	sidecar.VolumeMounts = append(sidecar.VolumeMounts, corev1.VolumeMount{
		Name: NetworkInfoVolume, MountPath: networkInfoDir, ReadOnly: true,
	})
}

// addVolume adds a volume unless the pod has it.
func (r *render) addVolume(volume corev1.Volume) {
	for i := range r.pod.Spec.Volumes {
		if r.pod.Spec.Volumes[i].Name == volume.Name {
			return
		}
	}
	r.pod.Spec.Volumes = append(r.pod.Spec.Volumes, volume)
}

// NetworkInfo turns what multus reports of a pod's networks into what the sidecars
// of binding plugins read; empty while multus has not reported all of them.
func NetworkInfo(vmi *v1.VirtualMachineInstance, cfg *clusterconfig.Config, status string) (string, error) {
	type device struct {
		Network    string          `json:"network"`
		DeviceInfo json.RawMessage `json:"deviceInfo,omitempty"`
		MAC        string          `json:"mac,omitempty"`
	}
	var reported []struct {
		Interface  string          `json:"interface"`
		MAC        string          `json:"mac"`
		Default    bool            `json:"default"`
		DeviceInfo json.RawMessage `json:"device-info"`
	}
	if err := json.Unmarshal([]byte(status), &reported); err != nil {
		return "", fmt.Errorf("reading what multus reports: %w", err)
	}
	info := struct {
		Interfaces []device `json:"interfaces"`
	}{}
	for i := range vmi.Spec.Networks {
		network := &vmi.Spec.Networks[i]
		if !wantsDeviceInfo(vmi, cfg, network.Name) {
			continue
		}
		found := false
		for _, r := range reported {
			if r.Interface == network.LinkNames().Pod || r.Default && network.IsPrimary() {
				info.Interfaces, found = append(info.Interfaces, device{network.Name, r.DeviceInfo, r.MAC}), true
				break
			}
		}
		if !found {
			return "", nil
		}
	}
	if info.Interfaces == nil {
		return "", nil
	}
	text, err := json.Marshal(info)
	if err != nil {
		return "", fmt.Errorf("encoding the devices behind networks: %w", err)
	}
	return string(text), nil
}

func wantsDeviceInfo(vmi *v1.VirtualMachineInstance, cfg *clusterconfig.Config, network string) bool {
	for i := range vmi.Spec.Domain.Devices.Interfaces {
		nic := &vmi.Spec.Domain.Devices.Interfaces[i]
		plugin, _ := cfg.BindingPlugin(nic)
		if nic.Name == network && plugin.DownwardAPI == v1.NetworkBindingDownwardAPITypeDeviceInfo {
			return true
		}
	}
	return false
}
