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
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
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

	It("puts back what is deleted or changed, and says so once", Label("gate"), func(ctx context.Context) {
		const soon = 5 * time.Second
		before := restorations(ctx)
		deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: installNamespace, Name: "virt-controller"}}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(deployment), deployment)).To(Succeed())
		former := deployment.UID
		Expect(k8s.Delete(ctx, deployment)).To(Succeed())
		Eventually(ctx, func() bool {
			return k8s.Get(ctx, client.ObjectKeyFromObject(deployment), deployment) == nil && deployment.UID != former
		}).WithTimeout(soon).WithPolling(poll).Should(BeTrue())

		role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "kubevirt.io:view"}}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(role), role)).To(Succeed())
		rules := role.Rules
		role.Rules = nil
		delete(role.Labels, v1.LabelManagedBy)
		Expect(k8s.Update(ctx, role)).To(Succeed())
		Eventually(ctx, func(g Gomega) {
			g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(role), role)).To(Succeed())
			g.Expect(role.Rules).To(Equal(rules))
			g.Expect(role.Labels).To(HaveKey(v1.LabelManagedBy))
		}).WithTimeout(soon).WithPolling(poll).Should(Succeed())

		Eventually(ctx, func() bool {
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(deployment), deployment)).To(Succeed())
			return deployment.Status.ReadyReplicas == *deployment.Spec.Replicas
		}).WithTimeout(60 * time.Second).WithPolling(poll).Should(BeTrue())
		after := restorations(ctx)
		for _, message := range []string{
			"Deployment " + installNamespace + "/virt-controller was deleted and is as it was again",
			"ClusterRole kubevirt.io:view was changed and is as it was again",
		} {
			Expect(after[message]-before[message]).To(Equal(1), message)
		}
	})

	It("finishes what a killed process of it had begun", func(ctx context.Context) {
		kv := installation(ctx)
		former := kv.Status.ObservedDeploymentID
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "keeper", v1.RunStrategyAlways)
		create(ctx, vm)
		vmi := waitRunning(ctx, vm)

		By("killing it in an update")
		const tag = "e2e-again"
		tagImages(ctx, tag)
		DeferCleanup(func(ctx context.Context) {
			setImageTag(ctx, "")
			waitDeployed(ctx, former)
		})
		setImageTag(ctx, tag)
		updated := func(workload client.Object, template *corev1.PodTemplateSpec) func() bool {
			return func() bool {
				Expect(k8s.Get(ctx, client.ObjectKeyFromObject(workload), workload)).To(Succeed())
				return strings.HasSuffix(template.Spec.Containers[0].Image, ":"+tag)
			}
		}
		set := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: installNamespace, Name: "virt-handler"}}
		Eventually(ctx, updated(set, &set.Spec.Template)).WithTimeout(time.Minute).WithPolling(poll).Should(BeTrue())
		killOperators(ctx)
		controller := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: installNamespace, Name: "virt-controller"}}
		Eventually(ctx, updated(controller, &controller.Spec.Template)).WithTimeout(4 * time.Minute).WithPolling(poll).Should(BeTrue())
		killOperators(ctx)
		Eventually(ctx, func() bool {
			status := installation(ctx).Status
			return status.ObservedDeploymentID == status.TargetDeploymentID && status.ObservedDeploymentID != former
		}).WithTimeout(4 * time.Minute).WithPolling(poll).Should(BeTrue())
		Expect(waitRunning(ctx, vm).UID).To(Equal(vmi.UID))

		By("killing it in a removal")
		Expect(k8s.Delete(ctx, vm)).To(Succeed())
		gone(ctx, vm)
		kv = installation(ctx)
		fresh := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: kv.Namespace, Name: kv.Name}, Spec: kv.Spec}
		Expect(k8s.Delete(ctx, kv)).To(Succeed())
		killOperators(ctx)
		gone(ctx, kv)
		expectNothingLeft(ctx)
		Expect(k8s.Create(ctx, fresh)).To(Succeed())
		waitDeployed(ctx, "")
	}, SpecTimeout(15*time.Minute))

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
		gone(ctx, kv)
		expectNothingLeft(ctx)

		By("installing again")
		Expect(k8s.Create(ctx, fresh)).To(Succeed())
		waitDeployed(ctx, "")
		create(ctx, tinyVM(namespace, "again", v1.RunStrategyAlways))
		waitRunning(ctx, tinyVM(namespace, "again", v1.RunStrategyAlways))
	})
})

