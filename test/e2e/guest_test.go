//go:build e2e

package e2e

import (
	"context"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// guestDisk is a disk as the guest finds it.
type guestDisk struct {
	name, bus         string
	size              int64
	readOnly, rom     bool
	logical, physical int
}

// disks asks the tiny guest for the disks beside its first one, until so many have come:
// drivers of slow buses are loaded behind the login prompt. They have their serial numbers
// as names, or the bus where the kernel does not show those.
func (c *serialConsole) disks(ctx context.Context, count int) map[string]guestDisk {
	GinkgoHelper()
	var disks map[string]guestDisk
	Eventually(ctx, func() int {
		disks = map[string]guestDisk{}
		for _, line := range strings.Split(c.shell(ctx, "lsblk"), "\n") {
			column := strings.Fields(line)
			if len(column) < 9 || column[4] != "disk" && column[4] != "rom" || column[0] == "vda" {
				continue
			}
			name := column[6]
			if name == "-" {
				name = column[5] + "-" + column[4]
			}
			size, _ := strconv.ParseInt(column[1], 10, 64)
			logical, _ := strconv.Atoi(column[7])
			physical, _ := strconv.Atoi(column[8])
			disks[name] = guestDisk{name: "/dev/" + column[0], bus: column[5], size: size,
				readOnly: column[2] == "1", rom: column[4] == "rom", logical: logical, physical: physical}
		}
		return len(disks)
	}).WithTimeout(bootTimeout).WithPolling(time.Second).Should(Equal(count), "disks")
	return disks
}

// mounted mounts a disk's file system in the guest, asks, and unmounts it.
func (c *serialConsole) mounted(ctx context.Context, disk guestDisk, command string) string {
	GinkgoHelper()
	return c.shell(ctx, "mkdir -p /tmp/m && mount -o ro "+disk.name+" /tmp/m && (cd /tmp/m; "+command+"); umount /tmp/m")
}

// addDisk gives a machine one more disk, with the volume's name as its serial number.
func addDisk(vm *v1.VirtualMachine, name string, source v1.VolumeSource, bus v1.DiskBus) *v1.Disk {
	addVolume(vm, name, source)
	disks := vm.Spec.Template.Spec.Domain.Devices.Disks
	disk := &disks[len(disks)-1]
	disk.Serial, disk.Disk.Bus = name, bus
	return disk
}

// fromClaim is a volume of a claim.
func fromClaim(name string) v1.VolumeSource {
	return v1.VolumeSource{PersistentVolumeClaim: &v1.PersistentVolumeClaimVolumeSource{ClaimName: name}}
}

// claimOf is a claim for so much; the cluster's default class if class is empty.
func claimOf(namespace, name, size, class string, mode corev1.PersistentVolumeMode, access corev1.PersistentVolumeAccessMode) *corev1.PersistentVolumeClaim {
	claim := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{access}, VolumeMode: &mode,
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: *quantity(size)}},
		},
	}
	if class != "" {
		claim.Spec.StorageClassName = &class
	}
	return claim
}

// helper is a pod with busybox and root's rights beside the guests. It has the claims
// that are file systems below /claims, and those that are devices as /dev/NAME.
func helper(ctx context.Context, namespace, name string, claims ...*corev1.PersistentVolumeClaim) *corev1.Pod {
	GinkgoHelper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"helper": name}}}
	root, none := int64(0), int64(0)
	pod.Spec.TerminationGracePeriodSeconds = &none
	container := corev1.Container{
		Name: "shell", Image: launcherImage(ctx), Command: []string{"busybox", "sleep", "1000000"},
		SecurityContext: &corev1.SecurityContext{RunAsUser: &root},
	}
	for _, claim := range claims {
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: claim.Name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim.Name},
		}})
		if *claim.Spec.VolumeMode == corev1.PersistentVolumeBlock {
			container.VolumeDevices = append(container.VolumeDevices, corev1.VolumeDevice{Name: claim.Name, DevicePath: "/dev/" + claim.Name})
		} else {
			container.VolumeMounts = append(container.VolumeMounts, corev1.VolumeMount{Name: claim.Name, MountPath: "/claims/" + claim.Name})
		}
	}
	pod.Spec.Containers = []corev1.Container{container}
	create(ctx, pod)
	Eventually(ctx, func(g Gomega) {
		g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
		g.Expect(pod.Status.Phase).To(Equal(corev1.PodRunning))
	}).WithTimeout(bootTimeout).WithPolling(poll).Should(Succeed(), "the helper pod should run")
	return pod
}

// in runs a shell command in a helper pod.
func in(ctx context.Context, pod *corev1.Pod, command string) (string, error) {
	return run(ctx, checkout("hack", "kubectl.sh"), "exec", "-n", pod.Namespace, pod.Name, "-c", "shell", "--", "busybox", "sh", "-c", command)
}

func inHelper(ctx context.Context, pod *corev1.Pod, command string) string {
	GinkgoHelper()
	out, err := in(ctx, pod, command)
	Expect(err).NotTo(HaveOccurred())
	return strings.TrimSpace(out)
}

// launcherImage is the image that launcher pods run.
func launcherImage(ctx context.Context) string {
	GinkgoHelper()
	return strings.TrimSpace(kubectl(ctx, "get", "daemonset", "virt-handler", "-n", installNamespace,
		"-o", "jsonpath={.spec.template.spec.initContainers[0].image}"))
}

// end deletes a machine and waits for the end of its guest.
func end(ctx context.Context, vm *v1.VirtualMachine) {
	GinkgoHelper()
	Expect(k8s.Delete(ctx, vm)).To(Succeed())
	Eventually(ctx, func() *v1.VirtualMachineInstance { return instance(ctx, vm) }).
		WithTimeout(stopTimeout).WithPolling(poll).Should(BeNil())
}

// waitCondition returns the message of a condition once it has the status and reason.
func waitCondition(ctx context.Context, vm *v1.VirtualMachine, condition v1.ConditionType, status corev1.ConditionStatus, reason string,
	timeout time.Duration) string {
	GinkgoHelper()
	message := ""
	Eventually(ctx, func(g Gomega) {
		vmi := instance(ctx, vm)
		g.Expect(vmi).NotTo(BeNil())
		found := vmi.Condition(condition)
		g.Expect(found).NotTo(BeNil())
		g.Expect(found.Status).To(Equal(status))
		g.Expect(found.Reason).To(Equal(reason))
		message = found.Message
	}).WithTimeout(timeout).WithPolling(poll).Should(Succeed(), "%s of %s", condition, vm.Name)
	return message
}
