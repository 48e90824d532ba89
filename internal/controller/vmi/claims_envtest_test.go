//go:build envtest

package vmi

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/launcherpod"
	"kubevirt.io/kubevirt/test/builder"
	"kubevirt.io/kubevirt/test/envtest"
)

// claim makes a claim of 1Gi in the instance's namespace.
func (s *suite) claim(name string, mode corev1.PersistentVolumeMode, owners ...metav1.OwnerReference) *corev1.PersistentVolumeClaim {
	s.Helper()
	claim := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.key.Namespace, Name: name, OwnerReferences: owners},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, VolumeMode: &mode,
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}
	if err := cluster.Client.Create(s.ctx, claim); err != nil {
		s.Fatalf("creating a claim: %v", err)
	}
	return claim
}

// dataVolume makes a data volume, or moves it into a phase.
func (s *suite) dataVolume(name string, phase cdiv1beta1.DataVolumePhase) *cdiv1beta1.DataVolume {
	s.Helper()
	volume := &cdiv1beta1.DataVolume{ObjectMeta: metav1.ObjectMeta{Namespace: s.key.Namespace, Name: name}}
	err := cluster.Client.Create(s.ctx, volume)
	if err != nil {
		err = cluster.Client.Get(s.ctx, client.ObjectKeyFromObject(volume), volume)
	}
	volume.Status.Phase = phase
	if err == nil {
		err = cluster.Client.Update(s.ctx, volume)
	}
	if err != nil {
		s.Fatalf("writing a data volume: %v", err)
	}
	return volume
}

func TestClaimsInThePod(t *testing.T) {
	s := newSuite(t, builder.Claim("files", "my-files"), builder.Claim("device", "my-device"))
	s.claim("my-files", corev1.PersistentVolumeFilesystem)
	s.claim("my-device", corev1.PersistentVolumeBlock)
	s.reconcile("POST pod", "PATCH vmi")
	s.wantEvents("Normal SuccessfulCreate")
	s.wantCondition(v1.ConditionDataVolumesReady, "")
	compute := s.pod().Spec.Containers[0]
	if len(compute.VolumeDevices) != 1 || compute.VolumeDevices[0].DevicePath != "/dev/device" {
		t.Errorf("devices: %v", compute.VolumeDevices)
	}
	status := s.vmi().Status.VolumeStatus
	if len(status) != 2 || status[0].Name != "files" || status[1].Name != "device" {
		t.Fatalf("volume status: %v", status)
	}
	info := status[1].PersistentVolumeClaimInfo
	if info == nil || info.ClaimName != "my-device" || *info.VolumeMode != corev1.PersistentVolumeBlock ||
		len(info.AccessModes) != 1 || info.Requests.Storage().String() != "1Gi" {
		t.Errorf("claim: %+v", info)
	}
}

// A claim bound after the pod was made is told with the hand-over.
func TestClaimBoundLater(t *testing.T) {
	s := newSuite(t, builder.Claim("files", "my-files"))
	claim := s.claim("my-files", corev1.PersistentVolumeFilesystem)
	s.reconcile("POST pod", "PATCH vmi")
	claim.Status.Phase = corev1.ClaimBound
	claim.Status.Capacity = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("2Gi")}
	if err := cluster.Client.Status().Update(s.ctx, claim); err != nil {
		t.Fatal(err)
	}
	s.reconcile()
	cluster.Bind(t, s.pod(), testNode)
	cluster.SetPod(t, s.pod(), envtest.Running)
	s.reconcile("PATCH vmi")
	if got := s.vmi().Status.VolumeStatus[0].PersistentVolumeClaimInfo.Capacity.Storage().String(); got != "2Gi" {
		t.Errorf("capacity %s", got)
	}
}

func TestClaimMissing(t *testing.T) {
	s := newSuite(t, builder.Claim("files", "my-files"))
	s.reconcile("PATCH vmi")
	s.wantEvents("Warning FailedPvcNotFound")
	s.wantCondition(v1.ConditionSynchronized, "False FailedPvcNotFound")
	s.wantPhase(v1.VMIPhasePending)
	s.reconcile()
	s.wantEvents()
	s.claim("my-files", corev1.PersistentVolumeFilesystem)
	s.reconcile("POST pod", "PATCH vmi")
	s.wantCondition(v1.ConditionSynchronized, "")
	s.wantPhase(v1.VMIPhaseScheduling)
	s.wantEvents("Normal SuccessfulCreate")
}

