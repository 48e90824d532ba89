//go:build e2e

package e2e

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var _ = Describe("the control plane", Serial, func() {
	It("may be killed at any moment while guests run on", Label("gate"), func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "survivor", v1.RunStrategyAlways)
		create(ctx, vm)
		before := waitRunning(ctx, vm)
		openConsole(ctx, namespace, vm.Name).login(ctx)

		for _, component := range []string{"virt-operator", "virt-controller", "virt-api", "virt-handler"} {
			By("killing " + component)
			kill(ctx, component)
		}
		after := waitRunning(ctx, vm)
		Expect(after.UID).To(Equal(before.UID))
		Expect(after.Status.Interfaces).To(Equal(before.Status.Interfaces))
		console := openConsole(ctx, namespace, vm.Name)
		console.login(ctx)
		Expect(console.shell(ctx, "echo alive")).To(ContainSubstring("alive"))

		By("noticing what happened while virt-handler was away")
		console.send("sleep 1; poweroff")
		kill(ctx, "virt-handler")
		waitReplaced(ctx, vm, after)
	})
})

// kill removes every pod of a component at once, without grace, and waits for
// their successors.
func kill(ctx context.Context, component string) {
	GinkgoHelper()
	var pods corev1.PodList
	selector := []client.ListOption{client.InNamespace(installNamespace), client.MatchingLabels{v1.LabelComponent: component}}
	Expect(k8s.List(ctx, &pods, selector...)).To(Succeed())
	Expect(pods.Items).NotTo(BeEmpty())
	gone := map[string]bool{}
	for i := range pods.Items {
		gone[string(pods.Items[i].UID)] = true
		Expect(k8s.Delete(ctx, &pods.Items[i], client.GracePeriodSeconds(0))).To(Succeed())
	}
	Eventually(ctx, func(g Gomega) int {
		g.Expect(k8s.List(ctx, &pods, selector...)).To(Succeed())
		ready := 0
		for i := range pods.Items {
			if !gone[string(pods.Items[i].UID)] && podReady(&pods.Items[i]) {
				ready++
			}
		}
		return ready
	}).WithTimeout(90 * time.Second).WithPolling(poll).Should(BeNumerically(">=", len(gone)))
}

func podReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
