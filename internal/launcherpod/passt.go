package launcherpod

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// unprivilegedPing lets passt pass the guest's pings on.
var unprivilegedPing = corev1.Sysctl{Name: "net.ipv4.ping_group_range", Value: fmt.Sprintf("%d %d", launcherID, launcherID)}

const (
	// overheadPasst is the process, overheadPort what the kernel keeps of a socket that
	// waits for connections to a port.
	overheadPasst = 16 * mebi
	overheadPort  = 3700
	// allPorts are those of TCP and UDP outside the range that the kernel gives to
	// connections, which is how many passt forwards to a guest that names none.
	allPorts = 2 * (65535 - (60999 - 32768 + 1))
)

// usePasst lets passt listen on every port and ping. It needs no device, and no more
// rights than the pod has.
func (r *render) usePasst() {
	r.setSysctl(unprivilegedPorts)
	r.setSysctl(unprivilegedPing)
}

func (r *render) setSysctl(sysctl corev1.Sysctl) {
	context := r.pod.Spec.SecurityContext
	if !slices.Contains(context.Sysctls, sysctl) {
		context.Sysctls = append(context.Sysctls, sysctl)
	}
}

// passtOverhead is the memory that passt takes, in bytes, if an interface is bound by it.
func passtOverhead(vmi *v1.VirtualMachineInstance) int64 {
	interfaces := vmi.Spec.Domain.Devices.Interfaces
	bound := slices.IndexFunc(interfaces, func(nic v1.Interface) bool { return nic.PasstBinding != nil })
	if bound < 0 {
		return 0
	}
	ports := len(interfaces[bound].Ports)
	if ports == 0 {
		ports = allPorts
	}
	return overheadPasst + int64(ports)*overheadPort
}
