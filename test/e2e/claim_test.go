//go:build e2e

package e2e

import (
	"context"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var _ = Describe("claims", func() {
	DescribeTable("keep what a guest writes for the next one", func(ctx context.Context, mode corev1.PersistentVolumeMode, class string) {
		namespace := newNamespace(ctx)
		create(ctx, &corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "kept"},
			Spec: corev1.PersistentVolumeClaimSpec{
				AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, VolumeMode: &mode, StorageClassName: &class,
				Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: *quantity("64Mi")}},
			},
		})
		first := withClaim(namespace, "first", false)
		create(ctx, first)
		console := bootedWith(ctx, first)
		Expect(console.shell(ctx, "cat /sys/class/block/vdb/size")).To(ContainSubstring("131072"))
		console.shell(ctx, "echo kept-by-the-claim | dd of=/dev/vdb bs=512 conv=sync; sync")
		status := instance(ctx, first).Status.VolumeStatus
		Expect(status).To(ContainElement(HaveField("PersistentVolumeClaimInfo.ClaimName", "kept")))
		Expect(k8s.Delete(ctx, first)).To(Succeed())
		Eventually(ctx, func() *v1.VirtualMachineInstance { return instance(ctx, first) }).
			WithTimeout(stopTimeout).WithPolling(poll).Should(BeNil())

		second := withClaim(namespace, "second", true)
		create(ctx, second)
		console = bootedWith(ctx, second)
		Expect(console.shell(ctx, "head -c 17 /dev/vdb; echo")).To(ContainSubstring("kept-by-the-claim"))
		Expect(strings.TrimSpace(console.shell(ctx, "cat /sys/class/block/vdb/ro"))).To(HaveSuffix("1"))
	},
		Entry("as a filesystem", corev1.PersistentVolumeFilesystem, "local"),
		Entry("as a device that is bound when the pod is", corev1.PersistentVolumeBlock, "local-wait"),
	)

	It("are waited for", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := withClaim(namespace, "waiting", false)
		create(ctx, vm)
		waitStatus(ctx, vm, v1.PrintableStatusErrorPvcNotFound, 20*time.Second)
		create(ctx, &corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "kept"},
			Spec: corev1.PersistentVolumeClaimSpec{
				AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
				Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: *quantity("16Mi")}},
			},
		})
		waitRunning(ctx, vm)
	})
})

// withClaim is a tiny guest whose second disk is the claim called kept.
func withClaim(namespace, name string, readOnly bool) *v1.VirtualMachine {
	vm := tinyVM(namespace, name, v1.RunStrategyAlways)
	addVolume(vm, "data", v1.VolumeSource{PersistentVolumeClaim: &v1.PersistentVolumeClaimVolumeSource{ClaimName: "kept", ReadOnly: readOnly}})
	return vm
}

func bootedWith(ctx context.Context, vm *v1.VirtualMachine) *serialConsole {
	GinkgoHelper()
	waitRunning(ctx, vm)
	console := openConsole(ctx, vm.Namespace, vm.Name)
	console.login(ctx)
	return console
}
