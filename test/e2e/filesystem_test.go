//go:build e2e

package e2e

import (
	"context"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var _ = Describe("directories and files of others", Serial, func() {
	It("are shared with a guest as file systems", func(ctx context.Context) {
		withGates(ctx, "EnableVirtioFsStorageVolumes", "ContainerPathVolumes")
		namespace := newNamespace(ctx)
		files := claimOf(namespace, "files", "32Mi", "", corev1.PersistentVolumeFilesystem, corev1.ReadWriteMany)
		create(ctx, files)
		createSources(ctx, namespace)
		vm := tinyVM(namespace, "sharing", v1.RunStrategyAlways)
		addFilesystem(vm, "files", fromClaim("files"))
		addFilesystem(vm, "config", v1.VolumeSource{ConfigMap: &v1.ConfigMapVolumeSource{Name: "config"}})
		addFilesystem(vm, "secret", v1.VolumeSource{Secret: &v1.SecretVolumeSource{SecretName: "secret"}})
		addFilesystem(vm, "path", v1.VolumeSource{ContainerPath: &v1.ContainerPathVolumeSource{Path: "/usr/share/seabios"}})
		create(ctx, vm)
		pod := helper(ctx, namespace, "outside", files)
		console := bootedWith(ctx, vm)
		for _, tag := range []string{"files", "config", "secret", "path"} {
			Expect(console.shell(ctx, "mkdir -p /tmp/"+tag+" && mount -t virtiofs "+tag+" /tmp/"+tag+" && echo mounted")).To(MatchRegexp(`(?m)^mounted`), tag)
		}

		By("both ways")
		inHelper(ctx, pod, "echo from-a-pod >/claims/files/in && chmod 666 /claims/files/in")
		Expect(console.shell(ctx, "cat /tmp/files/in")).To(ContainSubstring("from-a-pod"))
		Expect(console.shell(ctx, "echo from-the-guest >/tmp/files/out && sync && echo written")).To(MatchRegexp(`(?m)^written`))
		Expect(inHelper(ctx, pod, "cat /claims/files/out")).To(Equal("from-the-guest"))
		Expect(console.shell(ctx, "cat /tmp/config/one /tmp/secret/key")).To(And(ContainSubstring("from the ConfigMap"), ContainSubstring("from the Secret")))
		Expect(console.shell(ctx, "ls /tmp/path")).To(ContainSubstring("bios-256k.bin"))

		By("but not where only reading makes sense")
		for _, tag := range []string{"config", "secret", "path"} {
			Expect(console.shell(ctx, "echo x >/tmp/"+tag+"/new && echo written")).NotTo(MatchRegexp(`(?m)^written`), tag)
		}
		Expect(instance(ctx, vm).Condition(v1.ConditionLiveMigratable).Message).To(ContainSubstring("virtiofs"))
	}, SpecTimeout(4*time.Minute))

	It("are a node's disks where that is allowed", func(ctx context.Context) {
		node := nodes(ctx)[0]
		const path = "/var/lib/e2e-hostdisk/disk.img"
		DeferCleanup(func(ctx context.Context) { _, _ = onNode(ctx, node, "rm", "-rf", "/var/lib/e2e-hostdisk") })
		namespace := newNamespace(ctx)
		machine := func(name string, kind v1.HostDiskType, capacity string) *v1.VirtualMachine {
			vm := tinyVM(namespace, name, v1.RunStrategyAlways)
			vm.Spec.Template.Spec.NodeSelector = map[string]string{corev1.LabelHostname: node}
			source := &v1.HostDisk{Path: path, Type: kind}
			if capacity != "" {
				source.Capacity = *quantity(capacity)
			}
			addDisk(vm, "host", v1.VolumeSource{HostDisk: source}, v1.DiskBusVirtio)
			return vm
		}
		Expect(k8s.Create(ctx, machine("refused", v1.HostDiskTypeDisk, ""))).To(MatchError(ContainSubstring("needs the feature gate HostDisk")))
		withGates(ctx, "HostDisk")

		By("waiting for one that is not there")
		waiting := machine("waiting", v1.HostDiskTypeDisk, "")
		create(ctx, waiting)
		Eventually(ctx, func() []string { return warnings(ctx, namespace) }).WithTimeout(obstacleTimeout).WithPolling(time.Second).
			Should(ContainElement(ContainSubstring("/var/lib/e2e-hostdisk")))

		By("making one")
		maker := machine("maker", v1.HostDiskTypeDiskOrCreate, "16Mi")
		create(ctx, maker)
		console := bootedWith(ctx, maker)
		disk := console.disks(ctx, 1)["host"]
		Expect(disk.size).To(Equal(int64(16 << 20)))
		console.shell(ctx, "echo on-the-node | dd of="+disk.name+" bs=512 conv=sync,fsync")
		Expect(onNode(ctx, node, "head", "-c", "11", path)).To(ContainSubstring("on-the-node"))
	}, SpecTimeout(5*time.Minute))
})

// addFilesystem shares a volume with a guest under its name.
func addFilesystem(vm *v1.VirtualMachine, name string, source v1.VolumeSource) {
	spec := &vm.Spec.Template.Spec
	spec.Volumes = append(spec.Volumes, v1.Volume{Name: name, VolumeSource: source})
	spec.Domain.Devices.Filesystems = append(spec.Domain.Devices.Filesystems, v1.Filesystem{Name: name, Virtiofs: &v1.FilesystemVirtiofs{}})
}

// withGates opens feature gates for the rest of the spec.
func withGates(ctx context.Context, gates ...string) {
	GinkgoHelper()
	var before []string
	if developer := installation(ctx).Spec.Configuration.DeveloperConfiguration; developer != nil {
		before = developer.FeatureGates
	}
	patch := func(gates []string) string {
		return string(marshal(map[string]any{"spec": map[string]any{"configuration": map[string]any{
			"developerConfiguration": map[string]any{"featureGates": gates},
		}}}))
	}
	configure(ctx, patch(append(slices.Clone(before), gates...)), patch(before))
}
