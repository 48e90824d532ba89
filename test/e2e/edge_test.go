//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

// edgeBar is how much memory the whole control plane of one node may take, in MiB.
const edgeBar = 120

// The bar is one of a cluster with one node: make edge-test.
var _ = Describe("the edge profile", Serial, Label("edge"), func() {
	It("is taken on and off under a running guest", func(ctx context.Context) {
		Expect(setProfile(ctx, `"tiny"`)).To(MatchError(And(ContainSubstring("metadata.annotations[kubevirt.io/profile]"), ContainSubstring("edge"))))

		namespace := newNamespace(ctx)
		vm, other := tinyVM(namespace, "keeper", v1.RunStrategyAlways), tinyVM(namespace, "other", v1.RunStrategyManual)
		create(ctx, vm)
		create(ctx, other)
		guest := meetGuest(ctx, vm)
		handlers := podNames(ctx, component.Handler)
		replicas := *deployment(ctx, component.Operator).Spec.Replicas
		version := installation(ctx).Status.ObservedDeploymentID
		answers := watchAnswers(ctx, vm)

		By("taking it on")
		DeferCleanup(func(ctx context.Context) {
			Expect(setProfile(ctx, "null")).To(Succeed())
			waitProfile(ctx, component.ControlPlaneAccount)
		})
		Expect(setProfile(ctx, `"edge"`)).To(Succeed())
		waitProfile(ctx, component.ControllerAccount)
		outage := answers()
		GinkgoWriter.Printf("longest without an answer: %s\n", outage)
		Expect(outage).To(BeNumerically("<", 10*time.Second))
		Expect(deploymentNames(ctx)).To(ConsistOf(component.API, component.Operator))
		Eventually(ctx, func() []string { return podNames(ctx, component.Operator) }).WithTimeout(time.Minute).WithPolling(poll).Should(HaveLen(1))
		Expect(podNames(ctx, component.API)).To(HaveLen(1))
		startAndStop(ctx, other)
		guest.expectSame(ctx)
		expectMetrics(ctx)
		expectMemory(ctx)

		By("taking it off")
		answers = watchAnswers(ctx, vm)
		Expect(setProfile(ctx, "null")).To(Succeed())
		waitProfile(ctx, component.ControlPlaneAccount)
		outage = answers()
		GinkgoWriter.Printf("longest without an answer: %s\n", outage)
		Expect(outage).To(BeNumerically("<", 10*time.Second))
		Expect(deploymentNames(ctx)).To(ConsistOf(component.API, component.Controller, component.Operator))
		Eventually(ctx, func() int32 { return *deployment(ctx, component.Operator).Spec.Replicas }).WithTimeout(time.Minute).Should(Equal(replicas))
		startAndStop(ctx, other)
		guest.expectSame(ctx)
		Expect(podNames(ctx, component.Handler)).To(ConsistOf(handlers))
		Expect(installation(ctx).Status.ObservedDeploymentID).To(Equal(version))
	})
})

func setProfile(ctx context.Context, value string) error {
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%s}}}`, v1.AnnotationProfile, value)
	return k8s.Patch(ctx, installation(ctx), client.RawPatch("application/merge-patch+json", []byte(patch)))
}

// waitProfile waits until a switch is over: the account of the other profile is the
// last that goes. All the time the installation is to be available.
func waitProfile(ctx context.Context, former string) {
	GinkgoHelper()
	began := time.Now()
	Eventually(ctx, func(g Gomega) bool {
		kv := installation(ctx)
		if !v1.IsConditionTrue(kv.Status.Conditions, v1.ConditionAvailable) {
			StopTrying("the installation is not available").Attach("conditions", kv.Status.Conditions).Now()
		}
		err := k8s.Get(ctx, client.ObjectKey{Namespace: installNamespace, Name: former}, &corev1.ServiceAccount{})
		return apierrors.IsNotFound(err) && !v1.IsConditionTrue(kv.Status.Conditions, v1.ConditionProgressing)
	}).WithTimeout(3 * time.Minute).WithPolling(poll).Should(BeTrue())
	GinkgoWriter.Printf("switched in %s\n", time.Since(began).Round(time.Second))
}

// watchAnswers writes a machine, which its webhooks have to admit, and asks the
// aggregated API, again and again. The function returned ends that and tells the longest
// time in which not both succeeded.
func watchAnswers(ctx context.Context, vm *v1.VirtualMachine) func() time.Duration {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	var longest time.Duration
	group.Go(func() {
		for good := time.Now(); ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
			err := k8s.Patch(ctx, vm.DeepCopy(), client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"asked":"yes"}}}`)), client.DryRunAll)
			if err == nil {
				_, err = run(ctx, checkout("hack", "kubectl.sh"), "get", "--raw", "/apis/subresources.kubevirt.io/v1/version")
			}
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				GinkgoWriter.Printf("%s no answer: %v\n", time.Now().Format(time.StampMilli), err)
				longest = max(longest, time.Since(good))
				continue
			}
			good = time.Now()
		}
	})
	return func() time.Duration {
		cancel()
		group.Wait()
		return longest
	}
}

