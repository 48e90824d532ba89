//go:build process

package run_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// drive is one disk of a guest with the volume behind it.
type drive struct {
	disk   v1.Disk
	source v1.VolumeSource
	path   string
}

func onVirtio(name string) v1.Disk {
	return v1.Disk{Name: name, DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{Bus: v1.DiskBusVirtio}}}
}

func claimSource(readOnly bool) v1.VolumeSource {
	return v1.VolumeSource{PersistentVolumeClaim: &v1.PersistentVolumeClaimVolumeSource{ClaimName: "claim", ReadOnly: readOnly}}
}

func ephemeralSource() v1.VolumeSource {
	return v1.VolumeSource{Ephemeral: &v1.EphemeralVolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "claim"},
	}}
}

// withDrives is the wanted state of a guest with just these disks.
func (p *pod) withDrives(drives ...drive) *protocol.SyncRequest {
	p.t.Helper()
	instance := vmi()
	instance.Spec.Domain.Devices.Disks, instance.Spec.Volumes = nil, nil
	request := p.request("")
	request.Volumes = nil
	for _, d := range drives {
		instance.Spec.Domain.Devices.Disks = append(instance.Spec.Domain.Devices.Disks, d.disk)
		instance.Spec.Volumes = append(instance.Spec.Volumes, v1.Volume{Name: d.disk.Name, VolumeSource: d.source})
		request.Volumes = append(request.Volumes, &protocol.Volume{Name: d.disk.Name, Path: d.path})
	}
	var err error
	if request.Vmi, err = json.Marshal(instance); err != nil {
		p.t.Fatal(err)
	}
	return request
}

// startWith starts a guest with just these disks, which has to succeed.
func (p *pod) startWith(drives ...drive) {
	p.t.Helper()
	if _, err := p.client.Sync(p.ctx(), p.withDrives(drives...)); err != nil {
		p.t.Fatal(err)
	}
}

// startFails tries the same, which has to fail with words of an error.
func (p *pod) startFails(words string, drives ...drive) {
	p.t.Helper()
	if _, err := p.client.Sync(p.ctx(), p.withDrives(drives...)); err == nil || !strings.Contains(err.Error(), words) {
		p.t.Errorf("error is %v, want %q", err, words)
	}
}

// opened says how QEMU has a file or device open: "read", "write", or "" for not at all.
func (p *pod) opened(path string) string {
	p.t.Helper()
	want, err := os.Stat(path)
	if err != nil {
		p.t.Fatal(err)
	}
	how := ""
	for _, pid := range p.processes()[qemuName] {
		descriptors, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		for _, descriptor := range descriptors {
			found, err := os.Stat(descriptor)
			if err != nil || !os.SameFile(want, found) {
				continue
			}
			info, _ := os.ReadFile(strings.Replace(descriptor, "/fd/", "/fdinfo/", 1))
			if _, after, ok := strings.Cut(string(info), "flags:"); ok {
				flags, _ := strconv.ParseUint(strings.Fields(after)[0], 8, 64)
				if flags&syscall.O_ACCMODE != syscall.O_RDONLY {
					return "write"
				}
				how = "read"
			}
		}
	}
	return how
}

// bootImage puts a disk that boots into a directory, owned by the launcher's user.
func bootImage(t *testing.T, dir, name string) string {
	t.Helper()
	disk, err := os.ReadFile(filepath.Join(containerDisk(t, bootSector), "disk", "boot.img"))
	if err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(dir, name)
	if err := os.WriteFile(image, disk, 0o660); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(image, launcherUser, launcherUser); err != nil {
		t.Fatal(err)
	}
	return image
}

// Guests share the claim below their ephemeral disks, which nobody can write to, and
// which nobody else may write to meanwhile.
func TestEphemeral(t *testing.T) {
	claim := claimOf(t)
	image := bootImage(t, claim, "disk.img")
	if err := os.Chmod(image, 0o440); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	root := drive{onVirtio("root"), ephemeralSource(), claim}
	for range 2 {
		p := startPod(t, 30)
		p.startWith(root)
		p.waitLog(greeting)
		if how := p.opened(image); how != "read" {
			t.Errorf("the claim's image is open to %q", how)
		}
		overlay, _ := filepath.Glob(filepath.Join(p.runDir, "*", "root.qcow2"))
		if len(overlay) != 1 || p.opened(overlay[0]) != "write" {
			t.Errorf("the guest writes to %v", overlay)
		}
	}
	if err := os.Chmod(image, 0o660); err != nil {
		t.Fatal(err)
	}
	startPod(t, 30).startFails("lock", drive{onVirtio("root"), claimSource(false), claim})
	if after, err := os.ReadFile(image); err != nil || !slices.Equal(before, after) {
		t.Errorf("the claim has changed: %v", err)
	}
}

