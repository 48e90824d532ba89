// Package objectgraph lists the objects that a virtual machine or an instance needs,
// by name. It tells nothing but what the machine and its instance themselves say.
package objectgraph

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/internal/launcherpod"
)

// Node is an object, with those that it needs.
type Node = subresourcesv1.ObjectGraphNode

// The values of the label that says how the machine depends on an object.
const (
	storage = "storage"
	compute = "compute"
	network = "network"
	config  = "config"
)

const (
	instancetypeGroup = "instancetype.kubevirt.io"
	networkGroup      = "k8s.cni.cncf.io"
)

// node describes an object of a namespace; the group is empty for Kubernetes' own.
func node(group, kind, namespace, name, dependency string) Node {
	n := Node{
		ObjectReference: corev1.TypedObjectReference{Kind: kind, Name: name},
		Labels:          map[string]string{v1.LabelDependencyType: dependency},
	}
	if group != "" {
		n.ObjectReference.APIGroup = &group
	}
	if namespace != "" {
		n.ObjectReference.Namespace = &namespace
	}
	return n
}

func optional(n Node) Node {
	yes := true
	n.Optional = &yes
	return n
}

// Machine is the graph of a machine; vmi is nil when it has no instance. A machine
// makes its instance anew, so that is optional.
func Machine(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) *Node {
	root := node(v1.GroupName, v1.KindVirtualMachine, vm.Namespace, vm.Name, compute)
	own := references{namespace: vm.Namespace}
	if m := vm.Spec.Instancetype; m != nil {
		own.shape(m.Name, m.Kind, "VirtualMachineClusterInstancetype", vm.Status.InstancetypeRef)
	}
	if m := vm.Spec.Preference; m != nil {
		own.shape(m.Name, m.Kind, "VirtualMachineClusterPreference", vm.Status.PreferenceRef)
	}
	for i := range vm.Spec.DataVolumeTemplates {
		own.dataVolume(vm.Spec.DataVolumeTemplates[i].Metadata.Name)
	}
	if vm.Spec.Template != nil {
		own.spec(&vm.Spec.Template.Spec)
	}
	if vmi != nil {
		instance := Instance(vmi)
		instance.Children = slices.DeleteFunc(instance.Children, own.have)
		root.Children = append(root.Children, optional(*instance))
	}
	root.Children = append(root.Children, own.nodes...)
	return &root
}

// Instance is the graph of an instance.
func Instance(vmi *v1.VirtualMachineInstance) *Node {
	root := node(v1.GroupName, v1.KindVirtualMachineInstance, vmi.Namespace, vmi.Name, compute)
	if len(vmi.Status.ActivePods) > 0 {
		// The controller makes pods anew.
		root.Children = append(root.Children, optional(node("", "Pod", vmi.Namespace, launcherpod.PodName(vmi), compute)))
	}
	own := references{namespace: vmi.Namespace}
	own.spec(&vmi.Spec)
	root.Children = append(root.Children, own.nodes...)
	return &root
}

// Select leaves out what the options do not ask for. The root stays; what a node
// left out by its labels needs moves up in its place.
func Select(root *Node, options *subresourcesv1.ObjectGraphOptions) error {
	selector := labels.Everything()
	if options.LabelSelector != nil {
		var err error
		if selector, err = metav1.LabelSelectorAsSelector(options.LabelSelector); err != nil {
			return err
		}
	}
	all := options.IncludeOptionalNodes == nil || *options.IncludeOptionalNodes
	root.Children = kept(root.Children, all, selector)
	return nil
}

func kept(nodes []Node, all bool, selector labels.Selector) []Node {
	var result []Node
	for _, n := range nodes {
		if !all && n.Optional != nil && *n.Optional {
			continue
		}
		n.Children = kept(n.Children, all, selector)
		if selector.Matches(labels.Set(n.Labels)) {
			result = append(result, n)
		} else {
			result = append(result, n.Children...)
		}
	}
	return result
}

// references collects objects, each once.
type references struct {
	namespace string
	nodes     []Node
}

func (r *references) find(n Node) *Node {
	for i := range r.nodes {
		a, b := &r.nodes[i].ObjectReference, &n.ObjectReference
		if a.Kind == b.Kind && a.Name == b.Name && (a.Namespace == nil) == (b.Namespace == nil) &&
			(a.Namespace == nil || *a.Namespace == *b.Namespace) {
			return &r.nodes[i]
		}
	}
	return nil
}

func (r *references) have(n Node) bool { return r.find(n) != nil }

// add takes an object in; one that is needed in one place is not optional in another.
func (r *references) add(n Node) {
	if n.ObjectReference.Name == "" {
		return
	}
	if known := r.find(n); known == nil {
		r.nodes = append(r.nodes, n)
	} else if n.Optional == nil {
		known.Optional = nil
	}
}