func TestDeletedWhileTheClaimIsMissing(t *testing.T) {
	s := newSuite(t, builder.Claim("files", "my-files"))
	s.reconcile("PATCH vmi")
	s.delete(s.vmi())
	s.reconcile("PATCH vmi")
	if !s.gone() {
		t.Error("the instance is still there")
	}
}

// Without the kind DataVolume the claim of the name counts.
func TestDataVolumesNotAvailable(t *testing.T) {
	s := newSuite(t, builder.DataVolume("root", "my-root"))
	s.reconcile("PATCH vmi")
	s.wantEvents("Warning FailedPvcNotFound")
	s.wantCondition(v1.ConditionSynchronized, "False FailedPvcNotFound")
	if message := s.vmi().Condition(v1.ConditionSynchronized).Message; message != claimNotFound(&claim{name: "my-root", unavailable: true}).Message {
		t.Errorf("message %q", message)
	}
	s.claim("my-root", corev1.PersistentVolumeFilesystem)
	s.reconcile("POST pod", "PATCH vmi")
	s.wantCondition(v1.ConditionDataVolumesReady, "True AllDVsReady")
}

func TestDataVolumeIsFilled(t *testing.T) {
	cluster.InstallDataVolumes(t)
	s := newSuite(t, builder.DataVolume("root", "my-root"))
	s.dataVolume("my-root", cdiv1beta1.DataVolumePending)
	s.reconcile("PATCH vmi")
	s.wantCondition(v1.ConditionDataVolumesReady, "False NotAllDVsReady")
	s.wantCondition(v1.ConditionSynchronized, "")
	s.claim("my-root", corev1.PersistentVolumeFilesystem)
	for _, phase := range []cdiv1beta1.DataVolumePhase{"", cdiv1beta1.DataVolumeImportScheduled, cdiv1beta1.DataVolumeImportInProgress} {
		s.dataVolume("my-root", phase)
		s.reconcile()
	}
	s.wantEvents()
	s.dataVolume("my-root", cdiv1beta1.DataVolumeSucceeded)
	s.reconcile("POST pod", "PATCH vmi")
	s.wantCondition(v1.ConditionDataVolumesReady, "True AllDVsReady")
	s.wantCondition(v1.ConditionProvisioning, "")
	s.wantPhase(v1.VMIPhaseScheduling)
}

// A filled data volume costs a start nothing.
func TestDataVolumeIsThere(t *testing.T) {
	cluster.InstallDataVolumes(t)
	s := newSuite(t, builder.DataVolume("root", "my-root"))
	s.dataVolume("my-root", cdiv1beta1.DataVolumeSucceeded)
	s.claim("my-root", corev1.PersistentVolumeFilesystem)
	s.reconcile("POST pod", "PATCH vmi")
	s.wantCondition(v1.ConditionDataVolumesReady, "True AllDVsReady")
	s.reconcile()
}

// A claim that a data volume fills is not used before, however the instance names it.
func TestClaimOfADataVolume(t *testing.T) {
	cluster.InstallDataVolumes(t)
	s := newSuite(t, builder.Claim("root", "my-root"))
	volume := s.dataVolume("my-root", cdiv1beta1.DataVolumeImportInProgress)
	s.claim("my-root", corev1.PersistentVolumeFilesystem, *metav1.NewControllerRef(volume, cdiv1beta1.DataVolumeGroupVersionKind))
	s.reconcile("PATCH vmi")
	s.wantCondition(v1.ConditionDataVolumesReady, "False NotAllDVsReady")
	s.dataVolume("my-root", cdiv1beta1.DataVolumeSucceeded)
	s.reconcile("POST pod", "PATCH vmi")
	s.wantCondition(v1.ConditionDataVolumesReady, "True AllDVsReady")
}

