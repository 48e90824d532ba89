//go:build e2e

package e2e

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
)

var _ = Describe("a pool of machines", func() {
	It("keeps their number and brings changes to them one by one", Label("full"), func(ctx context.Context) {
		Expect(poolv1beta1.AddToScheme(k8s.Scheme())).To(Succeed())
		namespace := newNamespace(ctx)
		pool := tinyPool(namespace, "tiny", 2)
		create(ctx, pool)
		waitPool(ctx, pool, 2)

		By("scaling out and in")
		kubectl(ctx, "scale", "vmpool", pool.Name, "-n", namespace, "--replicas=3")
		waitPool(ctx, pool, 3)
		kubectl(ctx, "scale", "vmpool", pool.Name, "-n", namespace, "--replicas=2")
		waitPool(ctx, pool, 2)
		Eventually(ctx, func() []string { return machineNames(ctx, namespace) }).
			WithTimeout(stopTimeout).WithPolling(poll).Should(Equal([]string{"tiny-0", "tiny-1"}))

		By("restarting the guests with more memory, never both at once")
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(pool), pool)).To(Succeed())
		guest := pool.Spec.VirtualMachineTemplate.Spec.Template.Spec.Domain.Memory.Guest
		guest.Add(*guest)
		want := guest.DeepCopy()
		Expect(k8s.Update(ctx, pool)).To(Succeed())
		Eventually(ctx, func(g Gomega) {
			ready, updated := 0, 0
			var instances v1.VirtualMachineInstanceList
			g.Expect(k8s.List(ctx, &instances, client.InNamespace(namespace))).To(Succeed())
			for i := range instances.Items {
				vmi := &instances.Items[i]
				if vmi.DeletionTimestamp != nil || !vmi.IsConditionTrue(v1.ConditionReady) {
					continue
				}
				if ready++; vmi.Spec.Domain.Memory.Guest.Cmp(want) == 0 {
					updated++
				}
			}
			if ready == 0 {
				StopTrying("no guest is ready").Now()
			}
			g.Expect(updated).To(Equal(2))
		}).WithTimeout(2 * (bootTimeout + stopTimeout)).WithPolling(poll).Should(Succeed())

		By("going with its machines")
		Expect(k8s.Delete(ctx, pool)).To(Succeed())
		Eventually(ctx, func() []string { return machineNames(ctx, namespace) }).
			WithTimeout(stopTimeout).WithPolling(poll).Should(BeEmpty())
	}, NodeTimeout(8*time.Minute))
})

// tinyPool is a pool of tinyVMs that are replaced one by one, the highest first.
func tinyPool(namespace, name string, replicas int32) *poolv1beta1.VirtualMachinePool {
	vm := tinyVM(namespace, name, v1.RunStrategyAlways)
	labels := vm.Spec.Template.Metadata.Labels
	one, descending := intstr.FromInt32(1), poolv1beta1.SortPolicyDescendingOrder
	policy := &poolv1beta1.VirtualMachinePoolSelectionPolicy{SortPolicy: &descending}
	return &poolv1beta1.VirtualMachinePool{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: poolv1beta1.VirtualMachinePoolSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels}, MaxUnavailable: &one,
			VirtualMachineTemplate: &poolv1beta1.VirtualMachineTemplateSpec{Metadata: metav1.ObjectMeta{Labels: labels}, Spec: vm.Spec},
			ScaleInStrategy: &poolv1beta1.VirtualMachinePoolScaleInStrategy{
				Proactive: &poolv1beta1.VirtualMachinePoolProactiveScaleInStrategy{SelectionPolicy: policy},
			},
		},
	}
}

// waitPool waits until a pool has so many machines, all ready.
func waitPool(ctx context.Context, pool *poolv1beta1.VirtualMachinePool, want int32) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega) {
		g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(pool), pool)).To(Succeed())
		g.Expect(pool.Status.Replicas).To(Equal(want))
		g.Expect(pool.Status.ReadyReplicas).To(Equal(want))
	}).WithTimeout(2 * bootTimeout).WithPolling(poll).Should(Succeed())
}

func machineNames(ctx context.Context, namespace string) []string {
	GinkgoHelper()
	var list v1.VirtualMachineList
	Expect(k8s.List(ctx, &list, client.InNamespace(namespace))).To(Succeed())
	var names []string
	for _, vm := range list.Items {
		names = append(names, vm.Name)
	}
	return names
}