// setImageTag updates the installation to images of another tag.
func setImageTag(ctx context.Context, tag string) {
	GinkgoHelper()
	patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"imageTag":"`+tag+`"}}`))
	Expect(k8s.Patch(ctx, installation(ctx), patch)).To(Succeed())
}

// waitDeployed waits until the installation is complete, and of a deployment if that
// is given.
func waitDeployed(ctx context.Context, id string) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega) {
		status := installation(ctx).Status
		g.Expect(v1.IsConditionTrue(status.Conditions, v1.ConditionAvailable)).To(BeTrue())
		g.Expect(v1.IsConditionTrue(status.Conditions, v1.ConditionProgressing)).To(BeFalse())
		g.Expect(status.ObservedDeploymentID).To(Equal(status.TargetDeploymentID))
		if id != "" {
			g.Expect(status.ObservedDeploymentID).To(Equal(id))
		}
	}).WithTimeout(5 * time.Minute).WithPolling(poll).Should(Succeed())
}

// expectNothingLeft looks for traces of a removed installation. The operator, its
// webhook and the CRD of its object stay.
func expectNothingLeft(ctx context.Context) {
	GinkgoHelper()
	for _, kind := range []string{"crd", "apiservice", "mutatingwebhookconfiguration", "validatingwebhookconfiguration", "clusterrole", "clusterrolebinding"} {
		out := kubectl(ctx, "get", kind, "-o", "name", "-l", v1.LabelManagedBy+"="+v1.ManagedByOperator)
		out = strings.ReplaceAll(out, "validatingwebhookconfiguration.admissionregistration.k8s.io/virt-operator-validator", "")
		Expect(strings.TrimSpace(out)).To(BeEmpty(), kind)
	}
	Expect(kubectl(ctx, "get", "crd", "-o", "name")).NotTo(ContainSubstring("virtualmachine"))
	Expect(kubectl(ctx, "get", "nodes", "--show-labels")).NotTo(ContainSubstring("kubevirt.io"))
	Expect(kubectl(ctx, "get", "pods", "-n", installNamespace, "-o", "name")).NotTo(MatchRegexp("virt-(api|controller|handler)"))
}

// restorations counts the events that say that an object was put back.
func restorations(ctx context.Context) map[string]int {
	GinkgoHelper()
	var events corev1.EventList
	Expect(k8s.List(ctx, &events, client.InNamespace(installNamespace))).To(Succeed())
	counts := map[string]int{}
	for _, e := range events.Items {
		if e.Reason == v1.EventRestored {
			counts[e.Message] += int(max(1, e.Count))
		}
	}
	return counts
}

// tagImages gives the images of the installation another tag on every node.
func tagImages(ctx context.Context, tag string) {
	GinkgoHelper()
	operator := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: installNamespace, Name: "virt-operator"}}
	Expect(k8s.Get(ctx, client.ObjectKeyFromObject(operator), operator)).To(Succeed())
	for _, variable := range operator.Spec.Template.Spec.Containers[0].Env {
		if !strings.HasSuffix(variable.Name, "_IMAGE") {
			continue
		}
		name, _, _ := strings.Cut(variable.Value, ":")
		for _, node := range nodes(ctx) {
			_, err := onNode(ctx, node, "ctr", "-n", "k8s.io", "images", "tag", "--force", "docker.io/"+variable.Value, "docker.io/"+name+":"+tag)
			Expect(err).NotTo(HaveOccurred())
		}
	}
}

// killOperators ends every process of virt-operator at once, without a warning.
func killOperators(ctx context.Context) {
	GinkgoHelper()
	killed := 0
	for _, node := range nodes(ctx) {
		if _, err := onNode(ctx, node, "pkill", "-9", "-f", "^/usr/bin/kubevirt operator"); err == nil {
			killed++
		}
	}
	Expect(killed).To(BeNumerically(">", 0))
}