// A claim that goes with its earlier owner is waited for, and what comes after it is used.
func TestClaimLeft(t *testing.T) {
	cluster.InstallDataVolumes(t)
	s := newSuite(t, builder.DataVolume("root", "my-root"))
	volume := s.dataVolume("my-root", cdiv1beta1.DataVolumeSucceeded)
	owner := *metav1.NewControllerRef(volume, cdiv1beta1.DataVolumeGroupVersionKind)
	claim := s.claim("my-root", corev1.PersistentVolumeFilesystem, owner)
	s.delete(volume)
	s.reconcile("PATCH vmi")
	volume = s.dataVolume("my-root", cdiv1beta1.DataVolumeSucceeded)
	s.reconcile()
	s.wantPhase(v1.VMIPhasePending)
	s.wantCondition(v1.ConditionDataVolumesReady, "False NotAllDVsReady")
	s.wantCondition(v1.ConditionSynchronized, "")
	s.wantEvents()
	// The API server protects claims, so that this one stays while it is being deleted.
	s.delete(claim)
	s.reconcile()
	unprotected := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
	if err := cluster.Client.Patch(s.ctx, claim, unprotected); err != nil {
		t.Fatal(err)
	}
	owner.UID = volume.UID
	s.claim("my-root", corev1.PersistentVolumeFilesystem, owner)
	s.reconcile("POST pod", "PATCH vmi")
	s.wantPhase(v1.VMIPhaseScheduling)
}

func TestDataVolumeFails(t *testing.T) {
	cluster.InstallDataVolumes(t)
	s := newSuite(t, builder.DataVolume("root", "my-root"))
	s.dataVolume("my-root", cdiv1beta1.DataVolumeFailed)
	s.reconcile("PATCH vmi")
	s.wantEvents("Warning FailedDataVolumeImport")
	s.wantPhase(v1.VMIPhaseFailed)
	s.wantCondition(v1.ConditionSynchronized, "False FailedDataVolumeImport")
	s.reconcile()
}

// A populator's consumer is the launcher pod itself.
func TestPendingPopulation(t *testing.T) {
	cluster.InstallDataVolumes(t)
	s := newSuite(t, builder.DataVolume("root", "my-root"))
	s.dataVolume("my-root", cdiv1beta1.DataVolumePendingPopulation)
	s.claim("my-root", corev1.PersistentVolumeFilesystem)
	s.reconcile("POST pod", "PATCH vmi")
	s.wantCondition(v1.ConditionDataVolumesReady, "False NotAllDVsReady")
	cluster.Bind(t, s.pod(), testNode)
	cluster.SetPod(t, s.pod(), envtest.Running)
	s.reconcile("PATCH vmi")
	s.wantPhase(v1.VMIPhaseScheduled)
	s.report(phase(v1.VMIPhaseRunning))
	s.dataVolume("my-root", cdiv1beta1.DataVolumeSucceeded)
	s.reconcile("PATCH pod status", "PATCH vmi")
	s.wantCondition(v1.ConditionDataVolumesReady, "True AllDVsReady")
	s.reconcile()
}

func TestNamespaceEndsBeforeTheConsumer(t *testing.T) {
	cluster.InstallDataVolumes(t)
	s := newSuite(t, builder.DataVolume("root", "my-root"))
	s.dataVolume("my-root", cdiv1beta1.DataVolumeWaitForFirstConsumer)
	s.claim("my-root", corev1.PersistentVolumeFilesystem)
	s.delete(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.key.Namespace}})
	s.reconcile("POST pod failed", "PATCH vmi")
	s.wantCondition(v1.ConditionSynchronized, "")
	s.wantEvents()
}

// consumed brings an instance to where a pod of its own uses the claim.
func consumed(t *testing.T) *suite {
	cluster.InstallDataVolumes(t)
	s := newSuite(t, builder.DataVolume("root", "my-root"))
	s.dataVolume("my-root", cdiv1beta1.DataVolumeWaitForFirstConsumer)
	s.claim("my-root", corev1.PersistentVolumeFilesystem)
	s.reconcile("POST pod", "PATCH vmi")
	s.wantEvents("Normal SuccessfulCreate")
	return s
}

