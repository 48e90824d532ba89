//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var _ = Describe("deleting", func() {
	It("takes a machine's instance first if it is asked to", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "tiny", v1.RunStrategyAlways)
		create(ctx, vm)
		waitRunning(ctx, vm)
		Expect(k8s.Delete(ctx, vm, client.PropagationPolicy(metav1.DeletePropagationForeground))).To(Succeed())
		Eventually(ctx, func() bool {
			gone := instance(ctx, vm) == nil
			err := k8s.Get(ctx, client.ObjectKeyFromObject(vm), vm)
			Expect(err == nil || gone).To(BeTrue(), "the machine went before its instance")
			return apierrors.IsNotFound(err)
		}).WithTimeout(stopTimeout).WithPolling(poll).Should(BeTrue())
	})

	It("a namespace ends its guests and goes", func(ctx context.Context) {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-"}}
		Expect(k8s.Create(ctx, namespace)).To(Succeed())
		vm := tinyVM(namespace.Name, "tiny", v1.RunStrategyAlways)
		create(ctx, vm)
		waitRunning(ctx, vm)
		Expect(k8s.Delete(ctx, namespace)).To(Succeed())
		Eventually(ctx, func() bool {
			return apierrors.IsNotFound(k8s.Get(ctx, client.ObjectKeyFromObject(namespace), namespace))
		}).WithTimeout(2 * time.Minute).WithPolling(poll).Should(BeTrue())
	})

	It("200 machines leaves nothing behind", func(ctx context.Context) {
		// Guests that boot under emulation leave little of two cores to whoever admits the next machine: they
		// come last.
		const machines, running = 200, 10
		namespace := newNamespace(ctx)
		for i := range machines {
			strategy := v1.RunStrategyHalted
			if i >= machines-running {
				strategy = v1.RunStrategyAlways
			}
			create(ctx, tinyVM(namespace, fmt.Sprintf("machine-%d", i), strategy))
		}
		Eventually(ctx, func(g Gomega) int {
			var vms v1.VirtualMachineList
			g.Expect(k8s.List(ctx, &vms, client.InNamespace(namespace))).To(Succeed())
			n := 0
			for i := range vms.Items {
				if vms.Items[i].Status.PrintableStatus == v1.PrintableStatusRunning {
					n++
				}
			}
			return n
		}).WithTimeout(5 * time.Minute).WithPolling(time.Second).Should(Equal(running))
		Expect(k8s.DeleteAllOf(ctx, &v1.VirtualMachine{}, client.InNamespace(namespace))).To(Succeed())
		Eventually(ctx, func(g Gomega) int {
			n := 0
			for _, list := range []client.ObjectList{
				&v1.VirtualMachineList{}, &v1.VirtualMachineInstanceList{}, &corev1.PodList{}, &appsv1.ControllerRevisionList{},
				&corev1.PersistentVolumeClaimList{}, &corev1.SecretList{}, &corev1.ServiceList{},
			} {
				g.Expect(k8s.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
				n += meta.LenList(list)
			}
			return n
		}).WithTimeout(3 * time.Minute).WithPolling(time.Second).Should(BeZero())
	})
})
