//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var _ = Describe("storage", func() {
	It("reaches a guest in every kind and on every bus", Label("gate"), func(ctx context.Context) {
		namespace := newNamespace(ctx)
		files := claimOf(namespace, "files", "32Mi", "", corev1.PersistentVolumeFilesystem, corev1.ReadWriteOnce)
		blocks := claimOf(namespace, "blocks", "16Mi", "", corev1.PersistentVolumeBlock, corev1.ReadWriteOnce)
		golden := claimOf(namespace, "golden", "8Mi", "", corev1.PersistentVolumeBlock, corev1.ReadWriteMany)
		for _, claim := range []*corev1.PersistentVolumeClaim{files, blocks, golden} {
			create(ctx, claim)
		}
		createSources(ctx, namespace)
		vm := manyDisks(namespace)
		create(ctx, vm)
		pod := helper(ctx, namespace, "outside", files, blocks, golden)
		inHelper(ctx, pod, "echo golden | busybox dd of=/dev/golden bs=512 conv=sync 2>&1")
		vmi := waitRunning(ctx, vm)
		console := openConsole(ctx, namespace, vm.Name)
		console.login(ctx)
		disks := console.disks(ctx, len(vm.Spec.Template.Spec.Domain.Devices.Disks)-1)

		By("with the hardware that was asked for")
		expectHardware(disks)

		By("with the content of what is behind them")
		Expect(console.mounted(ctx, disks["config"], "cat one; ls -l")).To(And(ContainSubstring("from the ConfigMap"), ContainSubstring("A.Long-Name_2")))
		// Where an ISO 9660 file system has its label.
		Expect(console.shell(ctx, "dd if="+disks["config"].name+" bs=1 skip=32808 count=8 2>/dev/null; echo")).To(MatchRegexp(`(?m)^settings`))
		Expect(console.mounted(ctx, disks["secret"], "cat key")).To(ContainSubstring("from the Secret"))
		Expect(console.mounted(ctx, disks["account"], "cat namespace; wc -c token ca.crt")).To(And(
			ContainSubstring(namespace), MatchRegexp(`[1-9]\d\d+ token`), MatchRegexp(`[1-9]\d\d+ ca.crt`)))
		Expect(console.mounted(ctx, disks["facts"], "cat pod/labels")).To(ContainSubstring(`guest="kinds"`))
		Expect(console.mounted(ctx, disks["sata-rom"], "cat [Aa]uto*")).To(ContainSubstring("<unattend/>"))
		Eventually(ctx, func() string { return console.shell(ctx, "cat /tmp/seed; hostname") }).
			WithTimeout(bootTimeout).WithPolling(time.Second).Should(And(ContainSubstring("from the config drive"), ContainSubstring("kinds")))
		Expect(console.shell(ctx, "cat /run/cidata/openstack/latest/meta_data.json")).To(ContainSubstring(`"tag-of-files"`))

		By("refusing writes to what is read-only")
		for _, name := range []string{"fixed", "sata-rom"} {
			Expect(console.shell(ctx, "echo broken | dd of="+disks[name].name+" bs=512 conv=sync,fsync && echo written")).
				NotTo(MatchRegexp(`(?m)^written`), name)
		}

		By("keeping writes to claims")
		for _, name := range []string{"files", "blocks", "copy", "scratch"} {
			Expect(console.shell(ctx, "echo by-the-guest-"+name+" | dd of="+disks[name].name+" bs=4096 conv=sync,fsync && echo written")).
				To(MatchRegexp(`(?m)^written`), name)
		}
		Expect(console.shell(ctx, "head -c 17 "+disks["copy"].name)).To(ContainSubstring("by-the-guest-copy"))
		Expect(inHelper(ctx, pod, "head -c 18 /claims/files/disk.img")).To(Equal("by-the-guest-files"))
		Expect(inHelper(ctx, pod, "head -c 19 /dev/blocks")).To(Equal("by-the-guest-blocks"))

		By("and from an ephemeral volume's claim")
		end(ctx, vm)
		Expect(inHelper(ctx, pod, "head -c 6 /dev/golden")).To(Equal("golden"))
		expectVolumeStatus(vmi)
	}, SpecTimeout(4*time.Minute))

	It("is shared by guests on two nodes", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		create(ctx, claimOf(namespace, "shared", "16Mi", "", corev1.PersistentVolumeBlock, corev1.ReadWriteMany))
		yes := true
		var consoles []*serialConsole
		for i, node := range nodes(ctx) {
			vm := tinyVM(namespace, fmt.Sprintf("guest%d", i), v1.RunStrategyAlways)
			vm.Spec.Template.Spec.NodeSelector = map[string]string{corev1.LabelHostname: node}
			addDisk(vm, "shared", fromClaim("shared"), v1.DiskBusVirtio).Shareable = &yes
			create(ctx, vm)
			consoles = append(consoles, bootedWith(ctx, vm))
		}
		device := consoles[0].disks(ctx, 1)["shared"].name
		consoles[0].shell(ctx, "echo from-the-first | dd of="+device+" bs=4096 conv=sync,fsync")
		Expect(consoles[1].shell(ctx, "head -c 14 "+device)).To(ContainSubstring("from-the-first"))
		consoles[1].shell(ctx, "echo from-the-second | dd of="+device+" bs=4096 seek=1 conv=sync,fsync")
		Expect(consoles[0].shell(ctx, "echo 3 >/proc/sys/vm/drop_caches; dd if="+device+" bs=4096 skip=1 count=1 | head -c 15")).
			To(ContainSubstring("from-the-second"))
	}, SpecTimeout(4*time.Minute))

	DescribeTable("has one writer at a time", func(ctx context.Context, mode corev1.PersistentVolumeMode) {
		namespace := newNamespace(ctx)
		create(ctx, claimOf(namespace, "kept", "16Mi", "", mode, corev1.ReadWriteMany))
		first, second := withClaim(namespace, "first", false), withClaim(namespace, "second", false)
		create(ctx, first)
		console := bootedWith(ctx, first)
		create(ctx, second)
		message := waitCondition(ctx, second, v1.ConditionSynchronized, corev1.ConditionFalse, v1.ReasonClaimInUse, time.Minute)
		Expect(message).To(ContainSubstring("kept is in use by VirtualMachineInstance first"))
		Expect(warnings(ctx, namespace)).To(ContainElement(ContainSubstring(v1.EventClaimInUse)))
		Expect(causesOf(explained(ctx, second).Causes)).NotTo(BeEmpty())
		console.shell(ctx, "echo by-the-first | dd of=/dev/vdb bs=512 conv=sync,fsync")

		By("which the next one is once it has gone")
		end(ctx, first)
		console = bootedWith(ctx, second)
		Expect(console.shell(ctx, "head -c 12 /dev/vdb")).To(ContainSubstring("by-the-first"))
		Expect(instance(ctx, second).Condition(v1.ConditionSynchronized)).To(BeNil())
	},
		Entry("of a filesystem", corev1.PersistentVolumeFilesystem, SpecTimeout(4*time.Minute)),
		Entry("of a device, which no file lock guards", corev1.PersistentVolumeBlock, SpecTimeout(4*time.Minute)),
	)

	It("has a kernel of its own to boot", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		kernel, initrd := tinyKernel(ctx)
		loadImage(ctx, "kubevirt/e2e-kernel:devel", map[string][]byte{"/boot/vmlinuz": kernel, "/boot/initrd": initrd})
		vm := tinyVM(namespace, "kernel", v1.RunStrategyAlways)
		spec := &vm.Spec.Template.Spec
		spec.Volumes, spec.Domain.Devices.Disks = nil, nil
		spec.Domain.Firmware = &v1.Firmware{KernelBoot: &v1.KernelBoot{
			KernelArgs: "console=ttyS0 rdinit=/sbin/init quiet net.ifnames=0 proof=from-the-spec",
			Container:  &v1.KernelBootContainer{Image: "kubevirt/e2e-kernel:devel", KernelPath: "/boot/vmlinuz", InitrdPath: "/boot/initrd"},
		}}
		create(ctx, vm)
		console := bootedWith(ctx, vm)
		Expect(console.shell(ctx, "cat /proc/cmdline")).To(ContainSubstring("proof=from-the-spec"))
		Expect(console.shell(ctx, "ls /sys/class/block")).NotTo(ContainSubstring("vd"))
	}, SpecTimeout(4*time.Minute))
})

