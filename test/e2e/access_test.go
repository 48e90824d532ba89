//go:build e2e

package e2e

import (
	"context"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var _ = Describe("access", func() {
	It("follows the roles of the user", Label("gate"), func(ctx context.Context) {
		namespace := newNamespace(ctx)
		create(ctx, tinyVM(namespace, "tiny", v1.RunStrategyHalted))
		for _, name := range []string{"nobody", "editor", "viewer"} {
			create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}})
		}
		bind(ctx, namespace, "editor", "edit")
		bind(ctx, namespace, "viewer", "view")

		for _, name := range []string{"nobody", "viewer"} {
			_, err := virtctlAs(ctx, namespace, name, "start", "tiny")
			Expect(err).To(MatchError(ContainSubstring("you may not update virtualmachines/start")), name)
		}
		_, err := virtctlAs(ctx, namespace, "editor", "start", "tiny")
		Expect(err).NotTo(HaveOccurred())
		_, err = virtctlAs(ctx, namespace, "viewer", "console", "tiny", "--timeout=1")
		Expect(err).To(MatchError(ContainSubstring("you may not get virtualmachineinstances/console")))
		out, err := virtctlAs(ctx, namespace, "nobody", "version")
		Expect(err).NotTo(HaveOccurred())
		Expect(out).To(MatchRegexp(`(?s)Client Version: .*v1\.10\.\d+\+.*Server Version: .*v1\.10\.\d+\+`))
	})

	It("refuses what is not supported by name", Label("gate"), func(ctx context.Context) {
		namespace := newNamespace(ctx)
		for file, want := range map[string]string{
			"unsupported-field.yaml": "spec.template.spec.domain.launchSecurity is not supported yet",
			"unsupported-kind.yaml":  "VirtualMachineInstanceMigration is not supported by this version",
			"wrong-type.yaml":        "spec.runStrategy",
			"unknown-field.yaml":     "spec.template.spec.domain.cpuu",
		} {
			_, err := run(ctx, checkout("hack", "kubectl.sh"), "apply", "--validate=strict", "-n", namespace, "-f", filepath.Join("testdata", file))
			Expect(err).To(MatchError(ContainSubstring(want)), file)
		}
	})
})

func bind(ctx context.Context, namespace, account, role string) {
	GinkgoHelper()
	create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: account},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: account}},
	})
}

// virtctlAs runs virtctl as a service account: the administrator impersonates it,
// so that the API server authorizes, and hands on, the account.
func virtctlAs(ctx context.Context, namespace, account string, args ...string) (string, error) {
	return virtctl(ctx, append([]string{"-n", namespace, "--as", "system:serviceaccount:" + namespace + ":" + account}, args...)...)
}
