package launcherpod

import (
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// attachment is one element of the annotation by which multus is asked to attach a
// pod to a network. Multus decides whether this pod may be, as it does for any.
type attachment struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Interface string            `json:"interface,omitempty"`
	MAC       string            `json:"mac,omitempty"`
	CNIArgs   map[string]string `json:"cni-args,omitempty"`
	// primary replaces the pod network and has an annotation of its own.
	primary bool
}

// logicalNetwork is the argument by which a binding's own CNI plugin learns which of
// the guest's networks it is called for.
const logicalNetwork = "logicNetworkName"

// attachments are what a guest's networks ask of multus: each network, then what its
// binding plugin does to it.
func attachments(vmi *v1.VirtualMachineInstance, cfg *clusterconfig.Config) []attachment {
	nics := map[string]*v1.Interface{}
	for i := range vmi.Spec.Domain.Devices.Interfaces {
		if nic := &vmi.Spec.Domain.Devices.Interfaces[i]; nic.State != v1.InterfaceStateAbsent {
			nics[nic.Name] = nic
		}
	}
	var all []attachment
	for i := range vmi.Spec.Networks {
		network := &vmi.Spec.Networks[i]
		nic := nics[network.Name]
		if nic == nil {
			continue
		}
		if network.Multus != nil {
			one := named(vmi.Namespace, network.Multus.NetworkName)
			one.Interface, one.MAC, one.primary = network.LinkNames().Pod, nic.MacAddress, network.Multus.Default
			all = append(all, one)
		}
		if plugin, ok := cfg.BindingPlugin(nic); ok && plugin.NetworkAttachmentDefinition != "" {
			one := named(vmi.Namespace, plugin.NetworkAttachmentDefinition)
			one.CNIArgs = map[string]string{logicalNetwork: network.Name}
			all = append(all, one)
		}
	}
	return all
}

// named refers to a definition as namespace/name, or name in the pod's namespace.
func named(namespace, reference string) attachment {
	if other, name, qualified := strings.Cut(reference, "/"); qualified {
		return attachment{Namespace: other, Name: name}
	}
	return attachment{Namespace: namespace, Name: reference}
}

// Definitions returns the NetworkAttachmentDefinitions that the pod of an instance
// needs, one for each use.
func Definitions(vmi *v1.VirtualMachineInstance, cfg *clusterconfig.Config) []types.NamespacedName {
	var names []types.NamespacedName
	for _, one := range attachments(vmi, cfg) {
		names = append(names, types.NamespacedName{Namespace: one.Namespace, Name: one.Name})
	}
	return names
}

// attach writes the annotations that multus reads. They, and those that it and
// virt-controller write later, are never the user's.
func attach(r *render) error {
	for _, ours := range []string{
		v1.AnnotationMultusNetworks, v1.AnnotationMultusDefaultNetwork, v1.AnnotationMultusStatus, v1.AnnotationNetworkInfo,
	} {
		delete(r.pod.Annotations, ours)
	}
	var others []attachment
	for _, one := range attachments(r.vmi, r.cfg) {
		if one.primary {
			r.pod.Annotations[v1.AnnotationMultusDefaultNetwork] = one.Namespace + "/" + one.Name
			continue
		}
		others = append(others, one)
	}
	if len(others) == 0 {
		return nil
	}
	text, err := json.Marshal(others)
	if err != nil {
		return fmt.Errorf("encoding the networks for multus: %w", err)
	}
	r.pod.Annotations[v1.AnnotationMultusNetworks] = string(text)
	return nil
}

// RequestNetworkDevices has a launcher pod ask for the devices behind its networks:
// one of each resource named, which may be named several times.
func RequestNetworkDevices(pod *corev1.Pod, names []string) error {
	one := resource.MustParse("1")
	for _, name := range names {
		// Anything else would be taken for what the guest itself needs.
		if domain, _, extended := strings.Cut(name, "/"); !extended || strings.HasSuffix(domain, "kubernetes.io") {
			return fmt.Errorf("network resource %q: it is no extended resource, such as example.com/device", name)
		}
		resources := &pod.Spec.Containers[0].Resources
		for _, list := range []*corev1.ResourceList{&resources.Limits, &resources.Requests} {
			if *list == nil {
				*list = corev1.ResourceList{}
			}
			sum := (*list)[corev1.ResourceName(name)]
			sum.Add(one)
			(*list)[corev1.ResourceName(name)] = sum
		}
	}
	return nil
}
