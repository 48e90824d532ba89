package explain

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func onDemand(class *storagev1.StorageClass) {
	class.VolumeBindingMode = ptr(storagev1.VolumeBindingWaitForFirstConsumer)
}

// otherPod uses the claim called data.
func otherPod(f *Facts) {
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "reader"},
		Status: corev1.PodStatus{Phase: corev1.PodRunning}}
	pod.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"},
	}}}
	f.Users = append(f.Users, pod)
}

func claimStories() []story {
	pending := instance(v1.VMIPhasePending, time.Minute)
	// with is a machine on the claim called data.
	with := func(changes ...change) Facts {
		return scene(v1.RunStrategyAlways, append([]change{usesClaim()}, changes...)...)
	}
	unplacedPod := launcher(corev1.PodPending, 10*time.Minute,
		unplaced("0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: none."))
	scheduling := instance(v1.VMIPhaseScheduling, 10*time.Minute)
	return []story{
		{name: "claim missing", facts: with(instance(v1.VMIPhasePending, time.Minute, missing("data"))),
			causes: causes(v1.CauseClaimNotFound), says: "claim data"},
		{name: "claim of a data volume missing without CDI", causes: causes(v1.CauseDataVolumesUnavailable),
			facts: scene(v1.RunStrategyAlways, volume("data", v1.VolumeSource{DataVolume: &v1.DataVolumeSource{Name: "data"}}),
				instance(v1.VMIPhasePending, time.Minute, unsynchronized(v1.ReasonFailedPvcNotFound,
					"PersistentVolumeClaim data not found, waiting for it: no DataVolume can make it, because this cluster has none")))},
		{name: "claim going", causes: causes(v1.CauseClaimTerminating), says: "data",
			facts: with(pending, otherPod, claim(corev1.ClaimBound, time.Hour, func(c *corev1.PersistentVolumeClaim) {
				c.DeletionTimestamp, c.Finalizers = agoPtr(time.Minute), []string{"kubernetes.io/pvc-protection"}
			}))},
		{name: "claim going, says the scheduler", causes: causes(v1.CauseClaimTerminating),
			facts: with(scheduling, launcher(corev1.PodPending, time.Minute,
				unplaced(`0/2 nodes are available: persistentvolumeclaim "data" is being deleted. preemption: none.`)))},
		{name: "claim lost", facts: with(pending, claim(corev1.ClaimLost, time.Hour)), causes: causes(v1.CauseClaimLost), says: "gone"},
		{name: "no default class", causes: causes(v1.CauseNoDefaultStorageClass),
			facts: with(scheduling, unplacedPod, classes(), claim(corev1.ClaimPending, time.Minute,
				func(c *corev1.PersistentVolumeClaim) { c.Spec.StorageClassName = nil }))},
		{name: "class missing", causes: causes(v1.CauseStorageClassNotFound), says: "slow",
			facts: with(scheduling, unplacedPod, classes(), claimEvent("ProvisioningFailed",
				`storageclass.storage.k8s.io "slow" not found`),
				claim(corev1.ClaimPending, time.Minute, func(c *corev1.PersistentVolumeClaim) { c.Spec.StorageClassName = ptr("slow") }))},
		{name: "provisioner fails", causes: causes(v1.CauseProvisioningFailed), says: "no space",
			facts: with(scheduling, unplacedPod, classes(), claim(corev1.ClaimPending, time.Minute),
				claimEvent("ProvisioningFailed", "no space left"))},
		{name: "no room, says the scheduler", causes: causes(v1.CauseProvisioningFailed), says: "2 of 2 nodes are without room",
			facts: with(scheduling, launcher(corev1.PodPending, time.Minute,
				unplaced("0/2 nodes are available: 2 node(s) did not have enough free storage. preemption: none.")))},
		{name: "provisioner silent", causes: causes(v1.CauseClaimNotBound), says: "10m",
			facts: with(scheduling, unplacedPod, classes(), claim(corev1.ClaimPending, 10*time.Minute),
				claimEvent("ExternalProvisioning", "waiting"))},
		{name: "provisioner silent on demand", causes: causes(v1.CauseClaimNotBound),
			facts: with(scheduling, unplacedPod, classes(onDemand), claim(corev1.ClaimPending, time.Hour,
				func(c *corev1.PersistentVolumeClaim) {
					c.Annotations = map[string]string{"volume.kubernetes.io/selected-node": "node01"}
				}))},
		{name: "nothing to bind", causes: causes(v1.CauseClaimNotBound),
			facts: with(scheduling, unplacedPod, classes(), claim(corev1.ClaimPending, time.Hour,
				func(c *corev1.PersistentVolumeClaim) { c.Spec.StorageClassName = ptr("") }))},
	}
}

