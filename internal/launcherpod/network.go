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

// network names the guest's ports and prepares the pod for serving its address.
func network(r *render) error {
	for i := range r.vmi.Spec.Domain.Devices.Interfaces {
		nic := &r.vmi.Spec.Domain.Devices.Interfaces[i]
		if nic.State == v1.InterfaceStateAbsent {
			continue
		}
		if nic.Masquerade == nil {
			return fmt.Errorf("interface %s: its binding is not supported", nic.Name)
		}
		r.addDevice(deviceTun)
		if virtio := nic.Model == "" || nic.Model == "virtio"; virtio && !r.cfg.UseEmulation {
			r.addDevice(deviceVhost)
		}
		r.pod.Spec.SecurityContext.Sysctls = []corev1.Sysctl{unprivilegedPorts}
		for _, port := range nic.Ports {
			r.compute.Ports = append(r.compute.Ports, containerPort(port))
		}
	}
	return nil
}

func containerPort(port v1.Port) corev1.ContainerPort {
	protocol := corev1.Protocol(strings.ToUpper(port.Protocol))
	if protocol == "" {
		protocol = corev1.ProtocolTCP
	}
	return corev1.ContainerPort{Name: port.Name, ContainerPort: port.Port, Protocol: protocol}
}
