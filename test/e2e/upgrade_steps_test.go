//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// version is that of this checkout.
func version() string {
	GinkgoHelper()
	text, err := os.ReadFile(checkout("VERSION"))
	Expect(err).NotTo(HaveOccurred())
	return strings.TrimSpace(string(text))
}

// install builds a release from the repository's history and installs it as it was
// meant to be.
func install(ctx context.Context, release string) {
	GinkgoHelper()
	build := exec.CommandContext(ctx, checkout("hack", "release.sh"), release)
	build.Stderr = GinkgoWriter
	out, err := build.Output()
	Expect(err).NotTo(HaveOccurred(), "building "+release)
	dir := strings.TrimSpace(string(out))
	cli := checkout("hack", "cli.sh")
	_, err = run(ctx, cli, "load-image", filepath.Join(dir, "images", "kubevirt.tar"), filepath.Join(dir, "images", "virt-launcher.tar"))
	Expect(err).NotTo(HaveOccurred())
	_, err = run(ctx, cli, "load-image", "--name", tinyGuest, checkout("_out", "images", "guest-tiny.tar"))
	Expect(err).NotTo(HaveOccurred())
	apply := func(file string) error {
		_, err := run(ctx, checkout("hack", "kubectl.sh"), "apply", "--server-side", "--force-conflicts", "-f", filepath.Join(dir, "manifests", file))
		return err
	}
	Expect(apply("kubevirt-operator.yaml")).To(Succeed())
	Eventually(ctx, apply).WithArguments("kubevirt-cr.yaml").WithTimeout(3 * time.Minute).WithPolling(time.Second).Should(Succeed())
	// The kind is so new that the API server may not show it in its discovery yet.
	Eventually(ctx, func(g Gomega) {
		var all v1.KubeVirtList
		g.Expect(k8s.List(ctx, &all)).To(Succeed())
		g.Expect(all.Items).To(HaveLen(1))
		g.Expect(all.Items[0].Status.Phase).To(Equal(v1.KubeVirtPhaseDeployed))
		g.Expect(v1.IsConditionTrue(all.Items[0].Status.Conditions, v1.ConditionAvailable)).To(BeTrue())
	}).WithTimeout(5 * time.Minute).WithPolling(time.Second).Should(Succeed())
	Expect(installation(ctx).Status.ObservedKubeVirtVersion).To(HaveSuffix("+" + release))
}

// gone waits until an object is no more.
func gone(ctx context.Context, object client.Object) {
	GinkgoHelper()
	Eventually(ctx, func() bool { return apierrors.IsNotFound(k8s.Get(ctx, client.ObjectKeyFromObject(object), object)) }).
		WithTimeout(2*time.Minute).WithPolling(poll).Should(BeTrue(), object.GetName()+" should be gone")
}

// operatorImage has the operator run from another image, and install it.
func operatorImage(ctx context.Context, image string) {
	GinkgoHelper()
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
		"containers": []any{map[string]any{"name": "virt-operator", "image": image, "env": []any{
			map[string]any{"name": "KUBEVIRT_IMAGE", "value": image},
		}}},
	}}}})
	Expect(err).NotTo(HaveOccurred())
	kubectl(ctx, "patch", "deployment", "virt-operator", "-n", installNamespace, "-p", string(patch))
	kubectl(ctx, "rollout", "status", "deployment", "virt-operator", "-n", installNamespace, "--timeout=5m")
}

// loadCrashingHandler makes an image of this checkout's control plane whose virt-handler
// ends as soon as it begins.
func loadCrashingHandler(ctx context.Context, name string) {
	GinkgoHelper()
	program := filepath.Join(GinkgoT().TempDir(), "kubevirt")
	_, err := run(ctx, "env", "CGO_ENABLED=0", "go", "build", "-o", program, "./testdata/crashinghandler")
	Expect(err).NotTo(HaveOccurred())
	wrapper, err := os.ReadFile(program)
	Expect(err).NotTo(HaveOccurred())
	actors, err := os.ReadFile(checkout("_out", "bin", "kubevirt"))
	Expect(err).NotTo(HaveOccurred())
	loadImage(ctx, name, map[string][]byte{"/usr/bin/kubevirt": wrapper, "/usr/bin/kubevirt.real": actors}, "/usr/bin/kubevirt")
}

