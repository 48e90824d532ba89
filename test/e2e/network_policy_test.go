//go:build e2e

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var _ = Describe("network policies", func() {
	DescribeTable("hold for guests as for pods", func(ctx context.Context, method v1.InterfaceBindingMethod) {
		namespace := newNamespace(ctx)
		vm := bound(namespace, "guarded", method)
		create(ctx, vm)
		friend, stranger := helper(ctx, namespace, "friend"), helper(ctx, namespace, "stranger")
		console := bootedWith(ctx, vm)
		ip := podIPs(ctx, vm)[0]
		fetch := "busybox wget -qO- -T 3 " + url(ip)
		Eventually(ctx, func() (string, error) { return in(ctx, stranger, fetch) }).
			WithTimeout(bootTimeout).WithPolling(time.Second).Should(ContainSubstring("guarded"))
		dns := "wget -qO- -T 3 http://" + clusterDNS(ctx) + ":8080/health"
		Expect(console.shell(ctx, dns)).To(ContainSubstring("OK"))

		By("letting in whom they name")
		policy := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "guard"}}
		policy.Spec.PodSelector.MatchLabels = map[string]string{"guest": vm.Name}
		policy.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}
		policy.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{{
			PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"helper": friend.Name}},
		}}}}
		create(ctx, policy)
		Eventually(ctx, func() error { _, err := in(ctx, stranger, fetch); return err }).
			WithTimeout(time.Minute).WithPolling(time.Second).Should(HaveOccurred())
		Expect(inHelper(ctx, friend, fetch)).To(Equal("guarded"))

		By("and nothing out that they do not")
		Eventually(ctx, func() string { return console.shell(ctx, dns) }).
			WithTimeout(time.Minute).WithPolling(time.Second).ShouldNot(ContainSubstring("OK"))

		By("until they are gone")
		Expect(k8s.Delete(ctx, policy)).To(Succeed())
		Eventually(ctx, func() (string, error) { return in(ctx, stranger, fetch) }).
			WithTimeout(time.Minute).WithPolling(time.Second).Should(ContainSubstring("guarded"))
	},
		Entry("behind the pod's address", v1.InterfaceBindingMethod{Masquerade: &v1.InterfaceMasquerade{}}, SpecTimeout(5*time.Minute)),
		Entry("with the pod's address", v1.InterfaceBindingMethod{Bridge: &v1.InterfaceBridge{}}, SpecTimeout(5*time.Minute)),
		Entry("with the pod's sockets", v1.InterfaceBindingMethod{PasstBinding: &v1.InterfacePasstBinding{}}, SpecTimeout(5*time.Minute)),
	)
})

var _ = Describe("binding plugins", Serial, func() {
	It("connect a guest and change its hardware by a sidecar", func(ctx context.Context) {
		program := filepath.Join(GinkgoT().TempDir(), "hooksidecar")
		_, err := run(ctx, "env", "CGO_ENABLED=0", "go", "build", "-o", program, "../hooksidecar/cmd")
		Expect(err).NotTo(HaveOccurred())
		content, err := os.ReadFile(program)
		Expect(err).NotTo(HaveOccurred())
		loadImage(ctx, "kubevirt/e2e-sidecar:devel", map[string][]byte{"/hooksidecar": content}, "/hooksidecar")
		configure(ctx, `{"spec":{"configuration":{"network":{"binding":{"user":{"sidecarImage":"kubevirt/e2e-sidecar:devel"}}}}}}`,
			`{"spec":{"configuration":{"network":{"binding":null}}}}`)
		namespace := newNamespace(ctx)
		vm := bound(namespace, "plugged", v1.InterfaceBindingMethod{})
		vm.Spec.RunStrategy = &[]v1.VirtualMachineRunStrategy{v1.RunStrategyManual}[0]
		interfaces(vm)[0].Binding = &v1.PluginBinding{Name: "user"}
		vm.Spec.Template.Metadata.Annotations = map[string]string{"smbios.vm.kubevirt.io/baseBoardManufacturer": "a sidecar"}
		create(ctx, vm)
		_, err = virtctl(ctx, "start", vm.Name, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		console := bootedWith(ctx, vm)
		waitAddress(ctx, console, "eth0", "10.0.2.15/24")
		Expect(console.shell(ctx, "cat /sys/class/dmi/id/board_vendor")).To(ContainSubstring("a sidecar"))
		Expect(instance(ctx, vm).Condition(v1.ConditionLiveMigratable).Message).To(ContainSubstring("plugin"))

		By("ending with its guest")
		phases := watchPhases(ctx, namespace)
		console.send("poweroff")
		Eventually(ctx, phases).WithTimeout(stopTimeout).WithPolling(poll).Should(ContainElement(v1.VMIPhaseSucceeded))
	}, SpecTimeout(6*time.Minute))
})
