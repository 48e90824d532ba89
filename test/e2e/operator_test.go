//go:build e2e

package e2e

import (
	"context"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var _ = Describe("the operator", Serial, func() {
	It("reports what it installed", Label("gate"), func(ctx context.Context) {
		kv := installation(ctx)
		Expect(kv.Status.Phase).To(Equal(v1.KubeVirtPhaseDeployed))
		for condition, want := range map[v1.ConditionType]corev1.ConditionStatus{
			v1.ConditionAvailable: corev1.ConditionTrue, v1.ConditionCreated: corev1.ConditionTrue,
			v1.ConditionProgressing: corev1.ConditionFalse, v1.ConditionDegraded: corev1.ConditionFalse,
		} {
			found := v1.FindCondition(kv.Status.Conditions, condition)
			Expect(found).NotTo(BeNil(), string(condition))
			Expect(found.Status).To(Equal(want), string(condition))
			Expect(found.Reason).NotTo(BeEmpty(), string(condition))
		}
		Expect(*kv.Status.ObservedGeneration).To(Equal(kv.Generation))
		Expect(kv.Status.ObservedKubeVirtVersion).To(MatchRegexp(`^v1\.10\.\d+\+`))
		Expect(kv.Status.ObservedDeploymentID).To(Equal(kv.Status.TargetDeploymentID))
	})

	It("puts back what is deleted", Label("gate"), func(ctx context.Context) {
		deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: installNamespace, Name: "virt-controller"}}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(deployment), deployment)).To(Succeed())
		before := deployment.UID
		Expect(k8s.Delete(ctx, deployment)).To(Succeed())
		Eventually(ctx, func() bool {
			err := k8s.Get(ctx, client.ObjectKeyFromObject(deployment), deployment)
			return err == nil && deployment.UID != before && deployment.Status.ReadyReplicas == *deployment.Spec.Replicas
		}).WithTimeout(60 * time.Second).WithPolling(poll).Should(BeTrue())
	})

	It("refuses a second KubeVirt object, and to go while machines exist; then removes everything", func(ctx context.Context) {
		kv := installation(ctx)
		second := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: kv.Namespace, Name: "second"}}
		Expect(k8s.Create(ctx, second)).To(MatchError(ContainSubstring("kubevirt")))

		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "keeper", v1.RunStrategyAlways)
		create(ctx, vm)
		vmi := waitRunning(ctx, vm)
		Expect(k8s.Delete(ctx, kv)).To(HaveOccurred())
		Expect(waitRunning(ctx, vm).UID).To(Equal(vmi.UID))
		Expect(k8s.Delete(ctx, vm)).To(Succeed())
		Eventually(ctx, func() bool { return apierrors.IsNotFound(k8s.Get(ctx, client.ObjectKeyFromObject(vm), vm)) }).
			WithTimeout(stopTimeout).WithPolling(poll).Should(BeTrue())

		By("removing")
		fresh := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: kv.Namespace, Name: kv.Name}, Spec: kv.Spec}
		Expect(k8s.Delete(ctx, kv)).To(Succeed())
		Eventually(ctx, func() bool { return apierrors.IsNotFound(k8s.Get(ctx, client.ObjectKeyFromObject(kv), kv)) }).
			WithTimeout(2 * time.Minute).WithPolling(poll).Should(BeTrue())
		// The operator, its webhook and the CRD of its object stay.
		for _, kind := range []string{"crd", "apiservice", "mutatingwebhookconfiguration", "validatingwebhookconfiguration", "clusterrole", "clusterrolebinding"} {
			out := kubectl(ctx, "get", kind, "-o", "name", "-l", "app.kubernetes.io/managed-by=virt-operator")
			out = strings.ReplaceAll(out, "validatingwebhookconfiguration.admissionregistration.k8s.io/virt-operator-validator", "")
			Expect(strings.TrimSpace(out)).To(BeEmpty(), kind)
		}
		Expect(kubectl(ctx, "get", "crd", "-o", "name")).NotTo(ContainSubstring("virtualmachine"))
		Expect(kubectl(ctx, "get", "nodes", "--show-labels")).NotTo(ContainSubstring("kubevirt.io"))
		Expect(kubectl(ctx, "get", "pods", "-n", installNamespace, "-o", "name")).NotTo(MatchRegexp("virt-(api|controller|handler)"))

		By("installing again")
		Expect(k8s.Create(ctx, fresh)).To(Succeed())
		Eventually(ctx, func(g Gomega) bool {
			g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(fresh), fresh)).To(Succeed())
			return v1.IsConditionTrue(fresh.Status.Conditions, v1.ConditionAvailable)
		}).WithTimeout(2 * time.Minute).WithPolling(poll).Should(BeTrue())
		create(ctx, tinyVM(namespace, "again", v1.RunStrategyAlways))
		waitRunning(ctx, tinyVM(namespace, "again", v1.RunStrategyAlways))
	})
})
