//go:build e2e

package e2e

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var _ = Describe("a node that goes down", Serial, func() {
	It("loses its guests only when somebody says that it is down for good", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "moves", v1.RunStrategyAlways)
		create(ctx, vm)
		before := waitRunning(ctx, vm)
		node := before.Status.NodeName

		By("switching the node off")
		_, err := run(ctx, checkout("hack", "cli.sh"), "stop-node", node)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx context.Context) {
			_, err := run(ctx, checkout("hack", "cli.sh"), "start-node", node)
			Expect(err).NotTo(HaveOccurred())
			kubectl(ctx, "taint", "nodes", node, "node.kubernetes.io/out-of-service-")
			kubectl(ctx, "wait", "node", node, "--for=condition=Ready", "--timeout=2m")
			kubectl(ctx, "-n", installNamespace, "rollout", "status", "daemonset/virt-handler", "--timeout=2m")
		}, NodeTimeout(5*time.Minute))
		kubectl(ctx, "wait", "node", node, "--for=condition=Ready=Unknown", "--timeout=3m")
		Eventually(ctx, func() bool { return instance(ctx, vm).IsConditionTrue(v1.ConditionReady) }).
			WithTimeout(time.Minute).WithPolling(time.Second).Should(BeFalse())
		Expect(instance(ctx, vm).UID).To(Equal(before.UID), "the guest may still run")

		By("saying so")
		kubectl(ctx, "taint", "nodes", node, "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute")
		after := waitReplacedWithin(ctx, vm, before, 3*time.Minute)
		Expect(after.Status.NodeName).NotTo(Equal(node))
		waitStatus(ctx, vm, v1.PrintableStatusRunning, stopTimeout)
	})
})

// waitReplacedWithin is waitReplaced with more patience.
func waitReplacedWithin(ctx context.Context, vm *v1.VirtualMachine, before *v1.VirtualMachineInstance, patience time.Duration) *v1.VirtualMachineInstance {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega) {
		vmi := &v1.VirtualMachineInstance{}
		g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(vm), vmi)).To(Succeed())
		g.Expect(vmi.UID).NotTo(Equal(before.UID))
	}).WithTimeout(patience).WithPolling(time.Second).Should(Succeed())
	return waitRunning(ctx, vm)
}
