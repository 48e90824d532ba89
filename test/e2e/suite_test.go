//go:build e2e

// Package e2e proves on a real cluster, with real guests, what no smaller test
// can. Specs labelled gate run for every change.
package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const (
	// installNamespace is where the system under test runs.
	installNamespace = "kubevirt"
	// tinyGuest is the busybox guest of images/guest-tiny.
	tinyGuest = "kubevirt/guest-tiny:devel"
	// debianGuest has systemd, cloud-init and the guest agent.
	debianGuest = "kubevirt/guest-debian:devel"

	bootTimeout = 60 * time.Second
	// debianBootTimeout is generous: systemd under emulation on a busy machine.
	debianBootTimeout = 4 * time.Minute
	stopTimeout       = 60 * time.Second
	poll              = 200 * time.Millisecond
)

var (
	config *rest.Config
	k8s    client.WithWatch
)

func TestE2E(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "virtual machines on a cluster")
}

var _ = BeforeSuite(func() {
	scheme := clientgoscheme.Scheme
	Expect(v1.AddToScheme(scheme)).To(Succeed())
	var err error
	config, err = clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	Expect(err).NotTo(HaveOccurred(), "KUBECONFIG must name the cluster")
	config.QPS, config.Burst = 200, 400
	k8s, err = client.NewWithWatch(config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
})

// checkout returns a path in the checkout.
func checkout(parts ...string) string {
	return filepath.Join(append([]string{"..", ".."}, parts...)...)
}

// newNamespace makes a namespace that goes with the spec.
func newNamespace(ctx context.Context) string {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-"}}
	Expect(k8s.Create(ctx, namespace)).To(Succeed())
	DeferCleanup(func(ctx context.Context) {
		if CurrentSpecReport().Failed() {
			report(namespace.Name)
		}
		// Nothing is left to be shut down gracefully.
		Expect(client.IgnoreNotFound(k8s.DeleteAllOf(ctx, &v1.VirtualMachine{}, client.InNamespace(namespace.Name)))).To(Succeed())
		Expect(k8s.Delete(ctx, namespace)).To(Succeed())
	}, NodeTimeout(2*time.Minute))
	return namespace.Name
}

// report prints what there is to see of a failed spec.
func report(namespace string) {
	for _, args := range [][]string{
		{"get", "vm,vmi,pods", "-o", "wide", "-n", namespace},
		{"get", "vmi", "-o", "yaml", "-n", namespace},
		{"get", "events", "-n", namespace, "--sort-by=.lastTimestamp"},
		{"logs", "-n", namespace, "-l", "kubevirt.io=virt-launcher", "--tail=60", "-c", "compute"},
		{"logs", "-n", installNamespace, "-l", "kubevirt.io=virt-handler", "--tail=60"},
		{"logs", "-n", installNamespace, "-l", "kubevirt.io in (virt-controller,virt-api)", "--tail=60"},
	} {
		out, _ := exec.Command(checkout("hack", "kubectl.sh"), args...).CombinedOutput()
		GinkgoWriter.Printf("--- kubectl %s\n%s\n", strings.Join(args, " "), out)
	}
}

// run executes a program of the checkout and returns what it printed.
func run(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s %s: %w: %s", filepath.Base(program), strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

func kubectl(ctx context.Context, args ...string) string {
	GinkgoHelper()
	out, err := run(ctx, checkout("hack", "kubectl.sh"), args...)
	Expect(err).NotTo(HaveOccurred())
	return out
}

func virtctl(ctx context.Context, args ...string) (string, error) {
	return run(ctx, checkout("hack", "virtctl.sh"), args...)
}

// onNode runs a command on a node of the ephemeral cluster.
func onNode(ctx context.Context, node string, command ...string) (string, error) {
	return run(ctx, checkout("hack", "cli.sh"), append([]string{"ssh", node, "--"}, command...)...)
}
