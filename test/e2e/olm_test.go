//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const olmTimeout = 5 * time.Minute

// OLM needs a cluster that has it, and no installation: make olm-test, which also makes
// the catalogs, one more version in each.
var _ = Describe("under OLM", Serial, Ordered, Label("olm"), func() {
	versions := strings.Fields(os.Getenv("OLM_VERSIONS"))
	var namespace string
	var vm *v1.VirtualMachine
	var guest *runningGuest

	It("is installed, and a guest boots", func(ctx context.Context) {
		Expect(versions).To(HaveLen(3), "OLM_VERSIONS")
		offer(ctx, versions[0])
		shown := shownAnnotations(ctx)
		apply(ctx, shown["operatorframework.io/suggested-namespace-template"])
		Expect(kubectl(ctx, "get", "--raw", "/apis/packages.operators.coreos.com/v1/namespaces/olm/packagemanifests/kubevirt-operator/icon")).To(ContainSubstring("<svg"))
		subscribe(ctx)
		waitInstalled(ctx, versions[0])

		By("creating the example")
		var examples []json.RawMessage
		Expect(json.Unmarshal([]byte(shown["alm-examples"]), &examples)).To(Succeed())
		Expect(examples).To(HaveLen(1))
		apply(ctx, string(examples[0]))
		waitSettled(ctx, versions[0])
		Expect(told(ctx, versions[0])).To(Equal("True"))

		namespace = lastingNamespace(ctx)
		vm = tinyVM(namespace, "guest", v1.RunStrategyAlways)
		create(ctx, vm)
		guest = meetGuest(ctx, vm)
	}, SpecTimeout(15*time.Minute))

	It("is upgraded, one version after the other, with the guest running", func(ctx context.Context) {
		By("getting stuck")
		offer(ctx, versions[1])
		waitInstalled(ctx, versions[1])
		Eventually(ctx, func() string { return told(ctx, versions[1]) }).
			WithTimeout(olmTimeout).WithPolling(poll).Should(Equal("False"))
		offer(ctx, versions[2])
		Eventually(ctx, func() string { return csv(ctx, versions[2], "{.status.phase} {.status.reason}") }).
			WithTimeout(olmTimeout).WithPolling(time.Second).Should(Equal("Pending OperatorConditionNotUpgradeable"))
		Consistently(ctx, func() string { return csv(ctx, versions[2], "{.status.phase}") }).
			WithTimeout(20 * time.Second).WithPolling(time.Second).Should(Equal("Pending"))
		guest.expectInPlace(ctx) // Its node's handler is the one that fails: nobody can reach its console.

		By("going on, as the administrator decides")
		kubectl(ctx, "patch", "operatorcondition", "kubevirt-operator."+versions[1], "-n", installNamespace, "--type=merge", "-p",
			`{"spec":{"overrides":[{"type":"Upgradeable","status":"True","reason":"Mended","message":"the next version mends it"}]}}`)
		waitInstalled(ctx, versions[2])
		waitSettled(ctx, versions[2])
		Expect(told(ctx, versions[2])).To(Equal("True"))
		for _, former := range versions[:2] {
			Expect(csv(ctx, former, "{.status.phase}")).To(BeEmpty(), former)
		}
		guest.expectSame(ctx)
	}, SpecTimeout(30*time.Minute))

	It("leaves guests and the installation alone when it is removed", func(ctx context.Context) {
		kubectl(ctx, "delete", "subscription,csv,operatorgroup", "--all", "-n", installNamespace)
		Eventually(ctx, func() string {
			return kubectl(ctx, "get", "pods", "-n", installNamespace, "-l", "kubevirt.io=virt-operator", "-o", "name")
		}).
			WithTimeout(olmTimeout).WithPolling(poll).Should(BeEmpty())
		guest.expectSame(ctx)
		another := tinyVM(namespace, "another", v1.RunStrategyAlways)
		create(ctx, another)
		waitRunning(ctx, another)
		Expect(k8s.Delete(ctx, another)).To(Succeed())
	}, SpecTimeout(10*time.Minute))

	It("takes the installation up again", func(ctx context.Context) {
		subscribe(ctx)
		waitInstalled(ctx, versions[2])
		Eventually(ctx, func() string { return told(ctx, versions[2]) }).
			WithTimeout(olmTimeout).WithPolling(poll).Should(Equal("True"))
		waitSettled(ctx, versions[2])
		guest.expectSame(ctx)

		By("removing everything")
		Expect(k8s.Delete(ctx, vm)).To(Succeed())
		Eventually(ctx, func() bool { return apierrors.IsNotFound(k8s.Get(ctx, client.ObjectKeyFromObject(vm), vm)) }).
			WithTimeout(stopTimeout).WithPolling(poll).Should(BeTrue())
		kubectl(ctx, "delete", "kubevirt", "--all", "-n", installNamespace, "--timeout=5m")
		kubectl(ctx, "delete", "subscription,csv", "--all", "-n", installNamespace)
		Expect(kubectl(ctx, "get", "crd", "-o", "name")).NotTo(ContainSubstring("virtualmachine"))
	}, SpecTimeout(15*time.Minute))
})

