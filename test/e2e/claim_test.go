//go:build e2e

package e2e

import (
	"context"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var _ = Describe("claims", func() {
	DescribeTable("keep what a guest writes for the next one", func(ctx context.Context, mode corev1.PersistentVolumeMode, class string) {
		namespace := newNamespace(ctx)
		create(ctx, claimOf(namespace, "kept", "64Mi", class, mode, corev1.ReadWriteOnce))
		first := withClaim(namespace, "first", false)
		create(ctx, first)
		console := bootedWith(ctx, first)
		Expect(console.shell(ctx, "cat /sys/class/block/vdb/size")).To(ContainSubstring("131072"))
		console.shell(ctx, "echo kept-by-the-claim | dd of=/dev/vdb bs=512 conv=sync; sync")
		status := instance(ctx, first).Status.VolumeStatus
		Expect(status).To(ContainElement(HaveField("PersistentVolumeClaimInfo.ClaimName", "kept")))
		end(ctx, first)

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
		create(ctx, claimOf(namespace, "kept", "16Mi", "", corev1.PersistentVolumeFilesystem, corev1.ReadWriteOnce))
		waitRunning(ctx, vm)
	})
})

// withClaim is a tiny guest whose second disk is the claim called kept.
func withClaim(namespace, name string, readOnly bool) *v1.VirtualMachine {
	vm := tinyVM(namespace, name, v1.RunStrategyAlways)
	source := fromClaim("kept")
	source.PersistentVolumeClaim.ReadOnly = readOnly
	addVolume(vm, "data", source)
	return vm
}

func bootedWith(ctx context.Context, vm *v1.VirtualMachine) *serialConsole {
	GinkgoHelper()
	waitRunning(ctx, vm)
	console := openConsole(ctx, vm.Namespace, vm.Name)
	console.login(ctx)
	return console
}
