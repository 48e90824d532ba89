//go:build e2e

package e2e

import (
	"context"
	"encoding/base64"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var _ = Describe("disks", func() {
	It("come from the image's own container where the cluster has no image volumes", Serial, func(ctx context.Context) {
		configure(ctx, `{"spec":{"configuration":{"developerConfiguration":{"disabledFeatureGates":["ImageVolume"]}}}}`,
			`{"spec":{"configuration":{"developerConfiguration":{"disabledFeatureGates":null}}}}`)
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "sidecar", v1.RunStrategyAlways)
		create(ctx, vm)
		vmi := waitRunning(ctx, vm)
		pod := launcherPod(ctx, vmi)
		Expect(pod.Spec.InitContainers).To(ContainElement(HaveField("Name", "volumeroot")))
		for _, volume := range pod.Spec.Volumes {
			Expect(volume.Image).To(BeNil())
		}
		openConsole(ctx, namespace, vm.Name).login(ctx)

		By("ending as gracefully as any other")
		phases := watchPhases(ctx, namespace)
		_, err := virtctl(ctx, "stop", vm.Name, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		waitStatus(ctx, vm, v1.PrintableStatusStopped, stopTimeout)
		Expect(phases()).To(ContainElement(v1.VMIPhaseSucceeded))
	})

	It("sit on the bus that was asked for and take data in base64", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "buses", v1.RunStrategyAlways)
		userData := base64.StdEncoding.EncodeToString([]byte("#!/bin/sh\necho from-base64 > /tmp/seed\n"))
		addVolume(vm, "cloud", v1.VolumeSource{CloudInitNoCloud: &v1.CloudInitNoCloudSource{UserDataBase64: userData}})
		addVolume(vm, "scsi", v1.VolumeSource{EmptyDisk: &v1.EmptyDiskSource{Capacity: *quantity("8Mi")}})
		addVolume(vm, "sata", v1.VolumeSource{EmptyDisk: &v1.EmptyDiskSource{Capacity: *quantity("16Mi")}})
		disks := vm.Spec.Template.Spec.Domain.Devices.Disks
		disks[2].Disk.Bus, disks[3].Disk.Bus = v1.DiskBusSCSI, v1.DiskBusSATA
		create(ctx, vm)
		waitRunning(ctx, vm)
		console := openConsole(ctx, namespace, vm.Name)
		console.login(ctx)
		Eventually(ctx, func() string { return console.shell(ctx, "cat /tmp/seed") }).
			WithTimeout(20 * time.Second).WithPolling(time.Second).Should(ContainSubstring("from-base64"))
		Eventually(ctx, func() string { return console.shell(ctx, "cat /sys/class/block/sd*/size") }).
			WithTimeout(20 * time.Second).WithPolling(time.Second).Should(And(ContainSubstring("16384"), ContainSubstring("32768")))
	})
})

// configure changes the KubeVirt object for the rest of the spec and waits until
// the controllers have noticed.
func configure(ctx context.Context, change, undo string) {
	GinkgoHelper()
	patch := func(ctx context.Context, change string) {
		kv := installation(ctx)
		Expect(k8s.Patch(ctx, kv, client.RawPatch("application/merge-patch+json", []byte(change)))).To(Succeed())
		Eventually(ctx, func(g Gomega) {
			out, err := run(ctx, checkout("hack", "kubectl.sh"), "get", "--raw",
				"/apis/subresources.kubevirt.io/v1/healthz")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(out).To(ContainSubstring(`"` + installation(ctx).ResourceVersion + `"`))
		}).WithTimeout(10 * time.Second).WithPolling(poll).Should(Succeed())
	}
	patch(ctx, change)
	DeferCleanup(func(ctx context.Context) { patch(ctx, undo) })
}

func installation(ctx context.Context) *v1.KubeVirt {
	GinkgoHelper()
	var list v1.KubeVirtList
	Expect(k8s.List(ctx, &list)).To(Succeed())
	Expect(list.Items).To(HaveLen(1))
	return &list.Items[0]
}