// offer has the cluster's catalog show everything up to a version.
func offer(ctx context.Context, version string) {
	GinkgoHelper()
	apply(ctx, fmt.Sprintf(`
apiVersion: operators.coreos.com/v1alpha1
kind: CatalogSource
metadata: {name: catalog, namespace: olm}
spec:
  sourceType: grpc
  image: kubevirt/catalog:%s
  grpcPodConfig:
    securityContextConfig: restricted
    extractContent: {catalogDir: /configs}
`, version))
	Eventually(ctx, func(g Gomega) {
		names := kubectl(ctx, "get", "packagemanifest", "-n", "olm", "-o", "jsonpath={.items[*].status.channels[*].entries[*].name}")
		g.Expect(strings.Fields(names)).To(ContainElement("kubevirt-operator." + version))
	}).WithTimeout(olmTimeout).WithPolling(time.Second).Should(Succeed(), "the catalog should show %s", version)
}

// shownAnnotations is what the catalog knows beside its text.
func shownAnnotations(ctx context.Context) map[string]string {
	GinkgoHelper()
	var manifest struct {
		Status struct {
			Channels []struct {
				CurrentCSVDesc struct {
					Annotations map[string]string
				}
			}
		}
	}
	text := kubectl(ctx, "get", "packagemanifest", "kubevirt-operator", "-n", "olm", "-o", "json")
	Expect(json.Unmarshal([]byte(text), &manifest)).To(Succeed())
	Expect(manifest.Status.Channels).To(HaveLen(1))
	return manifest.Status.Channels[0].CurrentCSVDesc.Annotations
}

func subscribe(ctx context.Context) {
	GinkgoHelper()
	apply(ctx, fmt.Sprintf(`
apiVersion: operators.coreos.com/v1
kind: OperatorGroup
metadata: {name: own, namespace: %[1]s}
spec: {targetNamespaces: [%[1]s]}
---
apiVersion: operators.coreos.com/v1alpha1
kind: Subscription
metadata: {name: kubevirt-operator, namespace: %[1]s}
spec: {source: catalog, sourceNamespace: olm, name: kubevirt-operator, channel: stable}
`, installNamespace))
}

// apply applies manifests in the operator's namespace, unless they name another.
func apply(ctx context.Context, manifests string) {
	GinkgoHelper()
	file := filepath.Join(GinkgoT().TempDir(), "manifests.yaml")
	Expect(os.WriteFile(file, []byte(manifests), 0o600)).To(Succeed())
	args := []string{"apply", "-f", file}
	if !strings.Contains(manifests, "namespace:") {
		args = append(args, "-n", installNamespace)
	}
	// Its webhook is a moment later than the operator.
	Eventually(ctx, func() error {
		_, err := run(ctx, checkout("hack", "kubectl.sh"), args...)
		return err
	}).WithTimeout(time.Minute).WithPolling(time.Second).Should(Succeed())
}

