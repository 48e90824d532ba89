//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// moment is how long a guest that stands still is watched.
const moment = 3 * time.Second

var _ = Describe("a running guest", func() {
	It("stands still while it is paused", Label("gate"), func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "tiny", v1.RunStrategyAlways)
		create(ctx, vm)
		vmi := waitRunning(ctx, vm)
		console := openConsole(ctx, namespace, vm.Name)
		console.login(ctx)

		_, err := virtctl(ctx, "pause", "vm", vm.Name, "-n", namespace, "--dry-run")
		Expect(err).NotTo(HaveOccurred())
		Expect(instance(ctx, vm).IsPaused()).To(BeFalse())
		_, err = virtctl(ctx, "pause", "vm", vm.Name, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		waitStatus(ctx, vm, v1.PrintableStatusPaused, 10*time.Second)
		paused := instance(ctx, vm)
		Expect(paused.IsRunning()).To(BeTrue())
		Expect(paused.Condition(v1.ConditionPaused).Reason).To(Equal(v1.ReasonPausedByUser))
		console.send(`echo "up=""and=about"`)
		console.silent(ctx, "up=and=about", moment)
		_, err = virtctl(ctx, "pause", "vmi", vm.Name, "-n", namespace)
		Expect(err).To(MatchError(ContainSubstring("already paused")))
		_, err = virtctl(ctx, "soft-reboot", vm.Name, "-n", namespace)
		Expect(err).To(MatchError(ContainSubstring("unpause it first")))

		_, err = virtctl(ctx, "unpause", "vm", vm.Name, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		console.expect(ctx, "up=and=about", bootTimeout)
		waitStatus(ctx, vm, v1.PrintableStatusRunning, 10*time.Second)
		_, err = virtctl(ctx, "unpause", "vmi", vm.Name, "-n", namespace)
		Expect(err).To(MatchError(ContainSubstring("not paused")))
		Expect(instance(ctx, vm).UID).To(Equal(vmi.UID))
		Eventually(ctx, func() []string { return happened(ctx, vmi) }).WithTimeout(stopTimeout).WithPolling(poll).
			Should(ContainElements(v1.EventPaused, v1.EventUnpaused))
		Expect(warnings(ctx, namespace)).To(BeEmpty())
	})

	It("waits when it starts paused, and shuts down in order when it is paused", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		phases := watchPhases(ctx, namespace)
		vm := tinyVM(namespace, "waiting", v1.RunStrategyAlways)
		strategy := v1.StartStrategyPaused
		vm.Spec.Template.Spec.StartStrategy = &strategy
		create(ctx, vm)
		waitStatus(ctx, vm, v1.PrintableStatusPaused, bootTimeout)
		Expect(instance(ctx, vm).Condition(v1.ConditionPaused).Reason).To(Equal(v1.ReasonPausedByUser))
		console := openConsole(ctx, namespace, vm.Name)
		console.silent(ctx, "login: ", 15*time.Second) // it would have booted by now

		_, err := virtctl(ctx, "unpause", "vm", vm.Name, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		console.login(ctx)
		waitStatus(ctx, vm, v1.PrintableStatusRunning, 10*time.Second)

		_, err = virtctl(ctx, "pause", "vm", vm.Name, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		waitStatus(ctx, vm, v1.PrintableStatusPaused, 10*time.Second)
		_, err = virtctl(ctx, "stop", vm.Name, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		waitStatus(ctx, vm, v1.PrintableStatusStopped, stopTimeout)
		Expect(phases()).To(ContainElement(v1.VMIPhaseSucceeded))
		Expect(phases()).NotTo(ContainElement(v1.VMIPhaseFailed))
	})

	It("starts over in its pod when it is reset or asked to reboot", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "tiny", v1.RunStrategyAlways)
		create(ctx, vm)
		vmi := waitRunning(ctx, vm)
		pod := launcherPod(ctx, vmi)
		console := openConsole(ctx, namespace, vm.Name)
		for _, verb := range []string{"reset", "soft-reboot"} {
			console.login(ctx)
			console.shell(ctx, "touch /tmp/before")
			_, err := virtctl(ctx, verb, vm.Name, "-n", namespace)
			Expect(err).NotTo(HaveOccurred())
			console.expect(ctx, "login: ", bootTimeout)
			console.send("root")
			console.expect(ctx, "~ # ", bootTimeout)
			Expect(console.shell(ctx, "ls /tmp")).NotTo(ContainSubstring("before"))
		}
		now := instance(ctx, vm)
		Expect(now.UID).To(Equal(vmi.UID))
		Expect(now.IsRunning()).To(BeTrue())
		Expect(launcherPod(ctx, now).UID).To(Equal(pod.UID))
		Eventually(ctx, func() []string { return happened(ctx, vmi) }).WithTimeout(stopTimeout).WithPolling(poll).
			Should(ContainElements(v1.EventReset, v1.EventSoftRebooted))

		By("naming what a freeze needs")
		Expect(put(ctx, vmi, "freeze", "")).To(MatchError(ContainSubstring("the guest agent is not connected")))
	})

	It("writes nothing while it is frozen", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "debian", v1.RunStrategyAlways)
		vm.Spec.Template.Spec.Domain.Memory.Guest = quantity("512Mi")
		vm.Spec.Template.Spec.Volumes[0].ContainerDisk.Image = debianGuest
		create(ctx, vm)
		vmi := waitRunning(ctx, vm)
		console := openConsole(ctx, namespace, vm.Name)
		console.expect(ctx, "login: ", debianBootTimeout)
		console.send("root")
		console.expect(ctx, `~# `, bootTimeout) // what is typed before the shell is up is lost
		Eventually(ctx, func() bool { return instance(ctx, vm).IsConditionTrue(v1.ConditionAgentConnected) }).
			WithTimeout(debianBootTimeout).WithPolling(time.Second).Should(BeTrue(), "the guest agent should connect")
		frozen := func() string { return instance(ctx, vm).Status.FSFreezeStatus }

		By("freezing and thawing it")
		Expect(put(ctx, vmi, "freeze", `{"unfreezeTimeout":"2m"}`)).To(Succeed())
		Eventually(ctx, frozen).WithTimeout(10 * time.Second).WithPolling(poll).Should(Equal("frozen"))
		console.send(`touch /root/x && sync && echo "writ""ten"`)
		console.silent(ctx, "written", moment)
		Expect(put(ctx, vmi, "unfreeze", "")).To(Succeed())
		console.expect(ctx, "written", 30*time.Second)
		Eventually(ctx, frozen).WithTimeout(10 * time.Second).WithPolling(poll).Should(BeEmpty())

		By("leaving it frozen")
		Expect(put(ctx, vmi, "freeze", `{"unfreezeTimeout":"5s"}`)).To(Succeed())
		Eventually(ctx, frozen).WithTimeout(5 * time.Second).WithPolling(poll).Should(Equal("frozen"))
		Eventually(ctx, frozen).WithTimeout(30 * time.Second).WithPolling(poll).Should(BeEmpty())

		By("rebooting it through its agent")
		_, err := virtctl(ctx, "soft-reboot", vm.Name, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		console.expect(ctx, "login: ", debianBootTimeout)
		Expect(instance(ctx, vm).UID).To(Equal(vmi.UID))

		By("shutting it down frozen")
		Eventually(ctx, func() error { return put(ctx, vmi, "freeze", "") }).
			WithTimeout(debianBootTimeout).WithPolling(time.Second).Should(Succeed())
		phases := watchPhases(ctx, namespace)
		_, err = virtctl(ctx, "stop", vm.Name, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		waitStatus(ctx, vm, v1.PrintableStatusStopped, stopTimeout)
		Expect(phases()).To(ContainElement(v1.VMIPhaseSucceeded))
	}, SpecTimeout(15*time.Minute))
})

