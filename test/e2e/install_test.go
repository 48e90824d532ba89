//go:build e2e

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

// images are those of an installation.
type images struct{ controlPlane, launcher string }

// format is one way to install the operator.
type format struct {
	name            string
	install, remove func(context.Context, images)
}

// command runs a program in the checkout that has to succeed.
func command(ctx context.Context, args ...string) string {
	GinkgoHelper()
	out, err := run(ctx, "env", append([]string{"-C", checkout()}, args...)...)
	Expect(err).NotTo(HaveOccurred())
	return out
}

func formats(directory string) []format {
	manifest := filepath.Join(directory, "kubevirt-operator.yaml")
	bases := filepath.Join(directory, "config")
	helm := func(ctx context.Context, args ...string) {
		GinkgoHelper()
		command(ctx, append([]string{"go", "tool", "-modfile=hack/tools/helm/go.mod", "helm", "--namespace", installNamespace}, args...)...)
	}
	return []format{
		{
			name: "one manifest",
			install: func(ctx context.Context, i images) {
				command(ctx, "go", "run", "./hack/manifest", "-image", i.controlPlane, "-launcher-image", i.launcher, "-out", directory)
				kubectl(ctx, "apply", "-f", manifest)
			},
			remove: func(ctx context.Context, _ images) { kubectl(ctx, "delete", "-f", manifest) },
		},
		{
			name: "kustomize",
			install: func(ctx context.Context, i images) {
				Expect(os.CopyFS(bases, os.DirFS(checkout("config")))).To(Succeed())
				built := strings.Fields(command(ctx, "go", "tool", "-modfile=hack/tools/go.mod", "-n", "kustomize"))
				kustomize := built[len(built)-1] // What was downloaded for it comes before.
				_, err := run(ctx, "env", "-C", filepath.Join(bases, "default"), kustomize, "edit", "set", "image",
					"kubevirt="+i.controlPlane, "virt-launcher="+i.launcher)
				Expect(err).NotTo(HaveOccurred())
				kubectl(ctx, "apply", "-k", filepath.Join(bases, "default"))
			},
			remove: func(ctx context.Context, _ images) { kubectl(ctx, "delete", "-k", filepath.Join(bases, "default")) },
		},
		{
			name: "Helm",
			install: func(ctx context.Context, i images) {
				values := []string{"--set", "image=" + i.controlPlane, "--set", "launcherImage=" + i.launcher}
				helm(ctx, append([]string{"install", "kubevirt", "charts/kubevirt", "--create-namespace", "--wait"}, values...)...)
				// A second time nothing changes, and what the operator looks after stays.
				helm(ctx, append([]string{"upgrade", "kubevirt", "charts/kubevirt", "--wait"}, values...)...)
			},
			remove: func(ctx context.Context, _ images) {
				helm(ctx, "uninstall", "kubevirt", "--wait")
				By("finding that the CRD was kept")
				kubectl(ctx, "delete", "crd", "kubevirts.kubevirt.io")
				kubectl(ctx, "delete", "priorityclass", "kubevirt-cluster-critical")
				kubectl(ctx, "delete", "namespace", installNamespace)
			},
		},
	}
}

var _ = Describe("installing the operator", Serial, Label("install"), func() {
	It("works by one manifest, by kustomize and by Helm", func(ctx context.Context) {
		kv := installation(ctx)
		operator := &appsv1.Deployment{}
		Expect(k8s.Get(ctx, client.ObjectKey{Namespace: installNamespace, Name: component.Operator}, operator)).To(Succeed())
		i := images{}
		for _, variable := range operator.Spec.Template.Spec.Containers[0].Env {
			switch variable.Name {
			case component.ImageVariable:
				i.controlPlane = variable.Value
			case component.LauncherImageVariable:
				i.launcher = variable.Value
			}
		}
		directory, err := filepath.Abs(GinkgoT().TempDir())
		Expect(err).NotTo(HaveOccurred())
		all := formats(directory)
		DeferCleanup(func(ctx context.Context) {
			all[0].install(ctx, i)
			ask(ctx, kv.Spec)
		}, NodeTimeout(4*time.Minute))

		removeInstallation(ctx)
		all[0].install(ctx, i) // So that the first removal finds what it expects, however this installation came about.
		all[0].remove(ctx, i)
		for _, f := range all {
			By("installing by " + f.name)
			f.install(ctx, i)
			ask(ctx, kv.Spec)
			namespace := newNamespace(ctx)
			vm := tinyVM(namespace, "first", v1.RunStrategyAlways)
			create(ctx, vm)
			waitRunning(ctx, vm)
			Expect(k8s.Delete(ctx, vm)).To(Succeed())
			Eventually(ctx, func() bool { return apierrors.IsNotFound(k8s.Get(ctx, client.ObjectKeyFromObject(vm), vm)) }).
				WithTimeout(stopTimeout).WithPolling(poll).Should(BeTrue())

			By("removing by " + f.name)
			removeInstallation(ctx)
			f.remove(ctx, i)
			Expect(kubectl(ctx, "get", "clusterrole,clusterrolebinding,crd,priorityclass", "-o", "name")).NotTo(ContainSubstring("kubevirt"))
		}
	})
})

// ask creates the KubeVirt object and waits until everything is there.
func ask(ctx context.Context, spec v1.KubeVirtSpec) {
	GinkgoHelper()
	kubectl(ctx, "-n", installNamespace, "rollout", "status", "deployment/"+component.Operator, "--timeout=3m")
	kv := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: installNamespace, Name: "kubevirt"}, Spec: spec}
	// The CRD is as young as the operator, which registers its webhook meanwhile.
	Eventually(ctx, func() error { return k8s.Create(ctx, kv) }).WithTimeout(time.Minute).WithPolling(poll).
		Should(Or(Succeed(), Satisfy(apierrors.IsAlreadyExists)))
	Eventually(ctx, func(g Gomega) {
		g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(kv), kv)).To(Succeed())
		g.Expect(v1.IsConditionTrue(kv.Status.Conditions, v1.ConditionAvailable)).To(BeTrue())
	}).WithTimeout(2 * time.Minute).WithPolling(poll).Should(Succeed())
}

// removeInstallation deletes the KubeVirt object and waits until nothing of it is left.
func removeInstallation(ctx context.Context) {
	GinkgoHelper()
	kv := installation(ctx)
	Expect(k8s.Delete(ctx, kv)).To(Succeed())
	Eventually(ctx, func() bool { return apierrors.IsNotFound(k8s.Get(ctx, client.ObjectKeyFromObject(kv), kv)) }).
		WithTimeout(2 * time.Minute).WithPolling(poll).Should(BeTrue())
}
