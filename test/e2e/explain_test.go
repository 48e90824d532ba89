//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

// explainTimeout covers what is told only after a minute of waiting.
const explainTimeout = 2 * time.Minute

// explained asks virtctl why a machine does not run.
func explained(ctx context.Context, vm *v1.VirtualMachine) subresourcesv1.VirtualMachineExplanation {
	GinkgoHelper()
	out, err := virtctl(ctx, "explain", "vm", vm.Name, "-n", vm.Namespace, "-o", "json")
	Expect(err).NotTo(HaveOccurred())
	var e subresourcesv1.VirtualMachineExplanation
	Expect(json.Unmarshal([]byte(out), &e)).To(Succeed(), out)
	return e
}

func causesOf(list []subresourcesv1.Cause) []string {
	reasons := []string{}
	for i := range list {
		reasons = append(reasons, list[i].Reason)
	}
	return reasons
}

// impediment breaks a machine in one way.
type impediment struct {
	reason string
	// shape changes the machine before it is created.
	shape func(*v1.VirtualMachine)
	// around makes what the machine is to meet; namespace is its own if the impediment needs one.
	around func(ctx context.Context, namespace string)
	own    bool
}

// shaped is an impediment that lies in the machine's instance alone.
func shaped(reason string, shape func(*v1.VirtualMachineInstanceSpec)) impediment {
	return impediment{reason: reason, shape: func(vm *v1.VirtualMachine) { shape(&vm.Spec.Template.Spec) }}
}

// limited is an impediment that lies in what its namespace allows.
func limited(reason string, object client.Object) impediment {
	return impediment{reason: reason, own: true, shape: func(*v1.VirtualMachine) {},
		around: func(ctx context.Context, namespace string) {
			object.SetNamespace(namespace)
			object.SetName("limit")
			create(ctx, object)
		}}
}

// onClaim is an impediment that lies in the machine's claim.
func onClaim(reason, name string, shape func(*corev1.PersistentVolumeClaim)) impediment {
	return impediment{
		reason: reason,
		shape: func(vm *v1.VirtualMachine) {
			addVolume(vm, "data", v1.VolumeSource{PersistentVolumeClaim: &v1.PersistentVolumeClaimVolumeSource{ClaimName: name}})
		},
		around: func(ctx context.Context, namespace string) {
			claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
			claim.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
			claim.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("16Mi")}
			shape(claim)
			create(ctx, claim)
		},
	}
}

// held is an object that stays when it is deleted, until the spec ends.
const held = "e2e.test/held"

