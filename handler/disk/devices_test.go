package disk

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/launcherclient/nodetest"
)

func TestConflict(t *testing.T) {
	write, read, share := v1.VolumeUseWrite, v1.VolumeUseRead, v1.VolumeUseShare
	for name, c := range map[string]struct {
		own    v1.VolumeUse
		others []v1.VolumeUse
		// free: it is let to the device.
		free bool
	}{
		"nobody":                    {own: write, free: true},
		"two that write":            {own: write, others: []v1.VolumeUse{write}},
		"a reader before a writer":  {own: write, others: []v1.VolumeUse{read}},
		"a writer before a reader":  {own: read, others: []v1.VolumeUse{read, write}},
		"readers":                   {own: read, others: []v1.VolumeUse{read, read}, free: true},
		"sharers":                   {own: share, others: []v1.VolumeUse{share}, free: true},
		"a sharer before a writer":  {own: write, others: []v1.VolumeUse{share}},
		"a sharer after a writer":   {own: share, others: []v1.VolumeUse{write}},
		"a sharer after a reader":   {own: share, others: []v1.VolumeUse{read}},
		"a follower after a sharer": {own: v1.VolumeUseFollow, others: []v1.VolumeUse{share}, free: true},
	} {
		var holders []holder
		for _, use := range c.others {
			holders = append(holders, holder{use: use})
		}
		if other := conflict(c.own, holders); (other == nil) != c.free {
			t.Errorf("%s: %+v", name, other)
		}
	}
}

func TestHolder(t *testing.T) {
	want := holder{pod: podUID, guest: types.NamespacedName{Namespace: "ns", Name: "vm"}, use: v1.VolumeUseWrite}
	if got := holderFrom(podUID, want.note()); got != want {
		t.Errorf("%+v", got)
	}
}

// Who has been let to a device keeps others off it for as long as its pod has a process,
// whatever became of the agent that had let it, and whether it has opened it by now.
func TestDeviceInUse(t *testing.T) {
	node := nodetest.New(t)
	pod := func(number int, files ...string) (Pod, func()) {
		launcher, stop := start(t, node, shortTemp(t), "launcher.sock", files...)
		uid := fmt.Sprintf("11111111-2222-3333-4444-55555555555%d", number)
		node.Own(t, launcher.PID, uid)
		return Pod{UID: uid, Launcher: launcher, User: launcherUser, Cgroups: node.Cgroups, Devices: &Devices{}}, stop
	}
	disk := func(namespace, name string, change func(*v1.Volume, *v1.Disk)) *v1.VirtualMachineInstance {
		vmi := withClaim("data", false)
		vmi.Namespace, vmi.Name = namespace, name
		vmi.Spec.Domain.Devices.Disks = []v1.Disk{{Name: "data", DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{}}}}
		change(&vmi.Spec.Volumes[0], &vmi.Spec.Domain.Devices.Disks[0])
		return vmi
	}
	written := func(*v1.Volume, *v1.Disk) {}
	readOnly := func(v *v1.Volume, _ *v1.Disk) { v.PersistentVolumeClaim.ReadOnly = true }
	shared := func(_ *v1.Volume, d *v1.Disk) { yes := true; d.Shareable = &yes }
	allowed := func(what string, vmi *v1.VirtualMachineInstance, pod Pod) {
		t.Helper()
		if _, err := Resolve(t.Context(), vmi, pod); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused := func(what, message string, vmi *v1.VirtualMachineInstance, pod Pod) {
		t.Helper()
		if _, err := Resolve(t.Context(), vmi, pod); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: error is %v, want %q", what, err, message)
		}
		if ownerOf(t, inside(pod.Launcher, "/dev/data")) == launcherUser {
			t.Errorf("%s: it has got the device", what)
		}
	}

	first, stopFirst := pod(1, "/dev/data#")
	second, _ := pod(2, "/dev/data#")
	third, _ := pod(3, "/dev/data#")
	pod(4, "/dev/data#", "/dev/other#") // has the device, and has not been let to it
	allowed("nobody uses it", disk("ns", "one", written), first)
	allowed("again", disk("ns", "one", written), first)
	for name, change := range map[string]func(*v1.Volume, *v1.Disk){"written": written, "read": readOnly, "shared": shared} {
		refused("beside a writer: "+name, "device 7:0 is in use by VirtualMachineInstance ns/one on this node", disk("ns", "two", change), second)
	}
	refused("from another namespace", "in use by a guest of another namespace", disk("other", "two", written), second)
	stopFirst()
	allowed("the first has ended", disk("ns", "two", shared), second)
	refused("beside a sharer", "would be written to here", disk("ns", "three", written), third)
	allowed("beside a sharer", disk("ns", "three", shared), third)
}

// A device of another number is another device.
func TestAnotherDevice(t *testing.T) {
	node := nodetest.New(t)
	launcher, _ := start(t, node, shortTemp(t), "launcher.sock", "/dev/data#")
	pod := Pod{UID: podUID, Launcher: launcher, User: launcherUser, Cgroups: node.Cgroups, Devices: &Devices{}}
	if _, err := Resolve(t.Context(), withClaim("data", false), pod); err != nil {
		t.Fatal(err)
	}
	for device, want := range map[uint64]int{unix.Mkdev(7, 0): 1, unix.Mkdev(7, 1): 0} {
		if holders, err := holdersOf(device, Pod{UID: "another", Cgroups: node.Cgroups}); err != nil || len(holders) != want {
			t.Errorf("%d: %v, %v", device, holders, err)
		}
	}
}