// startAndStop has a machine run and stop again, by the verbs that virt-api serves.
func startAndStop(ctx context.Context, vm *v1.VirtualMachine) {
	GinkgoHelper()
	_, err := virtctl(ctx, "start", vm.Name, "-n", vm.Namespace)
	Expect(err).NotTo(HaveOccurred())
	waitRunning(ctx, vm)
	_, err = virtctl(ctx, "stop", vm.Name, "-n", vm.Namespace, "--grace-period=0", "--force")
	Expect(err).NotTo(HaveOccurred())
	waitStatus(ctx, vm, v1.PrintableStatusStopped, stopTimeout)
}

func deployment(ctx context.Context, name string) *appsv1.Deployment {
	GinkgoHelper()
	d := &appsv1.Deployment{}
	Expect(k8s.Get(ctx, client.ObjectKey{Namespace: installNamespace, Name: name}, d)).To(Succeed())
	return d
}

func deploymentNames(ctx context.Context) []string {
	GinkgoHelper()
	var list appsv1.DeploymentList
	Expect(k8s.List(ctx, &list, client.InNamespace(installNamespace))).To(Succeed())
	var names []string
	for _, d := range list.Items {
		names = append(names, d.Name)
	}
	return names
}

func podNames(ctx context.Context, component string) []string {
	GinkgoHelper()
	var names []string
	for _, pod := range podsOf(ctx, component) {
		names = append(names, pod.Name)
	}
	return names
}

// expectMetrics: the one program tells what both count.
func expectMetrics(ctx context.Context) {
	GinkgoHelper()
	pod := podNames(ctx, component.API)[0]
	out := kubectl(ctx, "get", "--raw", fmt.Sprintf("/api/v1/namespaces/%s/pods/https:%s:8443/proxy/metrics", installNamespace, pod))
	for _, metric := range []string{"registered_metrics_total", "controller_runtime_reconcile_total", "process_resident_memory_bytes"} {
		Expect(out).To(ContainSubstring("\n" + metric))
	}
	health := kubectl(ctx, "get", "--raw", fmt.Sprintf("/api/v1/namespaces/%s/pods/https:%s:8443/proxy/healthz", installNamespace, pod))
	Expect(health).To(ContainSubstring(installation(ctx).ResourceVersion))
}

// expectMemory prints what the control plane takes, and compares it with the bar.
func expectMemory(ctx context.Context) {
	GinkgoHelper()
	By("being idle for a while")
	time.Sleep(time.Minute)
	var pods corev1.PodList
	Expect(k8s.List(ctx, &pods, client.InNamespace(installNamespace), client.HasLabels{v1.LabelPrometheus})).To(Succeed())
	var all float64
	for i := range pods.Items {
		size := pss(ctx, &pods.Items[i])
		GinkgoWriter.Printf("%6.1f MiB %s\n", size, pods.Items[i].Name)
		all += size
	}
	AddReportEntry(fmt.Sprintf("control plane PSS, %d pods: %.1f MiB", len(pods.Items), all), ReportEntryVisibilityAlways)
	var nodes corev1.NodeList
	Expect(k8s.List(ctx, &nodes)).To(Succeed())
	Expect(nodes.Items).To(HaveLen(1), "make edge-test has a cluster for this")
	Expect(all).To(BeNumerically("<=", edgeBar))
}

// pss is the proportional memory of a pod's programs but the one that holds it, in MiB.
func pss(ctx context.Context, pod *corev1.Pod) float64 {
	GinkgoHelper()
	script := `for p in /proc/[0-9]*; do grep -q 'pod` + strings.ReplaceAll(string(pod.UID), "-", "[-_]") + `' $p/cgroup 2>/dev/null || continue; ` +
		`[ "$(cat $p/comm)" = pause ] || awk '/^Pss:/{print $2}' $p/smaps_rollup; done`
	out, err := onNode(ctx, pod.Spec.NodeName, "sh", "-c", script)
	Expect(err).NotTo(HaveOccurred())
	Expect(strings.Fields(out)).NotTo(BeEmpty(), "processes of %s", pod.Name)
	var sum float64
	for _, kib := range strings.Fields(out) {
		value, err := strconv.ParseFloat(kib, 64)
		Expect(err).NotTo(HaveOccurred())
		sum += value / 1024
	}
	return sum
}
