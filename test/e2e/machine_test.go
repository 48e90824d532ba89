//go:build e2e

package e2e

import (
	"context"
	"slices"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// tinyVM is a machine with the busybox guest, masquerade and a short grace period.
func tinyVM(namespace, name string, strategy v1.VirtualMachineRunStrategy) *v1.VirtualMachine {
	memory := resource.MustParse("128Mi")
	grace := int64(20)
	vm := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	vm.Spec.RunStrategy = &strategy
	vm.Spec.Template = &v1.VirtualMachineInstanceTemplateSpec{
		Metadata: metav1.ObjectMeta{Labels: map[string]string{"guest": name}},
		Spec: v1.VirtualMachineInstanceSpec{
			TerminationGracePeriodSeconds: &grace,
			Domain: v1.DomainSpec{
				Memory: &v1.Memory{Guest: &memory},
				Devices: v1.Devices{
					Disks:      []v1.Disk{{Name: "root", DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{Bus: v1.DiskBusVirtio}}}},
					Interfaces: []v1.Interface{{Name: "default", InterfaceBindingMethod: v1.InterfaceBindingMethod{Masquerade: &v1.InterfaceMasquerade{}}}},
				},
			},
			Networks: []v1.Network{{Name: "default", NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}}}},
			Volumes:  []v1.Volume{{Name: "root", VolumeSource: v1.VolumeSource{ContainerDisk: &v1.ContainerDiskSource{Image: tinyGuest}}}},
		},
	}
	return vm
}

// addVolume gives a machine one more disk on the virtio bus.
func addVolume(vm *v1.VirtualMachine, name string, source v1.VolumeSource) {
	spec := &vm.Spec.Template.Spec
	spec.Volumes = append(spec.Volumes, v1.Volume{Name: name, VolumeSource: source})
	spec.Domain.Devices.Disks = append(spec.Domain.Devices.Disks,
		v1.Disk{Name: name, DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{Bus: v1.DiskBusVirtio}}})
}

func create(ctx context.Context, object client.Object) {
	GinkgoHelper()
	Expect(k8s.Create(ctx, object)).To(Succeed())
}

// instance returns the machine's instance; nil while there is none.
func instance(ctx context.Context, vm *v1.VirtualMachine) *v1.VirtualMachineInstance {
	GinkgoHelper()
	vmi := &v1.VirtualMachineInstance{}
	err := k8s.Get(ctx, client.ObjectKeyFromObject(vm), vmi)
	if apierrors.IsNotFound(err) {
		return nil
	}
	Expect(err).NotTo(HaveOccurred())
	return vmi
}

// waitRunning returns the instance once its guest runs and it is Ready.
func waitRunning(ctx context.Context, vm *v1.VirtualMachine) *v1.VirtualMachineInstance {
	GinkgoHelper()
	var vmi *v1.VirtualMachineInstance
	Eventually(ctx, func() bool {
		vmi = instance(ctx, vm)
		return vmi != nil && vmi.DeletionTimestamp == nil && vmi.Status.Phase == v1.VMIPhaseRunning && vmi.IsConditionTrue(v1.ConditionReady)
	}).WithTimeout(bootTimeout).WithPolling(poll).Should(BeTrue(), "%s should run and be ready", vm.Name)
	return vmi
}

// waitStatus waits for the machine's printable status.
func waitStatus(ctx context.Context, vm *v1.VirtualMachine, want v1.VirtualMachinePrintableStatus, timeout time.Duration) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega) v1.VirtualMachinePrintableStatus {
		g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(vm), vm)).To(Succeed())
		return vm.Status.PrintableStatus
	}).WithTimeout(timeout).WithPolling(poll).Should(Equal(want))
}

// waitReplaced returns the instance that follows an earlier one, running.
func waitReplaced(ctx context.Context, vm *v1.VirtualMachine, before *v1.VirtualMachineInstance) *v1.VirtualMachineInstance {
	GinkgoHelper()
	Eventually(ctx, func() bool {
		now := instance(ctx, vm)
		return now != nil && now.UID != before.UID
	}).WithTimeout(stopTimeout).WithPolling(poll).Should(BeTrue(), "a new instance should follow")
	return waitRunning(ctx, vm)
}

// launcherPod returns the pod that a guest runs in.
func launcherPod(ctx context.Context, vmi *v1.VirtualMachineInstance) *corev1.Pod {
	GinkgoHelper()
	var pods corev1.PodList
	Expect(k8s.List(ctx, &pods, client.InNamespace(vmi.Namespace), client.MatchingLabels{v1.LabelCreatedBy: string(vmi.UID)})).To(Succeed())
	Expect(pods.Items).To(HaveLen(1))
	return &pods.Items[0]
}

// watchPhases collects every phase that instances of a machine go through.
func watchPhases(ctx context.Context, namespace string) func() []v1.VirtualMachineInstancePhase {
	GinkgoHelper()
	watcher, err := k8s.Watch(ctx, &v1.VirtualMachineInstanceList{}, client.InNamespace(namespace))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(watcher.Stop)
	var mutex sync.Mutex
	var phases []v1.VirtualMachineInstancePhase
	go func() {
		for event := range watcher.ResultChan() {
			vmi, ok := event.Object.(*v1.VirtualMachineInstance)
			mutex.Lock()
			if ok && (len(phases) == 0 || phases[len(phases)-1] != vmi.Status.Phase) {
				phases = append(phases, vmi.Status.Phase)
			}
			mutex.Unlock()
		}
	}()
	return func() []v1.VirtualMachineInstancePhase {
		mutex.Lock()
		defer mutex.Unlock()
		return slices.Clone(phases)
	}
}

// warnings returns the Warning events of a namespace.
func warnings(ctx context.Context, namespace string) []string {
	GinkgoHelper()
	var events corev1.EventList
	Expect(k8s.List(ctx, &events, client.InNamespace(namespace))).To(Succeed())
	var found []string
	for _, event := range events.Items {
		if event.Type == corev1.EventTypeWarning && event.Source.Component != "kubelet" {
			found = append(found, event.InvolvedObject.Kind+" "+event.Reason+": "+event.Message)
		}
	}
	return found
}