// createSources makes the objects that the volumes of manyDisks are filled from.
func createSources(ctx context.Context, namespace string) {
	GinkgoHelper()
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: namespace, Name: name} }
	for _, object := range []client.Object{
		&corev1.ConfigMap{ObjectMeta: meta("config"), Data: map[string]string{"one": "from the ConfigMap\n", "A.Long-Name_2": ""}},
		&corev1.ConfigMap{ObjectMeta: meta("answers"), Data: map[string]string{"autounattend.xml": "<unattend/>\n"}},
		&corev1.Secret{ObjectMeta: meta("secret"), StringData: map[string]string{"key": "from the Secret\n"}},
		&corev1.ServiceAccount{ObjectMeta: meta("robot")},
	} {
		create(ctx, object)
	}
}

// manyDisks is a guest with a disk for every kind of volume that needs no feature gate.
func manyDisks(namespace string) *v1.VirtualMachine {
	vm := tinyVM(namespace, "kinds", v1.RunStrategyAlways)
	addDisk(vm, "config", v1.VolumeSource{ConfigMap: &v1.ConfigMapVolumeSource{Name: "config", VolumeLabel: "settings"}}, v1.DiskBusVirtio)
	addDisk(vm, "secret", v1.VolumeSource{Secret: &v1.SecretVolumeSource{SecretName: "secret"}}, v1.DiskBusSCSI)
	addDisk(vm, "account", v1.VolumeSource{ServiceAccount: &v1.ServiceAccountVolumeSource{ServiceAccountName: "robot"}}, v1.DiskBusVirtio)
	addDisk(vm, "facts", v1.VolumeSource{DownwardAPI: &v1.DownwardAPIVolumeSource{Fields: []corev1.DownwardAPIVolumeFile{
		{Path: "pod/labels", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.labels"}},
	}}}, v1.DiskBusVirtio)
	sysprep := v1.VolumeSource{Sysprep: &v1.SysprepSource{ConfigMap: &corev1.LocalObjectReference{Name: "answers"}}}
	addDisk(vm, "sysprep", sysprep, "").DiskDevice = v1.DiskDevice{CDRom: &v1.CDRomTarget{Bus: v1.DiskBusSATA}}
	addDisk(vm, "seed", v1.VolumeSource{CloudInitConfigDrive: &v1.CloudInitConfigDriveSource{
		UserData: "#!/bin/sh\necho from the config drive >/tmp/seed\n",
	}}, v1.DiskBusVirtio)
	addDisk(vm, "scratch", v1.VolumeSource{EmptyDisk: &v1.EmptyDiskSource{Capacity: *quantity("24Mi")}}, v1.DiskBusUSB)
	addDisk(vm, "copy", v1.VolumeSource{Ephemeral: &v1.EphemeralVolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "golden"},
	}}, v1.DiskBusSATA)
	addDisk(vm, "fixed", fromClaim("golden"), v1.DiskBusVirtio).Disk.ReadOnly = true
	files := addDisk(vm, "files", fromClaim("files"), v1.DiskBusVirtio)
	files.BlockSize = &v1.BlockSize{Custom: &v1.CustomBlockSize{Logical: 4096, Physical: 8192}}
	files.Tag = "tag-of-files"
	addDisk(vm, "blocks", fromClaim("blocks"), v1.DiskBusSCSI)
	// The guest's system is on the first disk, and the boot order names it all the same.
	first := uint(1)
	vm.Spec.Template.Spec.Domain.Devices.Disks[0].BootOrder = &first
	return vm
}

