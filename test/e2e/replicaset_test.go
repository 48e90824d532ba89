//go:build e2e

package e2e

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// tinySet is a replica set of the busybox guest.
func tinySet(namespace, name string, replicas int32) *v1.VirtualMachineInstanceReplicaSet {
	template := tinyVM(namespace, name, v1.RunStrategyAlways).Spec.Template
	return &v1.VirtualMachineInstanceReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: v1.VirtualMachineInstanceReplicaSetSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: template.Metadata.Labels},
			Template: template,
		},
	}
}

// waitReplicas waits until a set has so many instances, all ready, and no other is
// left, and returns their identities.
func waitReplicas(ctx context.Context, set *v1.VirtualMachineInstanceReplicaSet, want int) []types.UID {
	GinkgoHelper()
	var found []types.UID
	Eventually(ctx, func(g Gomega) {
		g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(set), set)).To(Succeed())
		g.Expect(set.Status.Replicas).To(BeEquivalentTo(want))
		g.Expect(set.Status.ReadyReplicas).To(BeEquivalentTo(want))
		var list v1.VirtualMachineInstanceList
		g.Expect(k8s.List(ctx, &list, client.InNamespace(set.Namespace))).To(Succeed())
		g.Expect(list.Items).To(HaveLen(want))
		found = nil
		for i := range list.Items {
			g.Expect(metav1.IsControlledBy(&list.Items[i], set)).To(BeTrue(), "%s should be the set's", list.Items[i].Name)
			found = append(found, list.Items[i].UID)
		}
	}).WithTimeout(2 * bootTimeout).WithPolling(poll).Should(Succeed())
	return found
}

var _ = Describe("replica set", func() {
	It("scales, and hands its guests to the next set of the same selector", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		set := tinySet(namespace, "farm", 0)
		create(ctx, set)
		waitReplicas(ctx, set, 0)

		kubectl(ctx, "scale", "vmirs/farm", "--replicas=3", "-n", namespace)
		three := waitReplicas(ctx, set, 3)
		kubectl(ctx, "scale", "vmirs/farm", "--replicas=1", "-n", namespace)
		one := waitReplicas(ctx, set, 1)
		Expect(three).To(ContainElements(one))

		Expect(k8s.Delete(ctx, set, client.PropagationPolicy(metav1.DeletePropagationOrphan))).To(Succeed())
		Eventually(ctx, func() bool {
			return apierrors.IsNotFound(k8s.Get(ctx, client.ObjectKeyFromObject(set), set))
		}).WithTimeout(stopTimeout).WithPolling(poll).Should(BeTrue(), "the set should go without its guest")
		next := tinySet(namespace, "farm", 1)
		next.Name = "next"
		create(ctx, next)
		Expect(waitReplicas(ctx, next, 1)).To(Equal(one), "the guest should be adopted as it is")

		Expect(k8s.Delete(ctx, next)).To(Succeed())
		Eventually(ctx, func(g Gomega) []v1.VirtualMachineInstance {
			var list v1.VirtualMachineInstanceList
			g.Expect(k8s.List(ctx, &list, client.InNamespace(namespace))).To(Succeed())
			return list.Items
		}).WithTimeout(stopTimeout).WithPolling(poll).Should(BeEmpty(), "guests go with their set")
		Expect(warnings(ctx, namespace)).To(BeEmpty())
	}, SpecTimeout(6*time.Minute))
})