// componentImages are those of the pods of components.
func componentImages(ctx context.Context, components ...string) []string {
	GinkgoHelper()
	var list []string
	for _, component := range components {
		for _, pod := range podsOf(ctx, component) {
			list = append(list, pod.Spec.Containers[0].Image)
		}
	}
	return list
}

func podsOf(ctx context.Context, component string) []corev1.Pod {
	GinkgoHelper()
	var pods corev1.PodList
	Expect(k8s.List(ctx, &pods, client.InNamespace(installNamespace), client.MatchingLabels{v1.LabelComponent: component})).To(Succeed())
	return pods.Items
}

// placed has a machine run on a node.
func placed(vm *v1.VirtualMachine, node string) *v1.VirtualMachine {
	vm.Spec.Template.Spec.NodeSelector = map[string]string{corev1.LabelHostname: node}
	return vm
}

// survivor is a running guest and what would tell of its end.
type survivor struct {
	namespace, name, boot string
	vmi, pod              types.UID
}

// meet waits for a guest and gets to know it.
func meet(ctx context.Context, namespace, name string) *survivor {
	GinkgoHelper()
	vm := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	vmi := waitRunning(ctx, vm)
	s := &survivor{namespace: namespace, name: name, vmi: vmi.UID, pod: launcherPod(ctx, vmi).UID}
	s.boot = s.bootID(ctx)
	return s
}

// bootID names the boot of a guest's kernel, as its console tells.
func (s *survivor) bootID(ctx context.Context) string {
	GinkgoHelper()
	console := openConsole(ctx, s.namespace, s.name)
	console.login(ctx)
	id := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`).FindString(console.shell(ctx, "cat /proc/sys/kernel/random/boot_id"))
	Expect(id).NotTo(BeEmpty())
	return id
}

// expectUntouched: the same pod, whose container never restarted, and the same boot.
func (s *survivor) expectUntouched(ctx context.Context) {
	GinkgoHelper()
	s.expectInPlace(ctx)
	Expect(s.bootID(ctx)).To(Equal(s.boot), s.name)
}

// expectInPlace is as much of it as can be seen without the node's virt-handler.
func (s *survivor) expectInPlace(ctx context.Context) {
	GinkgoHelper()
	vmi := &v1.VirtualMachineInstance{}
	Expect(k8s.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: s.name}, vmi)).To(Succeed())
	Expect(vmi.UID).To(Equal(s.vmi), s.name)
	Expect(vmi.Status.Phase).To(Equal(v1.VMIPhaseRunning), s.name)
	pod := launcherPod(ctx, vmi)
	Expect(pod.UID).To(Equal(s.pod), s.name)
	Expect(pod.DeletionTimestamp).To(BeNil(), s.name)
	for _, status := range pod.Status.ContainerStatuses {
		Expect(status.RestartCount).To(BeZero(), s.name+"/"+status.Name)
	}
}

// keepAsking asks a guest's web server again and again, through its Service and from a node,
// until it is told to stop: it returns the longest time without an answer.
func keepAsking(ctx context.Context, vm *v1.VirtualMachine, node string) func() time.Duration {
	GinkgoHelper()
	var s corev1.Service
	Expect(k8s.Get(ctx, client.ObjectKeyFromObject(vm), &s)).To(Succeed())
	fetchFromOtherNode(ctx, vm, instance(ctx, vm).Status.NodeName)
	flag := "/tmp/asking-" + vm.Namespace
	loop := fmt.Sprintf(`date +%%s%%N; touch %[1]s; while [ -e %[1]s ]; do curl -sS -o /dev/null --max-time 1 http://%[2]s/ && date +%%s%%N; sleep 0.2; done; date +%%s%%N`, flag, s.Spec.ClusterIP)
	answers := make(chan string, 1)
	go func() {
		defer GinkgoRecover()
		out, _ := exec.CommandContext(ctx, checkout("hack", "cli.sh"), "ssh", node, "--", "sh", "-c", loop).Output()
		answers <- string(out)
	}()
	return func() time.Duration {
		GinkgoHelper()
		_, err := onNode(ctx, node, "rm", "-f", flag)
		Expect(err).NotTo(HaveOccurred())
		// The beginning, every answer, and the end.
		var last, longest int64
		lines := strings.Fields(<-answers)
		Expect(len(lines)).To(BeNumerically(">", 10))
		for _, line := range lines {
			at, err := strconv.ParseInt(line, 10, 64)
			Expect(err).NotTo(HaveOccurred(), line)
			if last != 0 {
				longest = max(longest, at-last)
			}
			last = at
		}
		return time.Duration(longest)
	}
}

