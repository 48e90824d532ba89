//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var _ = Describe("the pod network", func() {
	It("is a guest's as it is a pod's, behind the pod's address and with it", Label("gate"), func(ctx context.Context) {
		namespace := newNamespace(ctx)
		hidden, bridged := tinyVM(namespace, "hidden", v1.RunStrategyAlways), bound(namespace, "bridged", v1.InterfaceBindingMethod{Bridge: &v1.InterfaceBridge{}})
		interfaces(hidden)[0].Ports = []v1.Port{{Name: "http", Port: 80}}
		for _, vm := range []*v1.VirtualMachine{hidden, bridged} {
			// A bridged guest has no IPv6 route to other nodes here: their router has no link-local address to be advertised by.
			vm.Spec.Template.Spec.NodeSelector = map[string]string{corev1.LabelHostname: nodes(ctx)[0]}
			vm.Spec.Template.Spec.Subdomain = "guests"
			vm.Spec.Template.Metadata.Labels["subdomain"] = "guests"
			create(ctx, vm)
			create(ctx, service(vm))
		}
		create(ctx, headless(namespace, "guests"))
		pod := helper(ctx, namespace, "outside")
		behind, with := bootedWith(ctx, hidden), bootedWith(ctx, bridged)
		hiddenIPs, bridgedIPs := podIPs(ctx, hidden), podIPs(ctx, bridged)

		By("telling both what pods are told")
		waitAddress(ctx, behind, "eth0", "10.0.2.2/24", "fd10:0:2::2")
		waitAddress(ctx, with, "eth0", bridgedIPs...)
		Expect(behind.shell(ctx, "ip route; ip -6 route")).To(And(ContainSubstring("default via 10.0.2.1"), MatchRegexp(`default via (fe80|fd10):`)))
		Expect(with.shell(ctx, "ip route")).To(ContainSubstring("default via "))
		Expect(with.shell(ctx, "hostname")).To(ContainSubstring("bridged"))

		By("carrying both IP families both ways")
		for _, ip := range bridgedIPs {
			Expect(behind.shell(ctx, "ping -c 1 -W 5 "+ip)).To(ContainSubstring(" 0% packet loss"), ip)
			Expect(behind.shell(ctx, "wget -qO- -T 10 "+url(ip))).To(ContainSubstring("bridged"), ip)
		}
		Expect(inHelper(ctx, pod, "busybox wget -qO- -T 10 "+url(bridgedIPs[0]))).To(Equal("bridged"))
		for _, ip := range hiddenIPs {
			Expect(inHelper(ctx, pod, "busybox wget -qO- -T 10 "+url(ip))).To(Equal("hidden"), ip)
			Expect(with.shell(ctx, "wget -qO- -T 10 "+url(ip))).To(ContainSubstring("hidden"), ip)
		}

		By("but for the ports that are not said to be open")
		behind.shell(ctx, "nc -ll -p 81 -e echo open & echo started")
		Expect(behind.shell(ctx, "nc 127.0.0.1 81 </dev/null")).To(MatchRegexp(`(?m)^open`))
		_, err := in(ctx, pod, "busybox nc -w 5 "+hiddenIPs[0]+" 81 </dev/null")
		Expect(err).To(HaveOccurred())

		By("by name")
		Expect(inHelper(ctx, pod, "busybox wget -qO- -T 10 http://hidden/")).To(Equal("hidden"))
		Expect(inHelper(ctx, pod, "busybox wget -qO- -T 10 http://bridged/")).To(Equal("bridged"))
		Expect(behind.shell(ctx, "wget -qO- -T 10 http://bridged.guests/")).To(ContainSubstring("bridged"))
		Expect(with.shell(ctx, "wget -qO- -T 10 http://hidden.guests/")).To(ContainSubstring("hidden"))

		By("and showing it")
		for _, vm := range []*v1.VirtualMachine{hidden, bridged} {
			found := instance(ctx, vm).Status.Interfaces
			Expect(found).To(HaveLen(1))
			Expect(found[0].Name).To(Equal("default"))
			Expect(found[0].IPs).To(Equal(podIPs(ctx, vm)))
			Expect(found[0].LinkState).To(Equal("up"))
		}
		Expect(with.shell(ctx, "cat /sys/class/net/eth0/address")).To(ContainSubstring(instance(ctx, bridged).Status.Interfaces[0].MAC))
		Expect(instance(ctx, bridged).Condition(v1.ConditionLiveMigratable).Reason).To(Equal(v1.ReasonInterfaceNotLiveMigratable))
	}, SpecTimeout(4*time.Minute))

	It("answers DHCP with what was asked for", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "options", v1.RunStrategyAlways)
		interfaces(vm)[0].DHCPOptions = &v1.DHCPOptions{
			BootFileName: "pxelinux.0", TFTPServerName: "tftp.example.com", NTPServers: []string{"192.0.2.7"},
			PrivateOptions: []v1.DHCPPrivateOptions{{Option: 240, Value: "for this site"}},
		}
		interfaces(vm)[0].MacAddress = "02:11:22:33:44:55"
		vm.Spec.Template.Spec.Networks[0].Pod.VMNetworkCIDR = "10.11.12.0/24"
		vm.Spec.Template.Spec.Networks[0].Pod.VMIPv6NetworkCIDR = "fd11:12::/120"
		create(ctx, vm)
		console := bootedWith(ctx, vm)
		waitAddress(ctx, console, "eth0", "10.11.12.2/24", "fd11:12::2")
		console.shell(ctx, "printf '#!/bin/sh\\n[ $1 != bound ] || env\\n' >/tmp/say; chmod +x /tmp/say")
		said := console.shell(ctx, "udhcpc -i eth0 -n -q -s /tmp/say -O ntpsrv -O tftp -O bootfile -O 240 2>/dev/null")
		Expect(said).To(And(ContainSubstring("ntpsrv=192.0.2.7"), ContainSubstring("tftp=tftp.example.com"),
			ContainSubstring("pxelinux.0"), ContainSubstring("opt240=666f7220746869732073697465")))
		Expect(console.shell(ctx, "nics")).To(ContainSubstring("02:11:22:33:44:55"))
	}, SpecTimeout(4*time.Minute))

	It("is a guest's by the sockets of its pod (passt)", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := bound(namespace, "sockets", v1.InterfaceBindingMethod{PasstBinding: &v1.InterfacePasstBinding{}})
		create(ctx, vm)
		create(ctx, service(vm))
		pod := helper(ctx, namespace, "outside")
		console := bootedWith(ctx, vm)
		launcher := launcherPod(ctx, instance(ctx, vm))
		Expect(launcher.Spec.Containers[0].SecurityContext.Capabilities.Drop).To(ConsistOf(corev1.Capability("ALL")))
		Expect(*launcher.Spec.SecurityContext.RunAsNonRoot).To(BeTrue())

		By("with the pod's addresses")
		ips := podIPs(ctx, vm)
		waitAddress(ctx, console, "eth0", ips...) // passt knows no IPv6 address of a guest that has not used it
		By("TCP in and out")
		for _, ip := range ips {
			Expect(onNode(ctx, launcher.Spec.NodeName, "curl", "-sS", "--max-time", "10", url(ip))).To(ContainSubstring("sockets"), ip)
		}
		Expect(inHelper(ctx, pod, "busybox wget -qO- -T 10 "+url(ips[0]))).To(Equal("sockets"))
		Expect(inHelper(ctx, pod, "busybox wget -qO- -T 10 http://sockets/")).To(Equal("sockets"))
		Expect(console.shell(ctx, "wget -qO- http://"+clusterDNS(ctx)+":8080/health")).To(ContainSubstring("OK"))
		By("UDP in and out")
		Expect(console.shell(ctx, "nslookup kubernetes.default.svc.cluster.local")).To(MatchRegexp(`(?s)Name:.*Address`))
		// The guest counts datagrams for ports where nobody listens.
		for counter, ip := range map[string]string{"Udp: [0-9]": ips[0], "Udp6NoPorts": ips[1]} {
			count := func() string { return console.shell(ctx, "grep '"+counter+"' /proc/net/snmp /proc/net/snmp6") }
			before := count()
			Eventually(ctx, func() string {
				_, err := onNode(ctx, launcher.Spec.NodeName, "bash", "-c", "echo hello >/dev/udp/"+ip+"/3000")
				Expect(err).NotTo(HaveOccurred())
				return count()
			}).WithTimeout(30*time.Second).WithPolling(time.Second).ShouldNot(Equal(before), ip)
		}
		Expect(instance(ctx, vm).Status.Interfaces[0].IPs).To(Equal(ips))
	}, SpecTimeout(4*time.Minute))
})