func expectHardware(disks map[string]guestDisk) {
	GinkgoHelper()
	for name, want := range map[string]struct {
		bus      string
		size     int64
		readOnly bool
	}{
		"config": {"virtio", 0, false}, "secret": {"scsi", 0, false}, "account": {"virtio", 0, false}, "facts": {"virtio", 0, false},
		"sata-rom": {"sata", 0, true}, "seed": {"virtio", 0, false}, "scratch": {"usb", 24 << 20, false}, "copy": {"sata", 8 << 20, false},
		"fixed": {"virtio", 8 << 20, true}, "files": {"virtio", 32 << 20, false}, "blocks": {"scsi", 16 << 20, false},
	} {
		found := disks[name]
		Expect(found.bus).To(Equal(want.bus), name)
		// A CD-ROM drive is read-only whatever its flag says.
		Expect(found.readOnly || found.rom).To(Equal(want.readOnly), name)
		if want.size > 0 {
			Expect(found.size).To(Equal(want.size), name)
		}
	}
	Expect(disks["files"].logical).To(Equal(4096))
	Expect(disks["files"].physical).To(Equal(8192))
	Expect(disks["sata-rom"].rom).To(BeTrue())
}

func expectVolumeStatus(vmi *v1.VirtualMachineInstance) {
	GinkgoHelper()
	for _, volume := range vmi.Spec.Volumes {
		entry := v1.FindVolumeStatus(vmi.Status.VolumeStatus, volume.Name)
		Expect(entry).NotTo(BeNil(), volume.Name)
		Expect(entry.Target).To(MatchRegexp(`^[svh]d[a-z]$`), volume.Name)
		if name := volume.ClaimName(); name != "" {
			Expect(entry.PersistentVolumeClaimInfo.ClaimName).To(Equal(name))
		}
	}
}

// nodes are the names of the cluster's nodes.
func nodes(ctx context.Context) []string {
	GinkgoHelper()
	var list corev1.NodeList
	Expect(k8s.List(ctx, &list)).To(Succeed())
	var names []string
	for _, node := range list.Items {
		names = append(names, node.Labels[corev1.LabelHostname])
	}
	Expect(len(names)).To(BeNumerically(">=", 2), strings.Join(names, " "))
	return names
}
