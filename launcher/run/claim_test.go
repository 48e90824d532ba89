//go:build process

package run_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// claimOf is a claim's directory, as the kubelet mounts it for the launcher's group.
func claimOf(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "claim")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chown(dir, launcherUser, launcherUser); err != nil {
		t.Fatal(err)
	}
	return dir
}

// withClaims is the wanted state of a guest whose disks are claims.
func (p *pod) withClaims(root, data string) *protocol.SyncRequest {
	p.t.Helper()
	instance := vmi()
	claim := func(name string) v1.VolumeSource {
		return v1.VolumeSource{PersistentVolumeClaim: &v1.PersistentVolumeClaimVolumeSource{ClaimName: name}}
	}
	instance.Spec.Volumes = []v1.Volume{{Name: "root", VolumeSource: claim("root")}, {Name: "data", VolumeSource: claim("data")}}
	instance.Spec.Domain.Devices.Disks = append(instance.Spec.Domain.Devices.Disks,
		v1.Disk{Name: "data", DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{Bus: "virtio"}}})
	instance.Status.VolumeStatus = []v1.VolumeStatus{{Name: "data", PersistentVolumeClaimInfo: &v1.PersistentVolumeClaimInfo{
		Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("8Mi")},
	}}}
	raw, err := json.Marshal(instance)
	if err != nil {
		p.t.Fatal(err)
	}
	request := p.request("")
	request.Vmi = raw
	request.Volumes = []*protocol.Volume{{Name: "root", Path: root}, {Name: "data", Path: data}}
	return request
}

// A guest boots from a claim and is given an empty disk in another. As long as it
// runs, no other guest gets them.
func TestClaims(t *testing.T) {
	root, data := claimOf(t), claimOf(t)
	disk, err := os.ReadFile(filepath.Join(containerDisk(t, bootSector), "disk", "boot.img"))
	if err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(root, "disk.img")
	if err := os.WriteFile(image, disk, 0o660); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(image, launcherUser, launcherUser); err != nil {
		t.Fatal(err)
	}
	p := startPod(t, 30)
	if _, err := p.client.Sync(p.ctx(), p.withClaims(root, data)); err != nil {
		t.Fatal(err)
	}
	p.waitLog(greeting)
	if made, err := os.Stat(filepath.Join(data, "disk.img")); err != nil || made.Size() != 8<<20 {
		t.Errorf("the empty claim holds %v, %v", made, err)
	}

	other := startPod(t, 30)
	if _, err := other.client.Sync(other.ctx(), other.withClaims(root, data)); err == nil || !strings.Contains(err.Error(), "lock") {
		t.Errorf("another guest on the same claims: %v", err)
	}
}