func interfaces(vm *v1.VirtualMachine) []v1.Interface {
	return vm.Spec.Template.Spec.Domain.Devices.Interfaces
}

// bound is a tiny guest on the pod network with another binding than masquerade.
func bound(namespace, name string, method v1.InterfaceBindingMethod) *v1.VirtualMachine {
	vm := tinyVM(namespace, name, v1.RunStrategyAlways)
	interfaces(vm)[0].InterfaceBindingMethod = method
	return vm
}

// headless gives pods that are labelled with this subdomain names below its own.
func headless(namespace, name string) *corev1.Service {
	s := &corev1.Service{}
	s.Namespace, s.Name = namespace, name
	s.Spec.ClusterIP = corev1.ClusterIPNone
	s.Spec.Selector = map[string]string{"subdomain": name}
	s.Spec.Ports = []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromInt32(80)}}
	return s
}

// podIPs are the addresses of the pod that a machine's guest runs in.
func podIPs(ctx context.Context, vm *v1.VirtualMachine) []string {
	GinkgoHelper()
	var ips []string
	for _, ip := range launcherPod(ctx, instance(ctx, vm)).Status.PodIPs {
		ips = append(ips, ip.IP)
	}
	Expect(ips).To(HaveLen(2), "pods of this cluster have addresses of both families")
	return ips
}

// waitAddress waits until a NIC of the guest has all of the addresses.
func waitAddress(ctx context.Context, console *serialConsole, nic string, addresses ...string) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega) {
		found := console.shell(ctx, "ip -o addr show "+nic)
		for _, address := range addresses {
			g.Expect(found).To(ContainSubstring(" " + address))
		}
	}).WithTimeout(bootTimeout).WithPolling(time.Second).Should(Succeed())
}

func url(ip string) string {
	if strings.Contains(ip, ":") {
		ip = "[" + ip + "]"
	}
	return fmt.Sprintf("http://%s/", ip)
}