// What a guest may only read is opened for reading only, so that others can as well.
func TestReadOnlyDisks(t *testing.T) {
	root, cd, disk := claimOf(t), claimOf(t), claimOf(t)
	images := []string{bootImage(t, root, "disk.img"), bootImage(t, cd, "disk.img"), bootImage(t, disk, "disk.img")}
	readOnly := onVirtio("disk")
	readOnly.Disk.ReadOnly = true
	drives := []drive{
		{onVirtio("root"), claimSource(true), root},
		{v1.Disk{Name: "cd", DiskDevice: v1.DiskDevice{CDRom: &v1.CDRomTarget{Bus: v1.DiskBusSATA}}}, claimSource(false), cd},
		{readOnly, v1.VolumeSource{HostDisk: &v1.HostDisk{Path: "/disk.img", Type: v1.HostDiskTypeDisk}}, images[2]},
	}
	for range 2 {
		p := startPod(t, 30)
		p.startWith(drives...)
		p.waitLog(greeting)
		for _, image := range images {
			if how := p.opened(image); how != "read" {
				t.Errorf("%s is open to %q", image, how)
			}
		}
	}
}

// Guests write to a disk at once only if it is made for that.
func TestShareable(t *testing.T) {
	claim := claimOf(t)
	image := bootImage(t, claim, "disk.img")
	yes := true
	shared := onVirtio("root")
	shared.Shareable = &yes
	for range 2 {
		p := startPod(t, 30)
		p.startWith(drive{shared, claimSource(false), claim})
		p.waitLog(greeting)
		if how := p.opened(image); how != "write" {
			t.Errorf("it is open to %q", how)
		}
	}
	startPod(t, 30).startFails("lock", drive{onVirtio("root"), claimSource(false), claim})
	readOnly := drive{onVirtio("root"), claimSource(true), claim}
	startPod(t, 30).startFails("lock", readOnly)
}

// A host disk belongs to one guest, and is refused where it cannot be a disk.
func TestHostDisk(t *testing.T) {
	dir := claimOf(t)
	image := bootImage(t, dir, "vm.img")
	source := v1.VolumeSource{HostDisk: &v1.HostDisk{Path: "/data/vm.img", Type: v1.HostDiskTypeDisk}}
	root := drive{onVirtio("root"), source, image}
	p := startPod(t, 30)
	p.startWith(root)
	p.waitLog(greeting)
	startPod(t, 30).startFails("lock", root)

	ragged := filepath.Join(dir, "ragged.img")
	if err := os.WriteFile(ragged, make([]byte, 1000), 0o666); err != nil {
		t.Fatal(err)
	}
	startPod(t, 30).startFails("multiple of 512", drive{onVirtio("root"), source, ragged})
	link := filepath.Join(dir, "link.img")
	if err := os.Symlink("/etc/passwd", link); err != nil {
		t.Fatal(err)
	}
	startPod(t, 30).startFails("not a regular file", drive{onVirtio("root"), source, link})
}

// A claim that is a device: read below an overlay, with its own block sizes, and no LUN
// where it takes no SCSI commands.
func TestBlockClaim(t *testing.T) {
	image := bootImage(t, claimOf(t), "device.img")
	if err := os.Truncate(image, 8<<20); err != nil {
		t.Fatal(err)
	}
	attached, err := exec.Command("losetup", "--find", "--show", image).Output()
	if err != nil {
		t.Skipf("no loop device: %v", err)
	}
	loop := strings.TrimSpace(string(attached))
	t.Cleanup(func() { _ = exec.Command("losetup", "--detach", loop).Run() })
	var found syscall.Stat_t
	if err := syscall.Stat(loop, &found); err != nil {
		t.Fatal(err)
	}
	// As in a pod, where every container has a node of its own.
	device := func() string {
		node := filepath.Join(claimOf(t), "device")
		if err := syscall.Mknod(node, syscall.S_IFBLK|0o660, int(found.Rdev)); err != nil {
			t.Skipf("making a device: %v", err)
		}
		if err := os.Chown(node, launcherUser, launcherUser); err != nil {
			t.Fatal(err)
		}
		return node
	}
	matching := onVirtio("root")
	matching.BlockSize = &v1.BlockSize{MatchVolume: &v1.FeatureState{}}
	for range 2 {
		p, node := startPod(t, 30), device()
		p.startWith(drive{matching, ephemeralSource(), node})
		p.waitLog(greeting)
		if how := p.opened(node); how != "read" {
			t.Errorf("the device is open to %q", how)
		}
	}
	p, node := startPod(t, 30), device()
	p.startFails("takes no SCSI commands", drive{v1.Disk{Name: "root", DiskDevice: v1.DiskDevice{LUN: &v1.LunTarget{}}}, claimSource(false), node})
}
