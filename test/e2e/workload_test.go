//go:build e2e

package e2e

import (
	"context"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// updateTimeout is for the operator to bring other images to every component.
const updateTimeout = 4 * time.Minute

var _ = Describe("guests of an older launcher", Serial, func() {
	It("are marked and left alone, and with Evict restarted one after the other", func(ctx context.Context) {
		for _, name := range []string{"kubevirt", "virt-launcher"} {
			_, err := run(ctx, checkout("hack", "cli.sh"), "load-image", "--name", "kubevirt/"+name+":second-name",
				absolute(checkout("_out", "images", name+".tar")))
			Expect(err).NotTo(HaveOccurred())
		}
		namespace := newNamespace(ctx)
		story := watchEvents(ctx, namespace)
		phases := watchPhases(ctx, namespace)
		machines := []*v1.VirtualMachine{tinyVM(namespace, "one", v1.RunStrategyAlways), tinyVM(namespace, "two", v1.RunStrategyAlways)}
		before := map[string]*v1.VirtualMachineInstance{}
		for _, vm := range machines {
			create(ctx, vm)
		}
		for _, vm := range machines {
			before[vm.Name] = waitRunning(ctx, vm)
			// It hears its power button from here on.
			openConsole(ctx, namespace, vm.Name).login(ctx)
		}
		Expect(outdated(ctx)).To(BeZero())

		By("giving the images another name")
		redeploy(ctx, `{"spec":{"imageTag":"second-name"}}`)
		DeferCleanup(func(ctx context.Context) { redeploy(ctx, `{"spec":{"imageTag":null}}`) }, NodeTimeout(updateTimeout+time.Minute))
		for _, vm := range machines {
			Eventually(ctx, func() map[string]string { return instance(ctx, vm).Labels }).WithTimeout(stopTimeout).WithPolling(poll).
				Should(HaveKey(v1.LabelOutdatedLauncherImage))
		}
		Eventually(ctx, func() int { return outdated(ctx) }).WithTimeout(stopTimeout).WithPolling(poll).Should(Equal(len(machines)))
		Consistently(ctx, func(g Gomega) {
			for _, vm := range machines {
				vmi := instance(ctx, vm)
				g.Expect(vmi).NotTo(BeNil())
				g.Expect(vmi.UID).To(Equal(before[vm.Name].UID))
				g.Expect(launcherPod(ctx, vmi).DeletionTimestamp).To(BeNil())
			}
		}).WithTimeout(10 * time.Second).WithPolling(time.Second).Should(Succeed())

		By("letting them be evicted, one at a time")
		strategy := `{"workloadUpdateMethods":["Evict"],"batchEvictionSize":1,"batchEvictionInterval":"5s"}`
		strategy = `{"spec":{"workloadUpdateStrategy":` + strategy + `}}`
		Expect(k8s.Patch(ctx, installation(ctx), client.RawPatch("application/merge-patch+json", []byte(strategy)))).To(Succeed())
		DeferCleanup(func(ctx context.Context) {
			leave := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"workloadUpdateStrategy":null}}`))
			Expect(k8s.Patch(ctx, installation(ctx), leave)).To(Succeed())
		})
		Eventually(ctx, func(g Gomega) {
			Expect(going(ctx, namespace)).To(BeNumerically("<=", 1), "launchers that are being stopped")
			for _, vm := range machines {
				vmi := instance(ctx, vm)
				g.Expect(vmi).NotTo(BeNil())
				g.Expect(vmi.UID).NotTo(Equal(before[vm.Name].UID))
				g.Expect(vmi.IsConditionTrue(v1.ConditionReady)).To(BeTrue())
			}
		}).WithTimeout(3 * time.Minute).WithPolling(poll).Should(Succeed())
		for _, vm := range machines {
			vmi := instance(ctx, vm)
			Expect(vmi.Status.LauncherContainerImageVersion).To(HaveSuffix(":second-name"))
			Expect(vmi.Labels).NotTo(HaveKey(v1.LabelOutdatedLauncherImage))
			Expect(story(v1.KindVirtualMachineInstance, vm.Name)).To(ContainElement("SuccessfulEvict"))
		}
		Eventually(ctx, func() int { return outdated(ctx) }).WithTimeout(stopTimeout).WithPolling(poll).Should(BeZero())
		// Both guests shut down by themselves.
		Expect(phases()).To(ContainElement(v1.VMIPhaseSucceeded))
		Expect(phases()).NotTo(ContainElement(v1.VMIPhaseFailed))
		Expect(warnings(ctx, namespace)).To(BeEmpty())
	})
})

// outdated is how many guests the KubeVirt object counts.
func outdated(ctx context.Context) int {
	GinkgoHelper()
	if n := installation(ctx).Status.OutdatedVirtualMachineInstanceWorkloads; n != nil {
		return *n
	}
	return 0
}

// going is how many launchers are being stopped.
func going(ctx context.Context, namespace string) int {
	GinkgoHelper()
	var pods corev1.PodList
	launchers := client.MatchingLabels{v1.LabelComponent: v1.LauncherPod}
	Expect(k8s.List(ctx, &pods, client.InNamespace(namespace), launchers)).To(Succeed())
	stopping := slices.DeleteFunc(pods.Items, func(pod corev1.Pod) bool {
		return pod.DeletionTimestamp.IsZero() || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	})
	return len(stopping)
}

// redeploy changes the KubeVirt object in a way that makes for another deployment, and
// waits until that is complete.
func redeploy(ctx context.Context, change string) {
	GinkgoHelper()
	kv := installation(ctx)
	before := kv.Status.ObservedDeploymentID
	Expect(k8s.Patch(ctx, kv, client.RawPatch("application/merge-patch+json", []byte(change)))).To(Succeed())
	Eventually(ctx, func() bool {
		status := installation(ctx).Status
		return status.ObservedDeploymentID != before && status.ObservedDeploymentID == status.TargetDeploymentID &&
			v1.IsConditionTrue(status.Conditions, v1.ConditionAvailable) && !v1.IsConditionTrue(status.Conditions, v1.ConditionProgressing)
	}).WithTimeout(updateTimeout).WithPolling(poll).Should(BeTrue(), "the images should be everywhere")
}
