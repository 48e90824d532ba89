package launcherpod

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Devices that virt-handler offers to pods on its node.
const (
	deviceKVM   corev1.ResourceName = "devices.kubevirt.io/kvm"
	deviceTun   corev1.ResourceName = "devices.kubevirt.io/tun"
	deviceVhost corev1.ResourceName = "devices.kubevirt.io/vhost-net"
)

// unprivilegedPorts lets the launcher's DHCP server bind its port without privilege.
var unprivilegedPorts = corev1.Sysctl{Name: "net.ipv4.ip_unprivileged_port_start", Value: "0"}

// network names the guest's ports, attaches the pod to the guest's networks and
// prepares it for serving the guest its addresses.
func network(r *render) error {
	for i := range r.vmi.Spec.Domain.Devices.Interfaces {
		nic := &r.vmi.Spec.Domain.Devices.Interfaces[i]
		if nic.State == v1.InterfaceStateAbsent {
			continue
		}
		if err := r.bind(nic); err != nil {
			return fmt.Errorf("interface %s: %w", nic.Name, err)
		}
		for _, port := range nic.Ports {
			r.compute.Ports = append(r.compute.Ports, containerPort(port))
		}
	}
	return attach(r)
}

// bind gives the pod what an interface's binding takes.
func (r *render) bind(nic *v1.Interface) error {
	switch {
	case nic.Masquerade != nil, nic.Bridge != nil:
		r.useTap(nic)
		r.setSysctl(unprivilegedPorts)
		return nil
	case nic.PasstBinding != nil:
		r.usePasst()
		return nil
	case nic.Binding != nil:
		plugin, registered := r.cfg.BindingPlugin(nic)
		if !registered {
			return fmt.Errorf("its binding plugin %s is not registered", nic.Binding.Name)
		}
		if plugin.DomainAttachmentType != "" {
			r.useTap(nic)
		}
		return nil
	}
	return fmt.Errorf("its binding is not supported")
}

// useTap lets QEMU open a tap device, and the kernel move its packets.
func (r *render) useTap(nic *v1.Interface) {
	r.addDevice(deviceTun)
	if nic.IsVirtio() && !r.cfg.UseEmulation {
		r.addDevice(deviceVhost)
	}
}

func containerPort(port v1.Port) corev1.ContainerPort {
	protocol := corev1.Protocol(strings.ToUpper(port.Protocol))
	if protocol == "" {
		protocol = corev1.ProtocolTCP
	}
	return corev1.ContainerPort{Name: port.Name, ContainerPort: port.Port, Protocol: protocol}
}
