//go:build e2e

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// obstacleTimeout covers that the kubelet is asked only after a while what it waits for.
const obstacleTimeout = 90 * time.Second

var _ = Describe("storage that is not as it should be", func() {
	DescribeTable("is waited for", func(ctx context.Context, says string, source v1.VolumeSource, missing func(metav1.ObjectMeta) client.Object) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "waiting", v1.RunStrategyAlways)
		addVolume(vm, "data", source)
		create(ctx, vm)
		message := waitCondition(ctx, vm, v1.ConditionSynchronized, corev1.ConditionFalse, "FailedMount", obstacleTimeout)
		Expect(message).To(ContainSubstring(says))
		Expect(warnings(ctx, namespace)).To(ContainElement(ContainSubstring(says)))
		create(ctx, missing(metav1.ObjectMeta{Namespace: namespace, Name: "absent"}))
		// The kubelet tries again when it likes, at most two minutes later.
		Eventually(ctx, func() bool { return instance(ctx, vm).IsConditionTrue(v1.ConditionReady) }).
			WithTimeout(4 * time.Minute).WithPolling(time.Second).Should(BeTrue())
		Expect(instance(ctx, vm).Condition(v1.ConditionSynchronized)).To(BeNil())
	},
		Entry("a Secret", "secret absent", v1.VolumeSource{Secret: &v1.SecretVolumeSource{SecretName: "absent"}},
			func(meta metav1.ObjectMeta) client.Object {
				return &corev1.Secret{ObjectMeta: meta, StringData: map[string]string{"key": "value"}}
			}, SpecTimeout(7*time.Minute)),
		Entry("a ConfigMap", "configmap absent", v1.VolumeSource{ConfigMap: &v1.ConfigMapVolumeSource{Name: "absent"}},
			func(meta metav1.ObjectMeta) client.Object {
				return &corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{"key": "value"}}
			}, SpecTimeout(7*time.Minute)),
	)

	It("is not used where it cannot be, or must not be", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		good := qcow2(ctx)
		for name, image := range map[string]struct {
			disk []byte
			says string
		}{
			"cut":       {good[:50], "data: unusable volume: not a valid qcow2 image"},
			"corrupt":   {append(slices.Clone(good[:8]), make([]byte, 4096)...), "cluster size"}, // QEMU's words
			"backed":    {qcow2(ctx, "-b", "/etc/passwd", "-F", "raw", "-u"), "refers to a backing file"},
			"elsewhere": {qcow2(ctx, "-o", "data_file="+filepath.Join(GinkgoT().TempDir(), "data")+",data_file_raw=on"), "another file"},
			"empty":     {nil, "the disk file is empty"},
		} {
			loadImage(ctx, "kubevirt/e2e-"+name+":devel", map[string][]byte{"/disk/disk.qcow2": image.disk})
			vm := tinyVM(namespace, name, v1.RunStrategyAlways)
			addVolume(vm, "data", v1.VolumeSource{ContainerDisk: &v1.ContainerDiskSource{Image: "kubevirt/e2e-" + name + ":devel"}})
			create(ctx, vm)
			message := waitCondition(ctx, vm, v1.ConditionSynchronized, corev1.ConditionFalse, "StartFailed", obstacleTimeout)
			Expect(message).To(ContainSubstring(image.says), name)
			Expect(warnings(ctx, namespace)).To(ContainElement(And(ContainSubstring(v1.EventSyncFailed), ContainSubstring(image.says))), name)
			Expect(k8s.Delete(ctx, vm)).To(Succeed())
		}
	}, SpecTimeout(6*time.Minute))

	It("pauses a guest that has filled it, which goes on once there is room", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		claim := claimOf(namespace, "small", "48Mi", "bounded", corev1.PersistentVolumeFilesystem, corev1.ReadWriteOnce)
		create(ctx, claim)
		pod := helper(ctx, namespace, "outside", claim)
		vm := tinyVM(namespace, "filling", v1.RunStrategyAlways)
		vm.Spec.Template.Spec.NodeSelector = map[string]string{corev1.LabelHostname: pod.Spec.NodeName}
		addDisk(vm, "small", fromClaim("small"), v1.DiskBusVirtio)
		create(ctx, vm)
		console := bootedWith(ctx, vm)
		device := console.disks(ctx, 1)["small"].name
		_, err := in(ctx, pod, "busybox dd if=/dev/zero of=/claims/small/ballast bs=64k")
		Expect(err).To(HaveOccurred(), "the claim should be full")
		Expect(console.shell(ctx, "dd if=/dev/urandom of=/tmp/data bs=1M count=16")).To(ContainSubstring("16+0 records out"))
		console.send("dd if=/tmp/data of=" + device + " bs=1M conv=fsync; echo wri\"\"tten=$?=")

		message := waitCondition(ctx, vm, v1.ConditionPaused, corev1.ConditionTrue, v1.ReasonPausedIOError, time.Minute)
		Expect(message).To(ContainSubstring("claim small of volume small is full: make room"))
		Expect(warnings(ctx, namespace)).To(ContainElement(And(ContainSubstring(v1.EventPaused), ContainSubstring("is full"))))
		waitStatus(ctx, vm, v1.PrintableStatusPaused, 20*time.Second)

		By("making room")
		inHelper(ctx, pod, "rm /claims/small/ballast")
		_, err = virtctl(ctx, "unpause", "vm", vm.Name, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		console.expect(ctx, "written=0=", time.Minute)
		Expect(instance(ctx, vm).Condition(v1.ConditionPaused)).To(BeNil())
		Expect(console.shell(ctx, "echo 3 >/proc/sys/vm/drop_caches; dd if="+device+" bs=1M count=16 2>/dev/null | cmp - /tmp/data && echo the same")).
			To(MatchRegexp(`(?m)^the same`))
	}, SpecTimeout(5*time.Minute))
})

// qcow2 makes an image of 1 MiB with qemu-img's options.
func qcow2(ctx context.Context, options ...string) []byte {
	GinkgoHelper()
	path := filepath.Join(GinkgoT().TempDir(), "disk.qcow2")
	_, err := run(ctx, "qemu-img", append(append([]string{"create", "-q", "-f", "qcow2"}, options...), path, "1M")...)
	Expect(err).NotTo(HaveOccurred())
	content, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	return content
}
