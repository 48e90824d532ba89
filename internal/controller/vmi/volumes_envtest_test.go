//go:build envtest

package vmi

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/builder"
	"kubevirt.io/kubevirt/test/envtest"
)

func (s *suite) wantVolume(name string, phase v1.VolumePhase, reason, message string) {
	s.Helper()
	got := v1.FindVolumeStatus(s.vmi().Status.VolumeStatus, name)
	if got == nil || got.Phase != phase || got.Reason != reason || got.Message != message {
		s.Errorf("volume %s: %+v, want %s, %s, %q", name, got, phase, reason, message)
	}
}

// From a claim that is missing to a guest that runs on it: what the status says of the
// volumes costs no write of its own.
func TestVolumesOfAnInstance(t *testing.T) {
	s := newSuite(t, builder.Claim("files", "my-files"))
	s.reconcile("PATCH vmi")
	s.wantVolume("files", v1.VolumePhasePending, "FailedPvcNotFound", "PersistentVolumeClaim my-files not found")

	claim := s.claim("my-files", corev1.PersistentVolumeFilesystem)
	claim.Annotations = map[string]string{"cdi.kubevirt.io/storage.preallocation": "true"}
	if err := cluster.Client.Update(s.ctx, claim); err != nil {
		t.Fatal(err)
	}
	s.reconcile("POST pod", "PATCH vmi")
	s.wantVolume("files", v1.VolumePhasePending, "PVCNotReady", "PersistentVolumeClaim my-files is not bound yet")
	var names []string
	for _, volume := range s.vmi().Spec.Volumes {
		names = append(names, volume.Name)
	}
	status := s.vmi().Status.VolumeStatus
	if len(status) != len(names) {
		t.Fatalf("volumes %v, status %+v", names, status)
	}
	for i := range status {
		if status[i].Name != names[i] {
			t.Errorf("entry %d is of %s, want %s", i, status[i].Name, names[i])
		}
	}

	claim.Status.Phase = corev1.ClaimBound
	claim.Status.Capacity = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("2Gi")}
	if err := cluster.Client.Status().Update(s.ctx, claim); err != nil {
		t.Fatal(err)
	}
	s.reconcile()
	cluster.Bind(t, s.pod(), testNode)
	cluster.SetPod(t, s.pod(), envtest.Running)
	s.reconcile("PATCH vmi")
	s.wantVolume("files", "", "", "")
	info := v1.FindVolumeStatus(s.vmi().Status.VolumeStatus, "files").PersistentVolumeClaimInfo
	if info.Capacity.Storage().String() != "2Gi" || !info.Preallocated || info.FilesystemOverhead != nil {
		t.Errorf("claim %+v", info)
	}
}

func TestClaimThatIsADevice(t *testing.T) {
	s := newSuite(t, builder.Claim("device", "my-device"))
	s.claim("my-device", corev1.PersistentVolumeBlock)
	s.reconcile("POST pod", "PATCH vmi")
	info := v1.FindVolumeStatus(s.vmi().Status.VolumeStatus, "device").PersistentVolumeClaimInfo
	if info.Preallocated || info.FilesystemOverhead == nil || *info.FilesystemOverhead != "0" {
		t.Errorf("claim %+v", info)
	}
}