func letGo(object client.Object) {
	DeferCleanup(func(ctx context.Context) {
		patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`))
		Expect(client.IgnoreNotFound(k8s.Patch(ctx, object, patch))).To(Succeed())
	})
}

func storageImpediments() []impediment {
	going := onClaim(v1.CauseClaimTerminating, "going",
		func(claim *corev1.PersistentVolumeClaim) { claim.Finalizers = []string{held} })
	makeClaim := going.around
	going.around = func(ctx context.Context, namespace string) {
		makeClaim(ctx, namespace)
		claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "going"}}
		letGo(claim)
		Expect(k8s.Delete(ctx, claim)).To(Succeed())
	}
	missing := onClaim(v1.CauseClaimNotFound, "missing", nil)
	missing.around = nil
	class := func(name string) func(*corev1.PersistentVolumeClaim) {
		return func(claim *corev1.PersistentVolumeClaim) { claim.Spec.StorageClassName = &name }
	}
	return []impediment{
		missing, going,
		onClaim(v1.CauseStorageClassNotFound, "of-no-class", class("no-such-class")),
		onClaim(v1.CauseClaimNotBound, "of-no-volume", class("")),
		{reason: v1.CauseDataVolumesUnavailable, shape: func(vm *v1.VirtualMachine) {
			addVolume(vm, "data", v1.VolumeSource{DataVolume: &v1.DataVolumeSource{Name: "imported"}})
			template := v1.DataVolumeTemplateSpec{Metadata: metav1.ObjectMeta{Name: "imported"}}
			Expect(json.Unmarshal([]byte(`{"source":{"blank":{}},"storage":{"resources":{"requests":{"storage":"16Mi"}}}}`),
				&template.Spec)).To(Succeed())
			vm.Spec.DataVolumeTemplates = []v1.DataVolumeTemplateSpec{template}
		}},
		shaped(v1.CauseCloudInitSecretNotFound, func(spec *v1.VirtualMachineInstanceSpec) {
			spec.Volumes = append(spec.Volumes, v1.Volume{Name: "init", VolumeSource: v1.VolumeSource{
				CloudInitNoCloud: &v1.CloudInitNoCloudSource{SecretRef: &corev1.LocalObjectReference{Name: "no-such-secret"}},
			}})
			spec.Domain.Devices.Disks = append(spec.Domain.Devices.Disks, v1.Disk{Name: "init"})
		}),
	}
}

func placementImpediments() []impediment {
	anywhere := metav1.LabelSelector{MatchLabels: map[string]string{"e2e.test/guest": "none"}}
	return []impediment{
		shaped(v1.CauseNodeSelectorUnmatched, func(spec *v1.VirtualMachineInstanceSpec) {
			spec.NodeSelector = map[string]string{"e2e.test/disk": "ssd"}
		}),
		shaped(v1.CauseNodeAffinityUnmatched, func(spec *v1.VirtualMachineInstanceSpec) {
			term := corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "e2e.test/zone",
				Operator: corev1.NodeSelectorOpExists}}}
			spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{term},
			}}}
		}),
		shaped(v1.CausePodAffinityUnmatched, func(spec *v1.VirtualMachineInstanceSpec) {
			spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{LabelSelector: &anywhere,
					TopologyKey: corev1.LabelHostname}},
			}}
		}),
		shaped(v1.CauseInsufficientMemory, func(spec *v1.VirtualMachineInstanceSpec) { spec.Domain.Memory.Guest = quantity("512Gi") }),
		shaped(v1.CauseInsufficientCPU, func(spec *v1.VirtualMachineInstanceSpec) {
			spec.Domain.Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("200")}
		}),
		shaped(v1.CauseSchedulerSilent, func(spec *v1.VirtualMachineInstanceSpec) { spec.SchedulerName = "nobody" }),
	}
}

func refusalImpediments() []impediment {
	secured := shaped(v1.CausePodSecurityViolated, func(spec *v1.VirtualMachineInstanceSpec) {
		// A probe of another host is what the level baseline forbids.
		spec.ReadinessProbe = &v1.Probe{ProbeHandler: v1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Host: "192.0.2.1",
			Port: intstr.FromInt32(80)}}}
	})
	secured.own = true
	secured.around = func(ctx context.Context, namespace string) {
		kubectl(ctx, "label", "namespace", namespace, "pod-security.kubernetes.io/enforce=baseline")
	}
	return []impediment{
		secured,
		limited(v1.CauseQuotaExceeded, &corev1.ResourceQuota{Spec: corev1.ResourceQuotaSpec{
			Hard: corev1.ResourceList{corev1.ResourceRequestsMemory: resource.MustParse("1Mi")},
		}}),
		limited(v1.CauseLimitRangeViolated, &corev1.LimitRange{Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
			Type: corev1.LimitTypeContainer, Min: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("8Gi")},
		}}}}),
		shaped(v1.CauseServiceAccountNotFound, func(spec *v1.VirtualMachineInstanceSpec) { spec.ServiceAccountName = "no-such-account" }),
		shaped(v1.CausePriorityClassNotFound, func(spec *v1.VirtualMachineInstanceSpec) { spec.PriorityClassName = "no-such-class" }),
	}
}

func imageImpediments(withoutDisk string) []impediment {
	image := func(reason, name string, policy corev1.PullPolicy) impediment {
		return shaped(reason, func(spec *v1.VirtualMachineInstanceSpec) {
			spec.Volumes[0].ContainerDisk = &v1.ContainerDiskSource{Image: name, ImagePullPolicy: policy}
		})
	}
	return []impediment{
		image(v1.CauseImageNotFound, "kubevirt/no-such-guest:devel", corev1.PullNever),
		image(v1.CauseStartFailed, withoutDisk, corev1.PullIfNotPresent),
	}
}

var _ = Describe("explaining a virtual machine", func() {
	It("names what keeps it from running", Label("full"), func(ctx context.Context) {
		common := newNamespace(ctx)
		var virtAPI corev1.PodList
		Expect(k8s.List(ctx, &virtAPI, client.InNamespace(installNamespace),
			client.MatchingLabels{v1.LabelComponent: "virt-api"})).To(Succeed())
		impediments := imageImpediments(virtAPI.Items[0].Spec.Containers[0].Image)
		for _, more := range [][]impediment{storageImpediments(), placementImpediments(), refusalImpediments()} {
			impediments = append(impediments, more...)
		}
		machines := map[string]*v1.VirtualMachine{}
		for i, it := range impediments {
			namespace := common
			if it.own {
				namespace = newNamespace(ctx)
			}
			if it.around != nil {
				it.around(ctx, namespace)
			}
			vm := tinyVM(namespace, fmt.Sprintf("broken-%d", i), v1.RunStrategyAlways)
			it.shape(vm)
			create(ctx, vm)
			machines[it.reason] = vm
		}
		for _, it := range impediments {
			Eventually(ctx, func() []string { return causesOf(explained(ctx, machines[it.reason]).Causes) }).
				WithTimeout(explainTimeout).WithPolling(poll).Should(ContainElement(it.reason))
		}

		By("telling the one thing, with what it is seen in and what to do, as a condition as well")
		missing := machines[v1.CauseClaimNotFound]
		e := explained(ctx, missing)
		Expect(e.Healthy).To(BeFalse())
		Expect(e.Causes).To(HaveLen(1))
		Expect(e.Causes[0].Evidence).NotTo(BeEmpty())
		Expect(e.Causes[0].Remedy).To(ContainSubstring("kubectl get pvc"))
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(missing), missing)).To(Succeed())
		Expect(missing.Condition(v1.ConditionImpeded)).To(HaveField("Reason", v1.CauseClaimNotFound))
		out, err := virtctl(ctx, "explain", "vm", missing.Name, "-n", missing.Namespace)
		Expect(err).NotTo(HaveOccurred())
		Expect(out).To(ContainSubstring("What to do: "))

		By("telling of a start that failed")
		vm := machines[v1.CauseImageNotFound]
		Expect(k8s.Delete(ctx, launcherPod(ctx, instance(ctx, vm)))).To(Succeed())
		Eventually(ctx, func() []string { return causesOf(explained(ctx, vm).Causes) }).
			WithTimeout(stopTimeout).WithPolling(poll).Should(ContainElement(v1.CauseCrashLoop))

		By("telling what keeps a machine from going away")
		vm = tinyVM(common, "held", v1.RunStrategyHalted)
		vm.Finalizers = []string{held}
		create(ctx, vm)
		letGo(vm)
		Expect(k8s.Delete(ctx, vm)).To(Succeed())
		Eventually(ctx, func() []string { return causesOf(explained(ctx, vm).Causes) }).
			WithTimeout(explainTimeout).WithPolling(poll).Should(ContainElement(v1.CauseFinalizerHeld))
	})

	It("finds nothing wrong with ten that run, nor with those that are off", Label("full"), func(ctx context.Context) {
		namespace := newNamespace(ctx)
		var machines []*v1.VirtualMachine
		notes := map[string]string{}
		add := func(name string, strategy v1.VirtualMachineRunStrategy, note string,
			shape func(*v1.VirtualMachine)) *v1.VirtualMachine {
			vm := tinyVM(namespace, name, strategy)
			if shape != nil {
				shape(vm)
			}
			create(ctx, vm)
			machines = append(machines, vm)
			notes[name] = note
			return vm
		}
		running := []*v1.VirtualMachine{
			add("plain", v1.RunStrategyAlways, "", nil),
			add("once", v1.RunStrategyOnce, "", func(vm *v1.VirtualMachine) {
				addVolume(vm, "scratch", v1.VolumeSource{EmptyDisk: &v1.EmptyDiskSource{Capacity: resource.MustParse("16Mi")}})
			}),
		}
		for i := range 8 {
			running = append(running, add(fmt.Sprintf("well-%d", i), v1.RunStrategyAlways, "", nil))
		}
		for i, it := range append(placementImpediments(), shaped("", func(*v1.VirtualMachineInstanceSpec) {})) {
			// What would keep it from running does not matter to a machine that is off.
			strategy, note := v1.RunStrategyHalted, v1.CauseHalted
			if i%2 == 1 {
				strategy, note = v1.RunStrategyManual, v1.CauseNotStarted
			}
			add(fmt.Sprintf("off-%d", i), strategy, note, it.shape)
		}
		add("data", v1.RunStrategyHalted, v1.CauseHalted, func(vm *v1.VirtualMachine) {
			addVolume(vm, "data", v1.VolumeSource{PersistentVolumeClaim: &v1.PersistentVolumeClaimVolumeSource{ClaimName: "later"}})
		})
		Eventually(ctx, func() bool {
			ready := true
			for _, vm := range running { // also on its way
				Expect(explained(ctx, vm).Causes).To(BeEmpty(), vm.Name)
				vmi := instance(ctx, vm)
				ready = ready && vmi != nil && vmi.IsConditionTrue(v1.ConditionReady)
			}
			return ready
		}).WithTimeout(3*bootTimeout).WithPolling(time.Second).Should(BeTrue(), "ten guests should run")
		for _, vm := range machines {
			e := explained(ctx, vm)
			Expect(e.Healthy).To(BeTrue(), vm.Name)
			Expect(e.Causes).To(BeEmpty(), vm.Name)
			if note := notes[vm.Name]; note != "" {
				Expect(causesOf(e.Notes)).To(ConsistOf(note), vm.Name)
			}
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(vm), vm)).To(Succeed())
			Expect(vm.Condition(v1.ConditionImpeded)).To(BeNil(), vm.Name)
		}

		By("noting what somebody has done to it")
		for _, vm := range running[2:] { // Ten that boot at a time leave none the time to come to its login.
			Expect(k8s.Delete(ctx, vm)).To(Succeed())
		}
		_, err := virtctl(ctx, "pause", "vm", "plain", "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		console := openConsole(ctx, namespace, "once")
		console.login(ctx)
		console.send("poweroff")
		for vm, want := range map[*v1.VirtualMachine]string{running[0]: v1.CauseGuestPaused, running[1]: v1.CauseGuestPoweredOff} {
			Eventually(ctx, func() []string { return causesOf(explained(ctx, vm).Notes) }).
				WithTimeout(stopTimeout).WithPolling(poll).Should(ContainElement(want))
			Expect(explained(ctx, vm).Causes).To(BeEmpty())
		}
	})
})
