//go:build e2e

package e2e

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const (
	// earlier is the release that is upgraded from.
	earlier = "v0.1.0"
	// longestGap is how long a guest's web server may seem silent, on a machine that is
	// busy with the upgrade; nothing of it is in the way of the guest's traffic.
	longestGap = 10 * time.Second
)

// An upgrade needs a cluster without an installation, to end with this checkout's:
// make upgrade-test.
var _ = Describe("an upgrade", Serial, Ordered, Label("upgrade"), func() {
	var namespace, lateImage string
	var web, other, late *v1.VirtualMachine
	var single *v1.VirtualMachineInstance
	var guests []*survivor

	BeforeAll(func(ctx context.Context) {
		Expect(kubectl(ctx, "get", "crd", "-o", "name")).NotTo(ContainSubstring("kubevirts.kubevirt.io"), "the cluster has an installation already")
		install(ctx, earlier)
		namespace = newNamespace(ctx)
		names := nodes(ctx)
		Expect(len(names)).To(BeNumerically(">=", 2))
		web, other = placed(tinyVM(namespace, "web", v1.RunStrategyAlways), names[0]), placed(tinyVM(namespace, "other", v1.RunStrategyAlways), names[1])
		single = &v1.VirtualMachineInstance{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "single"},
			Spec:       placed(tinyVM(namespace, "single", v1.RunStrategyAlways), names[1]).Spec.Template.Spec,
		}
		// One whose image comes after the upgrade, so that nobody can start it before.
		late, lateImage = tinyVM(namespace, "late", v1.RunStrategyAlways), "kubevirt/e2e-late:"+namespace
		late.Spec.Template.Spec.Volumes[0].ContainerDisk.Image = lateImage
		for _, object := range []client.Object{web, other, single, late, service(web)} {
			create(ctx, object)
		}
		for _, name := range []string{web.Name, other.Name, single.Name} {
			guests = append(guests, meet(ctx, namespace, name))
		}
	}, NodeTimeout(15*time.Minute))

	It("goes in waves and leaves guests alone", func(ctx context.Context) {
		stopAsking := keepAsking(ctx, web, nodes(ctx)[1])
		stopLooking := lookAtHandlers(ctx)
		_, err := run(ctx, checkout("hack", "deploy.sh"))
		Expect(err).NotTo(HaveOccurred())
		away, gap := stopLooking(), stopAsking()
		GinkgoWriter.Printf("at most %d virt-handlers away, at most %s without an answer of the guest\n", away, gap)
		Expect(away).To(Equal(1))
		Expect(gap).To(BeNumerically("<", longestGap))
		Expect(installation(ctx).Status.ObservedKubeVirtVersion).To(HaveSuffix("+" + version()))
		expectWaves(ctx)
		for _, guest := range guests {
			guest.expectUntouched(ctx)
		}
	}, SpecTimeout(15*time.Minute))

	It("starts what the former version had only scheduled", func(ctx context.Context) {
		_, err := run(ctx, checkout("hack", "cli.sh"), "load-image", "--name", lateImage, checkout("_out", "images", "guest-tiny.tar"))
		Expect(err).NotTo(HaveOccurred())
		// The kubelet asks for an image that was not there less and less often.
		Eventually(ctx, func() bool {
			vmi := instance(ctx, late)
			return vmi.Status.Phase == v1.VMIPhaseRunning
		}).WithTimeout(6 * time.Minute).WithPolling(time.Second).Should(BeTrue())
		Expect(launcherPod(ctx, instance(ctx, late)).Spec.Containers[0].Image).To(HaveSuffix(":" + earlier))
		guests = append(guests, meet(ctx, namespace, late.Name))
	}, SpecTimeout(10*time.Minute))

	It("says what guests of the former version cannot do", func(ctx context.Context) {
		for _, arguments := range [][]string{{"pause", "vm", web.Name}, {"soft-reboot", web.Name}, {"reset", single.Name}} {
			said, err := virtctl(ctx, append(arguments, "-n", namespace)...)
			Expect(err).To(HaveOccurred(), said)
			Expect(said).To(ContainSubstring("the guest was started by an earlier version, which cannot do this"))
		}
		for _, guest := range guests {
			guest.expectUntouched(ctx)
		}
	}, SpecTimeout(5*time.Minute))

	It("keeps track of them", func(ctx context.Context) {
		By("one that fails")
		found := &v1.VirtualMachineInstance{}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(single), found)).To(Succeed())
		crash(ctx, found)
		Eventually(ctx, func() v1.VirtualMachineInstancePhase {
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(single), found)).To(Succeed())
			return found.Status.Phase
		}).WithTimeout(stopTimeout).WithPolling(poll).Should(Equal(v1.VMIPhaseFailed))
		Expect(k8s.Delete(ctx, single)).To(Succeed())
		gone(ctx, single)

		By("one that shuts down by itself and is started again, by this version")
		before := waitRunning(ctx, web)
		console := openConsole(ctx, namespace, web.Name)
		console.login(ctx)
		console.send("poweroff")
		after := waitReplaced(ctx, web, before)
		Expect(launcherPod(ctx, after).Spec.Containers[0].Image).NotTo(HaveSuffix(":" + earlier))
		_, err := virtctl(ctx, "pause", "vm", web.Name, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		_, err = virtctl(ctx, "unpause", "vm", web.Name, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())

		By("one that is told to stop")
		_, err = virtctl(ctx, "stop", other.Name, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		waitStatus(ctx, other, v1.PrintableStatusStopped, stopTimeout)
		_, err = virtctl(ctx, "start", other.Name, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		waitRunning(ctx, other)
		guests = []*survivor{meet(ctx, namespace, web.Name), meet(ctx, namespace, other.Name)}
	}, SpecTimeout(10*time.Minute))

	It("halts at the first virt-handler that does not work, and can be undone", func(ctx context.Context) {
		good := kubectl(ctx, "get", "deployment", "virt-operator", "-n", installNamespace, "-o", "jsonpath={.spec.template.spec.containers[0].image}")
		const broken = "kubevirt/e2e-crashing-handler:devel"
		loadCrashingHandler(ctx, broken)
		stopAsking := keepAsking(ctx, web, nodes(ctx)[1])
		stopLooking := lookAtHandlers(ctx)
		operatorImage(ctx, broken)
		Eventually(ctx, func(g Gomega) {
			degraded := v1.FindCondition(installation(ctx).Status.Conditions, v1.ConditionDegraded)
			g.Expect(degraded).NotTo(BeNil())
			g.Expect(degraded.Reason).To(Equal(v1.ReasonUpdateHalted))
			g.Expect(degraded.Message).To(And(ContainSubstring("virt-handler"), ContainSubstring("this virt-handler is broken")))
		}).WithTimeout(5 * time.Minute).WithPolling(time.Second).Should(Succeed())

		By("staying there")
		Consistently(ctx, func() []string { return componentImages(ctx, "virt-controller", "virt-api") }).
			WithTimeout(30 * time.Second).WithPolling(2 * time.Second).Should(HaveEach(good))
		Expect(stopLooking()).To(Equal(1))
		Expect(stopAsking()).To(BeNumerically("<", longestGap))
		for _, guest := range guests {
			guest.expectInPlace(ctx)
		}

		By("going back")
		operatorImage(ctx, good)
		Eventually(ctx, func() []string { return componentImages(ctx, "virt-controller", "virt-api", "virt-handler") }).
			WithTimeout(5 * time.Minute).WithPolling(time.Second).Should(HaveEach(good))
		Eventually(ctx, func() []corev1.Pod { return podsOf(ctx, "virt-handler") }).
			WithTimeout(5 * time.Minute).WithPolling(time.Second).Should(HaveEach(Satisfy(func(pod corev1.Pod) bool { return podReady(&pod) })))
		Eventually(ctx, func() bool { return v1.IsConditionTrue(installation(ctx).Status.Conditions, v1.ConditionDegraded) }).
			WithTimeout(5 * time.Minute).WithPolling(time.Second).Should(BeFalse())
		for _, guest := range guests {
			guest.expectUntouched(ctx)
		}
	}, SpecTimeout(20*time.Minute))
})
