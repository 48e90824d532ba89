//go:build e2e

package e2e

import (
	"context"
	"slices"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var _ = Describe("a run strategy", func() {
	It("decides what follows when the guest powers itself off or crashes", Label("gate"), func(ctx context.Context) {
		namespace := newNamespace(ctx)
		story := watchEvents(ctx, namespace)
		machines := map[v1.VirtualMachineRunStrategy]*v1.VirtualMachine{}
		strategies := []v1.VirtualMachineRunStrategy{v1.RunStrategyAlways, v1.RunStrategyRerunOnFailure, v1.RunStrategyManual, v1.RunStrategyOnce}
		for i, strategy := range strategies {
			machines[strategy] = tinyVM(namespace, []string{"always", "rerun", "manual", "once"}[i], strategy)
			create(ctx, machines[strategy])
		}
		always, rerun, manual, once := machines[v1.RunStrategyAlways], machines[v1.RunStrategyRerunOnFailure], machines[v1.RunStrategyManual], machines[v1.RunStrategyOnce]
		waitStatus(ctx, manual, v1.PrintableStatusStopped, stopTimeout)
		_, err := virtctl(ctx, "start", manual.Name, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())

		By("powering all of them off from inside")
		before := map[v1.VirtualMachineRunStrategy]*v1.VirtualMachineInstance{}
		for _, strategy := range strategies {
			before[strategy] = waitRunning(ctx, machines[strategy])
		}
		for _, strategy := range strategies {
			console := openConsole(ctx, namespace, machines[strategy].Name)
			console.login(ctx)
			console.send("poweroff")
		}
		for _, vm := range []*v1.VirtualMachine{rerun, manual, once} {
			waitStatus(ctx, vm, v1.PrintableStatusStopped, stopTimeout)
		}
		Eventually(ctx, func() any { return instance(ctx, rerun) }).WithTimeout(stopTimeout).WithPolling(poll).Should(BeNil())
		for _, strategy := range []v1.VirtualMachineRunStrategy{v1.RunStrategyManual, v1.RunStrategyOnce} {
			vmi := instance(ctx, machines[strategy])
			Expect(vmi).NotTo(BeNil(), "the ended instance of %s stays to be seen", strategy)
			Expect(vmi.UID).To(Equal(before[strategy].UID))
			Expect(vmi.Status.Phase).To(Equal(v1.VMIPhaseSucceeded))
		}
		again := waitReplaced(ctx, always, before[v1.RunStrategyAlways])

		By("starting what can be started again, and refusing the rest")
		for _, vm := range []*v1.VirtualMachine{rerun, manual} {
			_, err := virtctl(ctx, "start", vm.Name, "-n", namespace)
			Expect(err).NotTo(HaveOccurred())
		}
		_, err = virtctl(ctx, "start", once.Name, "-n", namespace)
		Expect(err).To(MatchError(ContainSubstring("run strategy Once does not start machines on request")))
		secondRerun := waitRunning(ctx, rerun)
		secondManual := waitReplaced(ctx, manual, before[v1.RunStrategyManual])

		By("letting the guests crash")
		for _, vmi := range []*v1.VirtualMachineInstance{again, secondRerun, secondManual} {
			crash(ctx, vmi)
		}
		waitReplaced(ctx, always, again)
		waitReplaced(ctx, rerun, secondRerun)
		waitStatus(ctx, manual, v1.PrintableStatusStopped, stopTimeout)
		Expect(instance(ctx, manual).Status.Phase).To(Equal(v1.VMIPhaseFailed))
		// Events are written in the background.
		Eventually(ctx, func() []string { return story(v1.KindVirtualMachine, rerun.Name) }).WithTimeout(stopTimeout).WithPolling(poll).
			Should(Equal([]string{"SuccessfulCreate", "SuccessfulDelete", "SuccessfulCreate", "SuccessfulDelete", "SuccessfulCreate"}))
		Eventually(ctx, func() []string { return story(v1.KindVirtualMachineInstance, manual.Name) }).WithTimeout(stopTimeout).WithPolling(poll).
			Should(Equal([]string{"SuccessfulCreate", "Started", "Stopped", "SuccessfulDelete", "SuccessfulCreate", "Started", "Stopped"}))
	})

	It("brings a guest back every time it crashes", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		story := watchEvents(ctx, namespace)
		vm := tinyVM(namespace, "crashes", v1.RunStrategyAlways)
		create(ctx, vm)
		vmi := waitRunning(ctx, vm)
		want := []string{"SuccessfulCreate"}
		for range 3 {
			crash(ctx, vmi)
			vmi = waitReplaced(ctx, vm, vmi)
			want = append(want, "SuccessfulDelete", "SuccessfulCreate")
		}
		waitStatus(ctx, vm, v1.PrintableStatusRunning, stopTimeout)
		Expect(vm.Status.StartFailure).To(BeNil())
		Eventually(ctx, func() []string { return story(v1.KindVirtualMachine, vm.Name) }).
			WithTimeout(stopTimeout).WithPolling(poll).Should(Equal(want))
		Expect(warnings(ctx, namespace)).To(ContainElement(ContainSubstring("The VirtualMachineInstance crashed")))
	})

	It("keeps a machine off whose pod was deleted, unless it is Always", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "rerun", v1.RunStrategyRerunOnFailure)
		create(ctx, vm)
		vmi := waitRunning(ctx, vm)
		openConsole(ctx, namespace, vm.Name).login(ctx)
		Expect(k8s.Delete(ctx, launcherPod(ctx, vmi))).To(Succeed())
		waitStatus(ctx, vm, v1.PrintableStatusStopped, stopTimeout)
		Eventually(ctx, func() any { return instance(ctx, vm) }).WithTimeout(stopTimeout).WithPolling(poll).Should(BeNil())
	})
})