// lookAtHandlers counts, until it is told to stop, on how many nodes no virt-handler
// is ready: it returns the most at a time.
func lookAtHandlers(ctx context.Context) func() int {
	GinkgoHelper()
	all := len(nodes(ctx))
	looking, stop := context.WithCancel(ctx)
	DeferCleanup(stop)
	var (
		group sync.WaitGroup
		most  int
	)
	group.Go(func() {
		for looking.Err() == nil {
			var pods corev1.PodList
			err := k8s.List(looking, &pods, client.InNamespace(installNamespace), client.MatchingLabels{v1.LabelComponent: "virt-handler"})
			if err == nil {
				away := all
				for i := range pods.Items {
					if podReady(&pods.Items[i]) && pods.Items[i].DeletionTimestamp == nil {
						away--
					}
				}
				most = max(most, away)
			}
			time.Sleep(poll)
		}
	})
	return func() int {
		stop()
		group.Wait()
		return most
	}
}

// wave is when the pods of a component were made, and when they were ready.
type wave struct{ first, second, ready time.Time }

func waveOf(ctx context.Context, component string) (w wave, firstReady time.Time) {
	GinkgoHelper()
	for _, pod := range podsOf(ctx, component) {
		if pod.DeletionTimestamp != nil {
			continue // The former version's, which still ends what it was doing.
		}
		made, ready := pod.CreationTimestamp.Time, time.Time{}
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodReady {
				ready = condition.LastTransitionTime.Time
			}
		}
		switch {
		case w.first.IsZero():
			w.first, firstReady = made, ready
		case made.Before(w.first):
			w.first, w.second, firstReady = made, w.first, ready
		case w.second.IsZero() || made.Before(w.second):
			w.second = made
		}
		if ready.After(w.ready) {
			w.ready = ready
		}
	}
	return w, firstReady
}

// expectWaves compares the times, which are seconds.
func expectWaves(ctx context.Context) {
	GinkgoHelper()
	handlers, canary := waveOf(ctx, "virt-handler")
	controllers, _ := waveOf(ctx, "virt-controller")
	apis, _ := waveOf(ctx, "virt-api")
	for kind, group := range map[string]string{"CustomResourceDefinition": "apiextensions.k8s.io", "ClusterRole": "rbac.authorization.k8s.io"} {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(schema.GroupVersionKind{Group: group, Version: "v1", Kind: kind + "List"})
		Expect(k8s.List(ctx, list, client.MatchingLabels{v1.LabelManagedBy: v1.ManagedByOperator})).To(Succeed())
		Expect(list.Items).NotTo(BeEmpty(), kind)
		for i := range list.Items {
			for _, entry := range list.Items[i].ManagedFields {
				if entry.Manager == "virt-operator" {
					Expect(entry.Time.Time).To(BeTemporally("<=", handlers.first), kind+" "+list.Items[i].Name)
				}
			}
		}
	}
	Expect(handlers.second).To(BeTemporally(">=", canary), "the second virt-handler")
	Expect(controllers.first).To(BeTemporally(">=", handlers.ready), "virt-controller")
	Expect(apis.first).To(BeTemporally(">=", controllers.ready), "virt-api")
}