func TestWaitForFirstConsumer(t *testing.T) {
	s := consumed(t)
	vmi, pod := s.wantPhase(v1.VMIPhasePending), s.pod()
	if pod.Name != launcherpod.ConsumerName(vmi) || pod.Annotations[v1.AnnotationEphemeralProvisioning] != "true" || len(vmi.Status.ActivePods) != 0 {
		t.Errorf("pod %s with %v, active %v", pod.Name, pod.Annotations, vmi.Status.ActivePods)
	}
	s.wantCondition(v1.ConditionProvisioning, "True WaitForFirstConsumer")
	s.wantCondition(v1.ConditionDataVolumesReady, "False NotAllDVsReady")
	s.reconcile()
	cluster.Bind(t, pod, testNode)
	cluster.SetPod(t, pod, envtest.Ended(corev1.PodSucceeded))
	s.reconcile()
	s.dataVolume("my-root", cdiv1beta1.DataVolumeImportInProgress)
	s.reconcile()
	s.dataVolume("my-root", cdiv1beta1.DataVolumeSucceeded)
	s.reconcile("DELETE pod", "POST pod", "PATCH vmi")
	s.wantEvents("Normal SuccessfulDelete", "Normal SuccessfulCreate")
	if !s.r.writes.Behind(s.key, pod) {
		t.Error("a consumer that the cache may still show is to be remembered as deleted")
	}
	vmi = s.wantPhase(v1.VMIPhaseScheduling)
	s.wantCondition(v1.ConditionProvisioning, "")
	s.wantCondition(v1.ConditionDataVolumesReady, "True AllDVsReady")
	if len(vmi.Status.ActivePods) != 1 {
		t.Errorf("active pods: %v", vmi.Status.ActivePods)
	}
	s.reconcile()
	if s.r.writes.Behind(s.key, pod) {
		t.Error("a consumer that is gone is still remembered")
	}
}

// What keeps the consumer from starting is told as if it kept the guest's pod.
func TestConsumerDoesNotStart(t *testing.T) {
	s := consumed(t)
	pod := s.pod()
	cluster.SetPod(t, pod, func(status *corev1.PodStatus) {
		envtest.SetPodCondition(status, corev1.PodScheduled, corev1.ConditionFalse, "Unschedulable")
	})
	s.reconcile("PATCH vmi")
	s.wantCondition(v1.ConditionPodScheduled, "False Unschedulable")
	cluster.Bind(t, pod, testNode)
	cluster.SetPod(t, pod, envtest.Waiting("ErrImagePull"))
	s.reconcile("PATCH vmi")
	s.wantCondition(v1.ConditionPodScheduled, "")
	s.wantCondition(v1.ConditionSynchronized, "False ErrImagePull")
	cluster.SetPod(t, pod, envtest.Ended(corev1.PodSucceeded))
	s.reconcile("PATCH vmi")
	s.wantCondition(v1.ConditionSynchronized, "")
	s.wantPhase(v1.VMIPhasePending)
}

func TestConsumerFails(t *testing.T) {
	s := consumed(t)
	pod := s.pod()
	cluster.Bind(t, pod, testNode)
	cluster.SetPod(t, pod, envtest.Ended(corev1.PodFailed))
	s.reconcile("PATCH vmi")
	s.wantPhase(v1.VMIPhaseFailed)
	s.wantEvents("Warning FailedCreate")
	s.wantCondition(v1.ConditionProvisioning, "")
	s.delete(s.vmi())
	s.reconcile("DELETE pod")
	cluster.RemovePod(t, pod)
	s.reconcile("PATCH vmi")
	if !s.gone() {
		t.Error("the instance is still there")
	}
}

func TestDeletedWhileItsClaimIsConsumed(t *testing.T) {
	s := consumed(t)
	s.delete(s.vmi())
	// The pod has no node, so that the API server removes it at once.
	s.reconcile("DELETE pod")
	s.reconcile("PATCH vmi")
	if !s.gone() {
		t.Error("the instance is still there")
	}
}
