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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var _ = Describe("a virtual machine", func() {
	It("boots, is reachable and reaches the cluster", Label("gate"), func(ctx context.Context) {
		namespace := newNamespace(ctx)
		phases := watchPhases(ctx, namespace)
		vm := tinyVM(namespace, "tiny", v1.RunStrategyAlways)
		create(ctx, service(vm))
		create(ctx, vm)
		vmi := waitRunning(ctx, vm)
		waitStatus(ctx, vm, v1.PrintableStatusRunning, 10*time.Second)

		By("showing what clients read")
		Expect(phases()).To(Equal([]v1.VirtualMachineInstancePhase{
			v1.VMIPhasePending, v1.VMIPhaseScheduling, v1.VMIPhaseScheduled, v1.VMIPhaseRunning,
		}))
		pod := launcherPod(ctx, vmi)
		Expect(vmi.Status.Interfaces).To(HaveLen(1))
		Expect(vmi.Status.Interfaces[0].IP).To(Equal(pod.Status.PodIP))
		Expect(vmi.Status.NodeName).To(Equal(pod.Spec.NodeName))
		Expect(kubectl(ctx, "get", "vm", vm.Name, "-n", namespace)).To(MatchRegexp(`NAME +AGE +STATUS +READY\s+tiny +\S+ +Running +True`))
		Expect(kubectl(ctx, "get", "vmi", vm.Name, "-n", namespace)).To(MatchRegexp(`NAME +AGE +PHASE +IP +NODENAME +READY\s+tiny +\S+ +Running +` + pod.Status.PodIP + ` +` + pod.Spec.NodeName + ` +True`))
		Expect(warnings(ctx, namespace)).To(BeEmpty())

		By("running in an unprivileged pod")
		compute := pod.Spec.Containers[0]
		Expect(compute.Name).To(Equal("compute"))
		Expect(compute.SecurityContext.Capabilities.Add).To(Equal([]corev1.Capability{"NET_BIND_SERVICE"}))
		Expect(compute.SecurityContext.Capabilities.Drop).To(Equal([]corev1.Capability{"ALL"}))
		Expect(kubectl(ctx, "exec", "-n", namespace, pod.Name, "--", "virsh", "list", "--name")).To(ContainSubstring(namespace + "_tiny"))

		By("asking the guest")
		console := openConsole(ctx, namespace, vm.Name)
		console.login(ctx)
		Eventually(ctx, func() string { return console.shell(ctx, "ip -4 -o addr show eth0") }).
			WithTimeout(30 * time.Second).WithPolling(time.Second).Should(ContainSubstring("10.0.2.2/24"))
		Expect(console.shell(ctx, "nslookup kubernetes.default.svc.cluster.local")).To(MatchRegexp(`(?s)Name:.*Address`))
		dns := clusterDNS(ctx)
		Expect(console.shell(ctx, "wget -qO- http://"+dns+":8080/health")).To(ContainSubstring("OK"))
		Expect(console.shell(ctx, "nproc; free -m | grep Mem")).To(MatchRegexp(`1\s+Mem: +[89]\d`))

		By("reaching its web server through the Service from the other node")
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(vm), service(vm))).To(Succeed())
		answer := fetchFromOtherNode(ctx, vm, vmi.Status.NodeName)
		Expect(answer).To(ContainSubstring("tiny"))
	})

	It("takes cloud-init data and gives empty disks", Label("gate"), func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "seeded", v1.RunStrategyAlways)
		secret := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "seed"},
			StringData: map[string]string{"userdata": "#!/bin/sh\necho from-a-secret > /tmp/seed\n"},
		}
		create(ctx, secret)
		addVolume(vm, "cloud", v1.VolumeSource{CloudInitNoCloud: &v1.CloudInitNoCloudSource{SecretRef: &corev1.LocalObjectReference{Name: "seed"}}})
		addVolume(vm, "scratch", v1.VolumeSource{EmptyDisk: &v1.EmptyDiskSource{Capacity: *quantity("64Mi")}})
		create(ctx, vm)
		waitRunning(ctx, vm)
		console := openConsole(ctx, namespace, vm.Name)
		console.login(ctx)
		Eventually(ctx, func() string { return console.shell(ctx, "cat /tmp/seed") }).
			WithTimeout(20 * time.Second).WithPolling(time.Second).Should(ContainSubstring("from-a-secret"))
		Expect(console.shell(ctx, "hostname")).To(ContainSubstring("seeded"))
		Expect(console.shell(ctx, "cat /sys/class/block/vdc/size")).To(ContainSubstring(fmt.Sprint(64 << 20 / 512)))
	})

	It("boots Debian with cloud-init and the guest agent", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "debian", v1.RunStrategyAlways)
		vm.Spec.Template.Spec.Domain.Memory.Guest = quantity("512Mi")
		vm.Spec.Template.Spec.Volumes[0].ContainerDisk.Image = debianGuest
		addVolume(vm, "cloud", v1.VolumeSource{CloudInitNoCloud: &v1.CloudInitNoCloudSource{
			UserData: "#cloud-config\nruncmd:\n- [sh, -c, 'echo cloud-init-was-here > /dev/ttyS0']\n",
		}})
		create(ctx, vm)
		waitRunning(ctx, vm)
		console := openConsole(ctx, namespace, vm.Name)
		console.expect(ctx, "cloud-init-was-here", debianBootTimeout)
		var vmi *v1.VirtualMachineInstance
		Eventually(ctx, func() bool {
			vmi = instance(ctx, vm)
			return vmi.IsConditionTrue(v1.ConditionAgentConnected)
		}).WithTimeout(debianBootTimeout).WithPolling(time.Second).Should(BeTrue(), "the guest agent should connect")
		Eventually(ctx, func() string { return instance(ctx, vm).Status.GuestOSInfo.ID }).
			WithTimeout(30 * time.Second).WithPolling(time.Second).Should(Equal("debian"))
	}, SpecTimeout(10*time.Minute))
})

func service(vm *v1.VirtualMachine) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: vm.Namespace, Name: vm.Name},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"guest": vm.Name},
			Ports:    []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromInt32(80)}},
		},
	}
}

// clusterDNS returns the address of a pod that serves health over HTTP.
func clusterDNS(ctx context.Context) string {
	GinkgoHelper()
	var pods corev1.PodList
	Expect(k8s.List(ctx, &pods, client.InNamespace("kube-system"), client.MatchingLabels{"k8s-app": "kube-dns"})).To(Succeed())
	Expect(pods.Items).NotTo(BeEmpty())
	return pods.Items[0].Status.PodIP
}

// fetchFromOtherNode asks a machine's Service from a node it does not run on.
func fetchFromOtherNode(ctx context.Context, vm *v1.VirtualMachine, node string) string {
	GinkgoHelper()
	var nodes corev1.NodeList
	Expect(k8s.List(ctx, &nodes)).To(Succeed())
	var s corev1.Service
	Expect(k8s.Get(ctx, client.ObjectKeyFromObject(vm), &s)).To(Succeed())
	for _, other := range nodes.Items {
		if other.Name == node {
			continue
		}
		var answer string
		Eventually(ctx, func() (err error) {
			answer, err = onNode(ctx, other.Name, "curl", "-sS", "--max-time", "5", "http://"+s.Spec.ClusterIP+"/")
			return err
		}).WithTimeout(30 * time.Second).WithPolling(time.Second).Should(Succeed())
		return strings.TrimSpace(answer)
	}
	Fail("the cluster has only one node")
	return ""
}
