package explain

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/api/migratability"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) metav1.Time { return metav1.NewTime(now.Add(-d)) }

func agoPtr(d time.Duration) *metav1.Time {
	t := ago(d)
	return &t
}

func ptr[T any](v T) *T { return &v }

// change makes something of a scene different.
type change func(*Facts)

// scene is a machine, an hour old, with a root disk and the pod network, on a cluster
// of one node that is well.
func scene(strategy v1.VirtualMachineRunStrategy, changes ...change) Facts {
	vm := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "vm", UID: "vm-uid",
		CreationTimestamp: ago(time.Hour)}}
	vm.Spec.RunStrategy = &strategy
	vm.Status.PrintableStatus = v1.PrintableStatusStopped
	vm.Status.Conditions = []v1.Condition{{Type: v1.ConditionReady, Status: corev1.ConditionFalse}}
	template := &v1.VirtualMachineInstanceTemplateSpec{}
	template.Spec.Domain.Devices.Interfaces = []v1.Interface{{Name: "default",
		InterfaceBindingMethod: v1.InterfaceBindingMethod{Masquerade: &v1.InterfaceMasquerade{}}}}
	template.Spec.Networks = []v1.Network{{Name: "default", NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}}}}
	template.Spec.Volumes = []v1.Volume{{Name: "root",
		VolumeSource: v1.VolumeSource{ContainerDisk: &v1.ContainerDiskSource{Image: "registry/guest:1"}}}}
	vm.Spec.Template = template
	f := Facts{VM: vm, Now: now, Nodes: []corev1.Node{node("node01")}}
	for _, c := range changes {
		c(&f)
	}
	if f.VMI != nil {
		tellClaims(f.VMI, f.Claims)
	}
	return f
}

func node(name string) corev1.Node {
	n := corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{v1.LabelSchedulable: "true", corev1.LabelArchStable: "amd64"},
		Annotations: map[string]string{v1.AnnotationHeartbeat: now.Add(-30 * time.Second).Format(time.RFC3339)},
	}}
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	n.Status.Allocatable = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("8Gi"),
		corev1.ResourceCPU: resource.MustParse("4")}
	return n
}

// instance gives the machine one that entered its phase some time ago.
func instance(phase v1.VirtualMachineInstancePhase, age time.Duration, changes ...func(*v1.VirtualMachineInstance)) change {
	return func(f *Facts) {
		vmi := &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "vm", UID: "vmi-uid",
			CreationTimestamp: ago(age)}}
		vmi.Spec = *f.VM.Spec.Template.Spec.DeepCopy()
		vmi.Status.Phase = phase
		vmi.Status.PhaseTransitionTimestamps = []v1.VirtualMachineInstancePhaseTransitionTimestamp{{Phase: phase,
			PhaseTransitionTimestamp: ago(age)}}
		if phase == v1.VMIPhaseScheduled || phase == v1.VMIPhaseRunning {
			vmi.Status.NodeName = "node01"
		}
		for _, c := range changes {
			c(vmi)
		}
		f.VMI = vmi
		f.VM.Status.RunStrategy = *f.VM.Spec.RunStrategy
		f.VM.Status.Created = true
	}
}

// tellClaims has the status say what is behind the volumes, as virt-controller does.
func tellClaims(vmi *v1.VirtualMachineInstance, claims []corev1.PersistentVolumeClaim) {
	for i := range vmi.Spec.Volumes {
		for j := range claims {
			if volume := &vmi.Spec.Volumes[i]; volume.ClaimName() == claims[j].Name {
				v1.EnsureVolumeStatus(&vmi.Status.VolumeStatus, volume.Name).PersistentVolumeClaimInfo =
					&v1.PersistentVolumeClaimInfo{ClaimName: claims[j].Name, AccessModes: claims[j].Spec.AccessModes}
			}
		}
	}
}

// says gives the instance a condition that has been there for ten minutes.
func says(t v1.ConditionType, status corev1.ConditionStatus, reason, message string) func(*v1.VirtualMachineInstance) {
	return func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Conditions = append(vmi.Status.Conditions,
			v1.Condition{Type: t, Status: status, Reason: reason, Message: message, LastTransitionTime: ago(10 * time.Minute)})
	}
}

func unsynchronized(reason, message string) func(*v1.VirtualMachineInstance) {
	return says(v1.ConditionSynchronized, corev1.ConditionFalse, reason, message)
}

// ready is an instance that is well.
func ready(vmi *v1.VirtualMachineInstance) {
	says(v1.ConditionReady, corev1.ConditionTrue, "", "")(vmi)
	says(v1.ConditionLiveMigratable, corev1.ConditionFalse, v1.ReasonNotMigratable,
		migratability.Unsupported)(vmi)
}

// unready is an instance that has not been ready since it runs.
func unready10m(vmi *v1.VirtualMachineInstance) {
	says(v1.ConditionReady, corev1.ConditionFalse, "ContainersNotReady", "containers with unready status: [compute]")(vmi)
}

// launcher gives the instance a pod.
func launcher(phase corev1.PodPhase, age time.Duration, changes ...func(*corev1.Pod)) change {
	return func(f *Facts) {
		pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "virt-launcher-vm", UID: "pod-uid",
			CreationTimestamp: ago(age)}}
		pod.Spec.NodeName = "node01"
		pod.Spec.NodeSelector = map[string]string{v1.LabelSchedulable: "true", corev1.LabelArchStable: "amd64"}
		pod.Spec.Containers = []corev1.Container{{Name: "compute", Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("200Mi"),
				corev1.ResourceCPU: resource.MustParse("100m")},
		}}}
		pod.Status.Phase = phase
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}}
		for _, c := range changes {
			c(&pod)
		}
		f.Pods = append(f.Pods, pod)
	}
}