func volumeStories() []story {
	scheduling := instance(v1.VMIPhaseScheduling, 10*time.Minute)
	onNode01 := launcher(corev1.PodPending, time.Minute, waiting("ContainerCreating", ""))
	with := func(changes ...change) Facts {
		return scene(v1.RunStrategyAlways, append([]change{usesClaim(), scheduling}, changes...)...)
	}
	imported := func(phase cdiv1beta1.DataVolumePhase, age time.Duration, conditions ...cdiv1beta1.DataVolumeCondition) Facts {
		return scene(v1.RunStrategyAlways, template, dataVolume(phase, age, conditions...))
	}
	return []story{
		{name: "of another machine", causes: causes(v1.CauseClaimInUse), says: "VirtualMachineInstance other",
			facts: scene(v1.RunStrategyAlways, usesClaim(), claim(corev1.ClaimBound, time.Hour), instance(v1.VMIPhasePending, time.Minute,
				unsynchronized(v1.ReasonClaimInUse, "PersistentVolumeClaim data is in use by VirtualMachineInstance other, waiting for it")))},
		{name: "one pod only", causes: causes(v1.CauseClaimInUse), says: "reader",
			facts: with(otherPod, claim(corev1.ClaimBound, time.Hour), launcher(corev1.PodPending, time.Minute,
				unplaced("0/2 nodes are available: 1 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod. preemption: none.")))},
		{name: "attached elsewhere", causes: causes(v1.CauseClaimInUse), says: "another node",
			facts: with(otherPod, claim(corev1.ClaimBound, time.Hour), onNode01,
				podEvent("FailedAttachVolume", `Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) reader`))},
		{name: "not attached", causes: causes(v1.CauseVolumeAttachFailed), says: "no LUN",
			facts: with(onNode01, podEvent("FailedAttachVolume", "AttachVolume.Attach failed: no LUN left"))},
		{name: "not mounted, as virt-controller says", causes: causes(v1.CauseVolumeMountFailed), says: "secret x",
			facts: scene(v1.RunStrategyAlways, instance(v1.VMIPhaseScheduling, time.Minute,
				unsynchronized("FailedMount", "Not found, waiting for it: secret x")))},
		{name: "not attached, as virt-controller says", causes: causes(v1.CauseVolumeAttachFailed), says: "no LUN",
			facts: scene(v1.RunStrategyAlways, instance(v1.VMIPhaseScheduling, time.Minute, unsynchronized("FailedAttachVolume", "no LUN")))},
		{name: "not set up, as virt-controller says", causes: causes(v1.CauseContainerInvalid), says: "no plugin",
			facts: scene(v1.RunStrategyAlways, instance(v1.VMIPhaseScheduling, time.Minute, unsynchronized("FailedCreatePodSandBox", "no plugin")))},
		{name: "not mounted", causes: causes(v1.CauseVolumeMountFailed), says: "wrong fs type",
			facts: with(onNode01, podEvent("FailedMount", "MountVolume.MountDevice failed: wrong fs type"))},
		{name: "volume elsewhere", causes: causes(v1.CauseVolumeNodeConflict), says: "1 of 2 nodes is out of reach",
			facts: with(launcher(corev1.PodPending, time.Minute,
				unplaced("0/2 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity. preemption: none.")))},
		{name: "volume gone, says the scheduler", causes: causes(v1.CauseClaimLost),
			facts: with(launcher(corev1.PodPending, time.Minute,
				unplaced(`0/2 nodes are available: persistentvolumeclaim "data" bound to non-existent persistentvolume "pv-1". preemption: none.`)))},

		{name: "import failed", facts: imported(cdiv1beta1.DataVolumeFailed, time.Minute), causes: causes(v1.CauseDataVolumeFailed)},
		{name: "import fails and is tried again", causes: causes(v1.CauseDataVolumeFailed), says: "404",
			facts: imported(cdiv1beta1.DataVolumeImportInProgress, time.Minute,
				cdiv1beta1.DataVolumeCondition{Type: "Running", Status: corev1.ConditionFalse, Reason: "Error",
					Message: "expected status code 200, got 404"})},
		{name: "import failed, says the instance", causes: causes(v1.CauseDataVolumeFailed),
			facts: scene(v1.RunStrategyManual, instance(v1.VMIPhaseFailed, time.Minute,
				unsynchronized(v1.ReasonFailedDataVolumeImport, "DataVolume data could not be filled")))},
		{name: "import takes long", facts: imported(cdiv1beta1.DataVolumeImportInProgress, 20*time.Minute),
			causes: causes(v1.CauseDataVolumeNotFilled), says: "20m"},
		{name: "waits for an upload", facts: imported(cdiv1beta1.DataVolumeUploadReady, 20*time.Minute),
			causes: causes(v1.CauseDataVolumeNotFilled), says: "upload"},

		{name: "secret missing", causes: causes(v1.CauseSecretNotFound), says: "app",
			facts: scene(v1.RunStrategyAlways, scheduling, onNode01, podEvent("FailedMount",
				`MountVolume.SetUp failed for volume "app" : secret "app" not found`))},
		{name: "config map missing", causes: causes(v1.CauseConfigMapNotFound), says: "app",
			facts: scene(v1.RunStrategyAlways, scheduling, onNode01, podEvent("FailedMount",
				`MountVolume.SetUp failed for volume "app" : configmap "app" not found`))},
		{name: "cloud-init secret missing", causes: causes(v1.CauseCloudInitSecretNotFound), says: "init",
			facts: scene(v1.RunStrategyAlways, volume("init", v1.VolumeSource{CloudInitNoCloud: &v1.CloudInitNoCloudSource{
				NetworkDataSecretRef: &corev1.LocalObjectReference{Name: "net"},
			}}), scheduling, onNode01, podEvent("FailedMount", `MountVolume.SetUp failed for volume "init-ndata" : secret "net" not found`))},
	}
}