var _ = Describe("a machine that cannot start", func() {
	It("is tried ever more rarely until its cause is mended", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "loop", v1.RunStrategyAlways)
		vm.Spec.Template.Spec.NodeSelector = map[string]string{"no-such": "node"}
		create(ctx, vm)
		for failures := 1; failures <= 2; failures++ {
			waitStatus(ctx, vm, v1.PrintableStatusErrorUnschedulable, time.Minute)
			Expect(k8s.Delete(ctx, launcherPod(ctx, instance(ctx, vm)))).To(Succeed())
			waitStatus(ctx, vm, v1.PrintableStatusCrashLoopBackOff, stopTimeout)
			Expect(vm.Status.StartFailure.ConsecutiveFailCount).To(Equal(failures))
		}
		kubectl(ctx, "patch", "vm", vm.Name, "-n", namespace, "--type=json", "-p", `[{"op":"remove","path":"/spec/template/spec/nodeSelector"}]`)
		Eventually(ctx, func() any { return instance(ctx, vm) }).WithTimeout(2 * time.Minute).WithPolling(poll).ShouldNot(BeNil())
		waitRunning(ctx, vm)
		waitStatus(ctx, vm, v1.PrintableStatusRunning, stopTimeout)
		Expect(vm.Status.StartFailure).To(BeNil())
	})
})

var _ = Describe("a running machine", func() {
	It("says when a change needs a restart, and has it after one", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "edited", v1.RunStrategyAlways)
		create(ctx, vm)
		before := waitRunning(ctx, vm)
		kubectl(ctx, "patch", "vm", vm.Name, "-n", namespace, "--type=merge", "-p", `{"spec":{"template":{"spec":{"domain":{"cpu":{"cores":2}}}}}}`)
		Eventually(ctx, func(g Gomega) {
			g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(vm), vm)).To(Succeed())
			c := vm.Condition(v1.ConditionRestartRequired)
			g.Expect(c).NotTo(BeNil())
			g.Expect(c.Message).To(ContainSubstring("spec.template.spec.domain.cpu"))
		}).WithTimeout(stopTimeout).WithPolling(poll).Should(Succeed())
		Expect(instance(ctx, vm).UID).To(Equal(before.UID))
		_, err := virtctl(ctx, "restart", vm.Name, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		waitReplaced(ctx, vm, before)
		console := openConsole(ctx, namespace, vm.Name)
		console.login(ctx)
		Expect(console.shell(ctx, "nproc")).To(ContainSubstring("2"))
		waitStatus(ctx, vm, v1.PrintableStatusRunning, stopTimeout)
		Expect(vm.Condition(v1.ConditionRestartRequired)).To(BeNil())
	})

	It("comes back under its name at once, with its guest if that was to stay", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "again", v1.RunStrategyAlways)
		create(ctx, vm)
		first := waitRunning(ctx, vm)

		By("deleting it, and making it again as soon as that is possible")
		Expect(k8s.Delete(ctx, vm)).To(Succeed())
		vm = remake(ctx, namespace, "again")
		second := waitReplaced(ctx, vm, first)
		waitStatus(ctx, vm, v1.PrintableStatusRunning, stopTimeout)
		Expect(warnings(ctx, namespace)).To(BeEmpty())

		By("leaving the guest behind")
		Expect(k8s.Delete(ctx, vm, client.PropagationPolicy(metav1.DeletePropagationOrphan))).To(Succeed())
		vm = remake(ctx, namespace, "again")
		waitStatus(ctx, vm, v1.PrintableStatusRunning, stopTimeout)
		third := instance(ctx, vm)
		Expect(third.UID).To(Equal(second.UID))
		Expect(metav1.IsControlledBy(third, vm)).To(BeTrue())
		Expect(warnings(ctx, namespace)).To(BeEmpty())
	})
})

// remake creates a machine of a name as soon as the earlier one is gone.
func remake(ctx context.Context, namespace, name string) *v1.VirtualMachine {
	GinkgoHelper()
	var vm *v1.VirtualMachine
	Eventually(ctx, func() error {
		vm = tinyVM(namespace, name, v1.RunStrategyAlways)
		return k8s.Create(ctx, vm)
	}).WithTimeout(stopTimeout).WithPolling(50 * time.Millisecond).Should(Succeed())
	return vm
}

// crash kills a guest's QEMU.
func crash(ctx context.Context, vmi *v1.VirtualMachineInstance) {
	GinkgoHelper()
	_, err := onNode(ctx, vmi.Status.NodeName, "pkill", "-9", "-f", "guest="+vmi.Namespace+"_"+vmi.Name+",")
	Expect(err).NotTo(HaveOccurred())
}

// watchEvents collects the reasons of the events about an object of ours, in the
// order in which they come, repetitions included.
func watchEvents(ctx context.Context, namespace string) func(kind, name string) []string {
	GinkgoHelper()
	watcher, err := k8s.Watch(ctx, &corev1.EventList{}, client.InNamespace(namespace))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(watcher.Stop)
	var mutex sync.Mutex
	stories := map[string][]string{}
	go func() {
		for change := range watcher.ResultChan() {
			if e, ok := change.Object.(*corev1.Event); ok && change.Type != watch.Deleted {
				mutex.Lock()
				about := e.InvolvedObject.Kind + "/" + e.InvolvedObject.Name
				stories[about] = append(stories[about], e.Reason)
				mutex.Unlock()
			}
		}
	}()
	return func(kind, name string) []string {
		mutex.Lock()
		defer mutex.Unlock()
		return slices.Clone(stories[kind+"/"+name])
	}
}
