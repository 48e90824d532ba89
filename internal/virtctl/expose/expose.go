package expose

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/virtctl/client"
)

var services = corev1.SchemeGroupVersion.WithResource("services")

// guests is what a Service needs to know of them.
type guests struct {
	selector map[string]string
	spec     *v1.VirtualMachineInstanceSpec
}

// Run makes the Service.
func Run(ctx context.Context, c *client.Client, o Options) error {
	found, err := find(ctx, c, o.Kind, o.Name)
	if err != nil {
		return err
	}
	service, err := build(o, found)
	if err != nil {
		return err
	}
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(service)
	if err != nil {
		return fmt.Errorf("encoding service %s: %w", o.Service, err)
	}
	made, err := c.Objects.Resource(services).Namespace(c.Namespace).
		Create(ctx, &unstructured.Unstructured{Object: object}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("creating service %s: %w", o.Service, err)
	}
	if o.Output.Format != "" {
		return o.Output.Object(o.Out, made, "service", o.Service)
	}
	_, err = fmt.Fprintf(o.Out, "Service %s successfully exposed for %s %s\n", o.Service, o.Kind, o.Name)
	return err
}

// find reads what is exposed.
func find(ctx context.Context, c *client.Client, kind, name string) (guests, error) {
	switch kind {
	case machine:
		vm := &v1.VirtualMachine{}
		if err := get(ctx, c, v1.ResourceVirtualMachines, name, vm); err != nil {
			return guests{}, err
		}
		return ofTemplate(byInstance(name), vm.Spec.Template), nil
	case instance:
		vmi := &v1.VirtualMachineInstance{}
		if err := get(ctx, c, v1.ResourceVirtualMachineInstances, name, vmi); err != nil {
			return guests{}, err
		}
		return guests{byInstance(name), &vmi.Spec}, nil
	default:
		set := &v1.VirtualMachineInstanceReplicaSet{}
		if err := get(ctx, c, v1.ResourceVirtualMachineInstanceReplicaSets, name, set); err != nil {
			return guests{}, err
		}
		selector, err := bySet(set)
		return ofTemplate(selector, set.Spec.Template), err
	}
}

func ofTemplate(selector map[string]string, template *v1.VirtualMachineInstanceTemplateSpec) guests {
	if template == nil {
		return guests{selector, &v1.VirtualMachineInstanceSpec{}}
	}
	return guests{selector, &template.Spec}
}

func get(ctx context.Context, c *client.Client, resource, name string, into any) error {
	object, err := c.Objects.Resource(v1.GroupVersion.WithResource(resource)).Namespace(c.Namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("reading what to expose: %w", err)
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, into); err != nil {
		return fmt.Errorf("decoding %s %s: %w", resource, name, err)
	}
	return nil
}

// byInstance selects the launcher pods of one instance by the label that they alone
// have, whatever labels the machine's template gives them.
func byInstance(name string) map[string]string {
	return map[string]string{v1.LabelVMIID: v1.FittingName(name)}
}

// bySet selects the launcher pods of a replica set, which carry the labels of their
// instances.
func bySet(set *v1.VirtualMachineInstanceReplicaSet) (map[string]string, error) {
	switch {
	case set.Spec.Selector == nil || len(set.Spec.Selector.MatchLabels) == 0:
		return nil, fmt.Errorf("vmirs %s cannot be exposed: it has no spec.selector.matchLabels by which a Service could find its guests", set.Name)
	case len(set.Spec.Selector.MatchExpressions) > 0:
		return nil, fmt.Errorf("vmirs %s cannot be exposed: a Service knows no expressions, as in its spec.selector.matchExpressions; "+
			"make a Service that selects a label of spec.template.metadata.labels", set.Name)
	}
	return set.Spec.Selector.MatchLabels, nil
}

// build makes the Service.
func build(o Options, found guests) (*corev1.Service, error) {
	ports, err := ports(o, found.spec)
	if err != nil {
		return nil, err
	}
	service := &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{Name: o.Service},
		Spec: corev1.ServiceSpec{
			Selector: found.selector, Ports: ports, ClusterIP: o.ClusterIP, ExternalIPs: list(o.ExternalIP), Type: corev1.ServiceType(o.Type),
		},
	}
	for _, family := range list(o.IPFamily) {
		service.Spec.IPFamilies = append(service.Spec.IPFamilies, corev1.IPFamily(family))
	}
	if o.IPFamilyPolicy != "" {
		policy := corev1.IPFamilyPolicy(o.IPFamilyPolicy)
		service.Spec.IPFamilyPolicy = &policy
	}
	return service, nil
}

func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// ports are the one of the flags, or those of the guest's interfaces.
func ports(o Options, spec *v1.VirtualMachineInstanceSpec) ([]corev1.ServicePort, error) {
	if o.Port != 0 {
		target := intstr.FromInt32(o.Port)
		if o.TargetPort != "" {
			target = intstr.Parse(o.TargetPort)
		}
		return []corev1.ServicePort{{Name: o.PortName, Protocol: corev1.Protocol(o.Protocol), Port: o.Port, TargetPort: target}}, nil
	}
	var ports []corev1.ServicePort
	for i := range spec.Domain.Devices.Interfaces {
		for _, port := range spec.Domain.Devices.Interfaces[i].Ports {
			name := port.Name
			if name == "" { // Kubernetes wants one as soon as there are two ports
				name = fmt.Sprintf("port-%d", len(ports)+1)
			}
			ports = append(ports, corev1.ServicePort{
				Name: name, Protocol: corev1.Protocol(port.Protocol), Port: port.Port, TargetPort: intstr.FromInt32(port.Port),
			})
		}
	}
	if len(ports) == 0 {
		return nil, fmt.Errorf("which port? %s %s names none at its interfaces (ports): add --port", o.Kind, o.Name)
	}
	return ports, nil
}
