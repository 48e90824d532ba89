//go:build bench

package bench

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const (
	guestImage = "kubevirt/guest-tiny:devel"
	pauseImage = "registry.k8s.io/pause:3.10"
)

func instanceSpec() v1.VirtualMachineInstanceSpec {
	memory, grace := resource.MustParse("128Mi"), int64(0)
	return v1.VirtualMachineInstanceSpec{
		TerminationGracePeriodSeconds: &grace,
		Domain: v1.DomainSpec{
			Memory: &v1.Memory{Guest: &memory},
			Devices: v1.Devices{
				Disks:      []v1.Disk{{Name: "root", DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{Bus: v1.DiskBusVirtio}}}},
				Interfaces: []v1.Interface{{Name: "default", InterfaceBindingMethod: v1.InterfaceBindingMethod{Masquerade: &v1.InterfaceMasquerade{}}}},
			},
		},
		Networks: []v1.Network{{Name: "default", NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}}}},
		Volumes:  []v1.Volume{{Name: "root", VolumeSource: v1.VolumeSource{ContainerDisk: &v1.ContainerDiskSource{Image: guestImage}}}},
	}
}

func newInstance(name string) *v1.VirtualMachineInstance {
	return &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: instanceSpec()}
}

// instances measures one instance after the other, each beside a bare pod of the
// same minute: machines are noisy, and their ratio is what counts.
func (b *bench) instances() {
	bare, running, deleted := []float64{}, []float64{}, []float64{}
	stages := map[string][]float64{}
	var createWrites, deleteWrites writes
	for i := range rounds {
		bare = append(bare, b.barePod(fmt.Sprintf("bare-%d", i)))
		vmi := newInstance(fmt.Sprintf("single-%d", i))
		from := time.Now()
		running = append(running, b.createRunning(vmi, stages))
		// Ready follows Running by the pod's own readiness.
		b.settle()
		createWrites = b.writes(from)
		from = time.Now()
		deleted = append(deleted, b.delete(vmi, &v1.VirtualMachineInstanceList{}))
		b.settle()
		deleteWrites = b.writes(from)
	}
	b.report.add("bare pod: create -> Ready", median(bare), 0, "s")
	b.report.add("VMI: create -> Running", median(running), 2.2, "s")
	for _, stage := range []string{"pod created", "scheduled", "container running", "Scheduled", "launcher ready", "domain running"} {
		b.report.add("  until "+stage, median(stages[stage]), 0, "s")
	}
	b.report.add("VMI: delete (grace 0) -> gone", median(deleted), 1.5, "s")
	b.report.add("writes, VMI create -> Ready", createWrites.objects, 7, "")
	b.report.add("events, VMI create -> Ready", createWrites.events, 2, "")
	b.report.add("conflicts and failures", createWrites.failed, 0.5, "")
	b.report.add("writes, VMI delete -> gone", deleteWrites.objects, 4, "")
	b.report.add("events, VMI delete -> gone", deleteWrites.events, 1, "")
}

// settle waits until what a transition set off has been written.
func (b *bench) settle() { time.Sleep(3 * time.Second) }

func (b *bench) barePod(name string) float64 {
	grace := int64(0)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: &grace,
			Containers:                    []corev1.Container{{Name: "pause", Image: pauseImage, ImagePullPolicy: corev1.PullIfNotPresent}},
		},
	}
	began := time.Now()
	took := b.watch(began, &corev1.PodList{}, func(object client.Object, _ bool) bool {
		pod, ok := object.(*corev1.Pod)
		return ok && pod.Name == name && podReady(pod)
	}, func() { began = time.Now(); b.must(b.k8s.Create(b.ctx, pod)) })
	b.must(b.k8s.Delete(b.ctx, pod))
	return took
}

func podReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// createRunning creates an instance and returns the seconds until it runs; stages
// collects when its pod came how far.
func (b *bench) createRunning(vmi *v1.VirtualMachineInstance, stages map[string][]float64) float64 {
	pods, err := b.k8s.Watch(b.ctx, &corev1.PodList{}, client.InNamespace(namespace))
	b.must(err)
	defer pods.Stop()
	began := time.Now()
	reached := map[string]float64{}
	reach := func(stage string, is bool) {
		if _, done := reached[stage]; is && !done {
			reached[stage] = time.Since(began).Seconds()
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for event := range pods.ResultChan() {
			pod, ok := event.Object.(*corev1.Pod)
			if !ok || pod.Labels[v1.LabelCreatedBy] == "" {
				continue
			}
			reach("pod created", true)
			reach("scheduled", pod.Spec.NodeName != "")
			reach("container running", len(pod.Status.ContainerStatuses) > 0 && pod.Status.ContainerStatuses[0].State.Running != nil)
		}
	}()
	scheduled := 0.0
	took := b.watch(began, &v1.VirtualMachineInstanceList{}, func(object client.Object, _ bool) bool {
		seen, ok := object.(*v1.VirtualMachineInstance)
		if ok && seen.Name == vmi.Name && seen.Status.Phase == v1.VMIPhaseScheduled {
			scheduled = time.Since(began).Seconds()
		}
		return ok && seen.Name == vmi.Name && seen.Status.Phase == v1.VMIPhaseRunning
	}, func() { began = time.Now(); b.must(b.k8s.Create(b.ctx, vmi)) })
	pods.Stop()
	<-done
	for stage, at := range reached {
		stages[stage] = append(stages[stage], at)
	}
	stages["Scheduled"] = append(stages["Scheduled"], scheduled)
	for message, stage := range map[string]string{"libvirt ready": "launcher ready", "domain started": "domain running"} {
		stages[stage] = append(stages[stage], b.logged(vmi, message).Sub(began).Seconds())
	}
	return took
}

// logged returns when the launcher of an instance logged a message. All clocks
// are this machine's.
func (b *bench) logged(vmi *v1.VirtualMachineInstance, message string) time.Time {
	b.Helper()
	out := b.script("kubectl.sh", "logs", "-n", namespace, "-l", v1.LabelCreatedBy+"="+string(vmi.UID), "-c", "compute", "--tail=-1")
	for _, line := range strings.Split(out, "\n") {
		var entry struct {
			Message   string    `json:"msg"`
			Timestamp time.Time `json:"timestamp"`
		}
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Message == message {
			return entry.Timestamp
		}
	}
	b.Fatalf("the launcher of %s never logged %q", vmi.Name, message)
	return time.Time{}
}

// delete removes an object and returns the seconds until it is gone.
func (b *bench) delete(object client.Object, list client.ObjectList) float64 {
	began := time.Now()
	return b.watch(began, list, func(seen client.Object, gone bool) bool {
		return gone && seen.GetName() == object.GetName()
	}, func() { began = time.Now(); b.must(b.k8s.Delete(b.ctx, object)) })
}

// machine counts the writes of a VirtualMachine that starts and is stopped.
func (b *bench) machine() {
	strategy := v1.RunStrategyAlways
	vm := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "machine"}}
	vm.Spec.RunStrategy = &strategy
	vm.Spec.Template = &v1.VirtualMachineInstanceTemplateSpec{Spec: instanceSpec()}
	from := time.Now()
	b.watch(from, &v1.VirtualMachineList{}, func(object client.Object, _ bool) bool {
		seen, ok := object.(*v1.VirtualMachine)
		return ok && seen.Status.Ready
	}, func() { b.must(b.k8s.Create(b.ctx, vm)) })
	b.settle()
	started := b.writes(from)
	from = time.Now()
	b.watch(from, &v1.VirtualMachineList{}, func(object client.Object, _ bool) bool {
		seen, ok := object.(*v1.VirtualMachine)
		return ok && seen.Status.PrintableStatus == v1.PrintableStatusStopped
	}, func() {
		b.must(b.k8s.Patch(b.ctx, vm, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"runStrategy":"Halted"}}`))))
	})
	b.settle()
	stopped := b.writes(from)
	b.must(b.k8s.Delete(b.ctx, vm))
	b.report.add("writes, VM create -> Ready", started.objects, 10, "")
	b.report.add("events, VM create -> Ready", started.events, 3, "")
	b.report.add("writes, VM stop", stopped.objects, 6, "")
	b.report.add("events, VM stop", stopped.events, 2, "")
}

// together starts ten instances at once.
func (b *bench) together() {
	began := time.Now()
	running := map[string]bool{}
	first := 0.0
	took := b.watch(began, &v1.VirtualMachineInstanceList{}, func(object client.Object, _ bool) bool {
		vmi, ok := object.(*v1.VirtualMachineInstance)
		if ok && vmi.Status.Phase == v1.VMIPhaseRunning {
			running[vmi.Name] = true
		}
		if len(running) == 1 && first == 0 {
			first = time.Since(began).Seconds()
		}
		return len(running) == atOnce
	}, func() {
		began = time.Now()
		for i := range atOnce {
			b.must(b.k8s.Create(b.ctx, newInstance(fmt.Sprintf("many-%d", i))))
		}
	})
	b.report.add("ten VMIs at once, the first Running", first, 0, "s")
	b.report.add("ten VMIs at once, all Running", took, 20, "s")
}