func (r *references) core(kind, name, dependency string) {
	r.add(node("", kind, r.namespace, name, dependency))
}

func (r *references) secret(ref *corev1.LocalObjectReference) {
	if ref != nil {
		r.core("Secret", ref.Name, config)
	}
}

// maybe adds what its user may mark as optional.
func (r *references) maybe(kind, name string, mayMiss *bool) {
	n := node("", kind, r.namespace, name, config)
	if mayMiss != nil && *mayMiss {
		n = optional(n)
	}
	r.add(n)
}

// dataVolume adds a data volume and the claim of its name.
func (r *references) dataVolume(name string) {
	n := node(cdiv1beta1.GroupVersion.Group, cdiv1beta1.KindDataVolume, r.namespace, name, storage)
	n.Children = []Node{node("", "PersistentVolumeClaim", r.namespace, name, storage)}
	r.add(n)
}

// shape adds an instance type or a preference and the copy of it in use.
func (r *references) shape(name, kind, otherwise string, inUse *v1.InstancetypeStatusRef) {
	if kind == "" {
		kind = otherwise
	}
	namespace := r.namespace
	if strings.Contains(strings.ToLower(kind), "cluster") {
		namespace = ""
	}
	n := node(instancetypeGroup, kind, namespace, name, config)
	if inUse != nil && inUse.ControllerRevisionRef != nil {
		n.Children = []Node{node("apps", "ControllerRevision", r.namespace, inUse.ControllerRevisionRef.Name, config)}
	}
	r.add(n)
}

func (r *references) spec(spec *v1.VirtualMachineInstanceSpec) {
	for i := range spec.Volumes {
		r.volume(&spec.Volumes[i].VolumeSource)
	}
	for _, volume := range spec.UtilityVolumes {
		r.add(optional(node("", "PersistentVolumeClaim", r.namespace, volume.ClaimName, storage)))
	}
	for _, credential := range spec.AccessCredentials {
		if c := credential.SSHPublicKey; c != nil && c.Source.Secret != nil {
			r.core("Secret", c.Source.Secret.SecretName, config)
		}
		if c := credential.UserPassword; c != nil && c.Source.Secret != nil {
			r.core("Secret", c.Source.Secret.SecretName, config)
		}
	}
	if f := spec.Domain.Firmware; f != nil && f.KernelBoot != nil && f.KernelBoot.Container != nil {
		r.core("Secret", f.KernelBoot.Container.ImagePullSecret, config)
	}
	for _, net := range spec.Networks {
		if net.Multus != nil {
			name := types.NamespacedName{Namespace: r.namespace, Name: net.Multus.NetworkName}
			if namespace, rest, found := strings.Cut(name.Name, "/"); found {
				name = types.NamespacedName{Namespace: namespace, Name: rest}
			}
			r.add(node(networkGroup, "NetworkAttachmentDefinition", name.Namespace, name.Name, network))
		}
	}
}

func (r *references) volume(source *v1.VolumeSource) {
	if s := source.PersistentVolumeClaim; s != nil {
		r.core("PersistentVolumeClaim", s.ClaimName, storage)
	}
	if s := source.DataVolume; s != nil {
		r.dataVolume(s.Name)
	}
	if s := source.Ephemeral; s != nil && s.PersistentVolumeClaim != nil {
		r.core("PersistentVolumeClaim", s.PersistentVolumeClaim.ClaimName, storage)
	}
	if s := source.MemoryDump; s != nil {
		r.add(optional(node("", "PersistentVolumeClaim", r.namespace, s.ClaimName, storage)))
	}
	if s := source.ContainerDisk; s != nil {
		r.core("Secret", s.ImagePullSecret, config)
	}
	if s := source.CloudInitNoCloud; s != nil {
		r.secret(s.SecretRef)
		r.secret(s.NetworkDataSecretRef)
	}
	if s := source.CloudInitConfigDrive; s != nil {
		r.secret(s.SecretRef)
		r.secret(s.NetworkDataSecretRef)
	}
	if s := source.Sysprep; s != nil {
		r.secret(s.Secret)
		if s.ConfigMap != nil {
			r.core("ConfigMap", s.ConfigMap.Name, config)
		}
	}
	if s := source.ConfigMap; s != nil {
		r.maybe("ConfigMap", s.Name, s.Optional)
	}
	if s := source.Secret; s != nil {
		r.maybe("Secret", s.SecretName, s.Optional)
	}
	if s := source.ServiceAccount; s != nil {
		r.core("ServiceAccount", s.ServiceAccountName, config)
	}
}