// unplaced is a pod of which the scheduler says something.
func unplaced(message string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Spec.NodeName = ""
		pod.Status.Conditions = []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: message,
		}}
	}
}

func waiting(reason, message string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Name: "compute", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}},
		}}
	}
}

func terminated(code int32, reason string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Name: "compute", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason}},
		}}
	}
}

func selects(key, value string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Spec.NodeSelector[key] = value }
}

// event adds one about an object, seen a minute ago.
func event(kind, name string, uid types.UID, eventType, reason, message string) change {
	return func(f *Facts) {
		f.Events = append(f.Events, corev1.Event{
			InvolvedObject: corev1.ObjectReference{Kind: kind, Name: name, UID: uid},
			Type:           eventType, Reason: reason, Message: message, LastTimestamp: ago(time.Minute),
		})
	}
}

func podEvent(reason, message string) change {
	return event(kindPod, "virt-launcher-vm", "pod-uid", corev1.EventTypeWarning, reason, message)
}

func claimEvent(reason, message string) change {
	return event(kindClaim, "data", "claim-uid", corev1.EventTypeWarning, reason, message)
}

// older makes the newest event older.
func older(age time.Duration) change {
	return func(f *Facts) { f.Events[len(f.Events)-1].LastTimestamp = ago(age) }
}

// volume gives the machine one more. It comes before the instance.
func volume(name string, source v1.VolumeSource) change {
	return func(f *Facts) {
		f.VM.Spec.Template.Spec.Volumes = append(f.VM.Spec.Template.Spec.Volumes, v1.Volume{Name: name, VolumeSource: source})
	}
}

// usesClaim gives the machine a volume on the claim called data.
func usesClaim() change {
	return volume("data", v1.VolumeSource{PersistentVolumeClaim: &v1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}})
}

// claim is the one called data, with the class fast.
func claim(phase corev1.PersistentVolumeClaimPhase, age time.Duration, changes ...func(*corev1.PersistentVolumeClaim)) change {
	return func(f *Facts) {
		c := corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "data", UID: "claim-uid",
			CreationTimestamp: ago(age)}}
		c.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
		c.Spec.StorageClassName = ptr("fast")
		c.Status.Phase = phase
		for _, change := range changes {
			change(&c)
		}
		f.Claims = append(f.Claims, c)
	}
}

// classes are the cluster's: fast, which provisions at once.
func classes(changes ...func(*storagev1.StorageClass)) change {
	return func(f *Facts) {
		class := storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "fast"}, Provisioner: "csi.test",
			VolumeBindingMode: ptr(storagev1.VolumeBindingImmediate)}
		for _, change := range changes {
			change(&class)
		}
		f.StorageClasses = []storagev1.StorageClass{class}
	}
}

// template gives the machine a data volume template called data, and its volume.
func template(f *Facts) {
	f.VM.Spec.DataVolumeTemplates = []v1.DataVolumeTemplateSpec{{Metadata: metav1.ObjectMeta{Name: "data"}}}
	volume("data", v1.VolumeSource{DataVolume: &v1.DataVolumeSource{Name: "data"}})(f)
}

func dataVolume(phase cdiv1beta1.DataVolumePhase, age time.Duration, conditions ...cdiv1beta1.DataVolumeCondition) change {
	return func(f *Facts) {
		f.DataVolumes = append(f.DataVolumes, cdiv1beta1.DataVolume{
			ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "data", UID: "dv-uid", CreationTimestamp: ago(age)},
			Status:     cdiv1beta1.DataVolumeStatus{Phase: phase, Progress: "12.0%", Conditions: conditions},
		})
	}
}

// failing gives the machine the condition Failure.
func failing(message string) change {
	return func(f *Facts) {
		f.VM.Status.Conditions = append(f.VM.Status.Conditions,
			v1.Condition{Type: v1.ConditionFailure, Status: corev1.ConditionTrue, Reason: v1.ReasonFailedCreate, Message: message})
	}
}

// crashed records failed starts, of which the instance called last was the newest.
func crashed(count int) change {
	return func(f *Facts) {
		retry := metav1.NewTime(now.Add(time.Minute))
		f.VM.Status.StartFailure = &v1.VirtualMachineStartFailure{ConsecutiveFailCount: count, LastFailedVMIUID: "last",
			RetryAfterTimestamp: &retry}
	}
}

// had tells that the machine has had an instance under its strategy.
func had(f *Facts) { f.VM.Status.RunStrategy = *f.VM.Spec.RunStrategy }

// deleted marks the machine as being deleted.
func deleted(age time.Duration, finalizers ...string) change {
	return func(f *Facts) {
		f.VM.DeletionTimestamp, f.VM.Finalizers = agoPtr(age), finalizers
	}
}

// going marks the instance as being deleted.
func going(age time.Duration, finalizers ...string) func(*v1.VirtualMachineInstance) {
	return func(vmi *v1.VirtualMachineInstance) { vmi.DeletionTimestamp, vmi.Finalizers = agoPtr(age), finalizers }
}

// onNode changes the node.
func onNode(do func(*corev1.Node)) change {
	return func(f *Facts) { do(&f.Nodes[0]) }
}

// spec changes the template; it comes before the instance.
func spec(do func(*v1.VirtualMachineInstanceSpec)) change {
	return func(f *Facts) { do(&f.VM.Spec.Template.Spec) }
}