// silent fails when the console shows what matches within a time.
func (c *serialConsole) silent(ctx context.Context, pattern string, within time.Duration) {
	GinkgoHelper()
	Consistently(ctx, func() string {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		return string(c.output[c.seen:])
	}).WithTimeout(within).WithPolling(poll).ShouldNot(MatchRegexp(pattern))
}

// happened returns the reasons of the events about an instance.
func happened(ctx context.Context, vmi *v1.VirtualMachineInstance) []string {
	GinkgoHelper()
	var events corev1.EventList
	Expect(k8s.List(ctx, &events, client.InNamespace(vmi.Namespace))).To(Succeed())
	var reasons []string
	for _, event := range events.Items {
		if event.InvolvedObject.UID == vmi.UID {
			reasons = append(reasons, event.Reason)
		}
	}
	return reasons
}

// put sends a verb that virtctl has no command for.
func put(ctx context.Context, vmi *v1.VirtualMachineInstance, subresource, body string) error {
	GinkgoHelper()
	httpClient, err := rest.HTTPClientFor(config)
	Expect(err).NotTo(HaveOccurred())
	url := fmt.Sprintf("%s/apis/subresources.kubevirt.io/v1/namespaces/%s/virtualmachineinstances/%s/%s",
		config.Host, vmi.Namespace, vmi.Name, subresource)
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, url, strings.NewReader(body))
	Expect(err).NotTo(HaveOccurred())
	answer, err := httpClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		var said strings.Builder
		_ = answer.Write(&said)
		return fmt.Errorf("%s: %s", subresource, said.String())
	}
	return nil
}