// csv asks for something of a version's ClusterServiceVersion; empty while there is none.
func csv(ctx context.Context, version, path string) string {
	GinkgoHelper()
	return kubectl(ctx, "get", "csv", "kubevirt-operator."+version, "-n", installNamespace, "--ignore-not-found", "-o", "jsonpath="+path)
}

// told is what OLM was told of a version's being upgradeable.
func told(ctx context.Context, version string) string {
	GinkgoHelper()
	return kubectl(ctx, "get", "operatorcondition", "kubevirt-operator."+version, "-n", installNamespace, "--ignore-not-found",
		"-o", `jsonpath={.status.conditions[?(@.type=="Upgradeable")].status}`)
}

// waitInstalled waits until OLM takes the operator of a version for installed.
func waitInstalled(ctx context.Context, version string) {
	GinkgoHelper()
	Eventually(ctx, func() string { return csv(ctx, version, "{.status.phase}") }).
		WithTimeout(olmTimeout).WithPolling(time.Second).Should(Equal("Succeeded"), "%s should succeed", version)
}

// waitSettled waits until everything runs in a version.
func waitSettled(ctx context.Context, version string) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega) {
		status := installation(ctx).Status
		g.Expect(v1.IsConditionTrue(status.Conditions, v1.ConditionAvailable)).To(BeTrue())
		g.Expect(v1.IsConditionTrue(status.Conditions, v1.ConditionProgressing)).To(BeFalse())
		g.Expect(status.ObservedDeploymentConfig).To(ContainSubstring("kubevirt/virt-launcher:olm-" + version))
		g.Expect(told(ctx, version)).To(Equal("True"))
	}).WithTimeout(olmTimeout).WithPolling(time.Second).Should(Succeed(), "the installation of %s should be complete", version)
}

// runningGuest is a guest that nothing may happen to.
type runningGuest struct {
	*survivor
	vm     *v1.VirtualMachine
	uptime float64
	// asked is when uptime was.
	asked time.Time
}

func meetGuest(ctx context.Context, vm *v1.VirtualMachine) *runningGuest {
	GinkgoHelper()
	g := &runningGuest{survivor: meet(ctx, vm.Namespace, vm.Name), vm: vm}
	g.uptime, g.asked = uptime(ctx, vm), time.Now()
	return g
}

// expectSame: untouched, and its clock has never stood still for long.
func (g *runningGuest) expectSame(ctx context.Context) {
	GinkgoHelper()
	g.expectUntouched(ctx)
	// For a moment it may, when the machine is busy.
	Expect(uptime(ctx, g.vm)).To(BeNumerically(">=", g.uptime+time.Since(g.asked).Seconds()*0.8))
}

// uptime asks the guest since when it has been up, in seconds.
func uptime(ctx context.Context, vm *v1.VirtualMachine) float64 {
	GinkgoHelper()
	console := openConsole(ctx, vm.Namespace, vm.Name)
	console.login(ctx)
	fields := strings.Fields(console.shell(ctx, "cat /proc/uptime"))
	Expect(len(fields)).To(BeNumerically(">=", 2))
	seconds, err := strconv.ParseFloat(fields[len(fields)-2], 64)
	Expect(err).NotTo(HaveOccurred())
	_, _ = io.WriteString(console.in, "\x1d") // Leaves it for the next one.
	return seconds
}

// lastingNamespace makes a namespace for several specs.
func lastingNamespace(ctx context.Context) string {
	GinkgoHelper()
	const name = "machines"
	apply(ctx, "{apiVersion: v1, kind: Namespace, metadata: {name: "+name+"}}")
	return name
}
