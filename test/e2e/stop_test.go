//go:build e2e

package e2e

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func quantity(s string) *resource.Quantity {
	q := resource.MustParse(s)
	return &q
}

var _ = Describe("stopping a virtual machine", func() {
	It("is graceful when it is stopped, when its pod is deleted and when the guest powers off", Label("gate"), func(ctx context.Context) {
		namespace := newNamespace(ctx)
		phases := watchPhases(ctx, namespace)
		vm := tinyVM(namespace, "tiny", v1.RunStrategyAlways)
		create(ctx, vm)
		first := waitRunning(ctx, vm)
		openConsole(ctx, namespace, vm.Name).login(ctx)

		By("deleting the launcher pod")
		Expect(k8s.Delete(ctx, launcherPod(ctx, first))).To(Succeed())
		second := waitReplaced(ctx, vm, first)
		Expect(phases()).To(ContainElement(v1.VMIPhaseSucceeded))
		Expect(phases()).NotTo(ContainElement(v1.VMIPhaseFailed))

		By("powering off from inside")
		console := openConsole(ctx, namespace, vm.Name)
		console.login(ctx)
		console.send("poweroff")
		waitReplaced(ctx, vm, second)
		Expect(phases()).NotTo(ContainElement(v1.VMIPhaseFailed))

		By("stopping it")
		openConsole(ctx, namespace, vm.Name).login(ctx)
		_, err := virtctl(ctx, "stop", vm.Name, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		waitStatus(ctx, vm, v1.PrintableStatusStopped, stopTimeout)
		Expect(instance(ctx, vm)).To(BeNil())
		Expect(*vm.Spec.RunStrategy).To(Equal(v1.RunStrategyHalted))
		Expect(phases()).NotTo(ContainElement(v1.VMIPhaseFailed))

		By("starting it again")
		_, err = virtctl(ctx, "start", vm.Name, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		waitRunning(ctx, vm)
		_, err = virtctl(ctx, "start", vm.Name, "-n", namespace)
		Expect(err).To(MatchError(ContainSubstring("already running")))

		By("pulling the plug")
		began := time.Now()
		_, err = virtctl(ctx, "stop", vm.Name, "-n", namespace, "--force", "--grace-period=0")
		Expect(err).NotTo(HaveOccurred())
		waitStatus(ctx, vm, v1.PrintableStatusStopped, stopTimeout)
		Expect(time.Since(began)).To(BeNumerically("<", 10*time.Second))
	})

	It("leaves nothing behind when it is deleted", Label("gate"), func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "tiny", v1.RunStrategyAlways)
		create(ctx, vm)
		vmi := waitRunning(ctx, vm)
		pod := launcherPod(ctx, vmi)
		Expect(k8s.Delete(ctx, vm)).To(Succeed())
		for _, object := range []client.Object{vm, vmi, pod} {
			Eventually(ctx, func() error { return k8s.Get(ctx, client.ObjectKeyFromObject(object), object) }).
				WithTimeout(stopTimeout).WithPolling(poll).Should(MatchError(ContainSubstring("not found")))
		}
		Expect(warnings(ctx, namespace)).To(BeEmpty())
	})
})
