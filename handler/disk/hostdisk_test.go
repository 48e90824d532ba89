package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/launcherclient/nodetest"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

func withHostDisk(kind v1.HostDiskType, capacity string, readOnly bool) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Spec.Volumes = []v1.Volume{{Name: "data", VolumeSource: v1.VolumeSource{HostDisk: &v1.HostDisk{
		Path: "/data/vm/disk.img", Type: kind, Capacity: resource.MustParse(capacity),
	}}}}
	vmi.Spec.Domain.Devices.Disks = []v1.Disk{{Name: "data", DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{ReadOnly: readOnly}}}}
	return vmi
}

// hostDiskCase is a directory of the node, a disk asked for in it, and what comes of it.
type hostDiskCase struct {
	files    []string
	kind     v1.HostDiskType
	capacity string
	readOnly bool
	// owner and mode that the file on the node has.
	owner int
	mode  os.FileMode
	// old: the directory was there long before the pod; given: it is the launcher's.
	old, given bool
	made       int64
	err        string
	foreign    string
	// nothing is to be made outside.
	nothing bool
}

const hostDirectory, hostImage = claimsDir + "/data/", claimsDir + "/data/disk.img"

func TestHostDisk(t *testing.T) {
	const directory, image = hostDirectory, hostImage
	for name, c := range map[string]hostDiskCase{
		"an image of the launcher's":  {files: []string{image}, kind: v1.HostDiskTypeDisk, capacity: "0", owner: launcherUser, mode: 0o600},
		"it may be made, and is made": {files: []string{image}, kind: v1.HostDiskTypeDiskOrCreate, capacity: "1Gi", owner: launcherUser, mode: 0o600},
		"an image for everybody":      {files: []string{image}, kind: v1.HostDiskTypeDisk, capacity: "0", mode: 0o666},
		"one to read":                 {files: []string{image}, kind: v1.HostDiskTypeDisk, capacity: "0", mode: 0o644, readOnly: true},
		"one to read only": {
			files: []string{image}, kind: v1.HostDiskTypeDisk, capacity: "0", mode: 0o644, err: "/data/vm/disk.img belongs to user 0", foreign: image,
		},
		"a secret of the node's": {
			files: []string{image}, kind: v1.HostDiskTypeDiskOrCreate, capacity: "1Gi", mode: 0o600, err: "chown 107:107", foreign: image,
		},
		"none":                {files: []string{directory}, kind: v1.HostDiskTypeDisk, capacity: "0", err: "there is no /data/vm/disk.img on this node"},
		"one to be made":      {files: []string{directory}, kind: v1.HostDiskTypeDiskOrCreate, capacity: "1000001", made: 1000448},
		"none, and read-only": {files: []string{directory}, kind: v1.HostDiskTypeDiskOrCreate, capacity: "1Mi", readOnly: true, err: "read-only true"},
		"of no size":          {files: []string{directory}, kind: v1.HostDiskTypeDiskOrCreate, capacity: "0", err: "hostDisk.capacity does not say"},
		"larger than the node has room": {
			files: []string{directory}, kind: v1.HostDiskTypeDiskOrCreate, capacity: "4Ei", err: "hostDisk.capacity is 4Ei, and its file system has less free",
		},
		"a link": {
			files: []string{image + "->/etc/shadow", "/etc/shadow"}, kind: v1.HostDiskTypeDiskOrCreate, capacity: "1Mi", err: "/data/vm/disk.img",
			foreign: "/etc/shadow",
		},
		"a link to nowhere": {
			files: []string{image + "->/etc/shadow", "/etc/"}, kind: v1.HostDiskTypeDiskOrCreate, capacity: "1Mi", err: "/data/vm/disk.img", nothing: true,
		},
		"a directory":            {files: []string{image + "/"}, kind: v1.HostDiskTypeDisk, capacity: "0", err: "not a regular file"},
		"the pod has none of it": {kind: v1.HostDiskTypeDiskOrCreate, capacity: "1Mi", err: "looking for its directory"},
		"in an old directory of root's": {
			files: []string{directory}, kind: v1.HostDiskTypeDiskOrCreate, capacity: "1Mi", old: true, err: "chown 107:107 /data/vm", foreign: directory,
		},
		"beside root's files": {
			files: []string{directory + "kubelet.conf"}, kind: v1.HostDiskTypeDiskOrCreate, capacity: "1Mi", err: "may not be made", foreign: directory,
		},
		"in an old directory of the launcher's": {
			files: []string{directory}, kind: v1.HostDiskTypeDiskOrCreate, capacity: "1Mi", old: true, given: true, made: 1 << 20,
		},
		"an attempt was cut short": {
			files: []string{directory + "." + podUID + ".unfinished"}, kind: v1.HostDiskTypeDiskOrCreate, capacity: "1Mi", given: true, made: 1 << 20,
		},
	} {
		t.Run(name, c.run)
	}
}

func (c hostDiskCase) run(t *testing.T) {
	const directory, image = hostDirectory, hostImage
	node := nodetest.New(t)
	launcher, _ := start(t, node, shortTemp(t), "launcher.sock", c.files...)
	pod := Pod{UID: podUID, Launcher: launcher, User: launcherUser, Cgroups: node.Cgroups, Directory: node.Pods}
	must(os.MkdirAll(node.Pods, 0o755))
	if c.old {
		pod.Directory = "/proc/self" // of no known age, as if the directory were older
	}
	if c.given {
		must(os.Chown(inside(launcher, directory), launcherUser, launcherUser))
	}
	on := inside(launcher, image)
	if c.mode != 0 {
		must(os.Chown(on, c.owner, c.owner))
		must(os.Chmod(on, c.mode))
	}
	for range 2 { // a second time must change nothing
		volumes, err := Resolve(t.Context(), withHostDisk(c.kind, c.capacity, c.readOnly), pod)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Fatalf("error is %v, want %q", err, c.err)
			}
		} else if err != nil || len(volumes) != 1 || volumes[0].Path != image {
			t.Fatalf("volumes are %v, error %v", volumes, err)
		}
	}
	if c.foreign != "" && ownerOf(t, inside(launcher, c.foreign)) == launcherUser {
		t.Errorf("%s has become the launcher's", c.foreign)
	}
	if content, err := os.ReadFile(on); c.mode != 0 && (err != nil || string(content) != "content of "+image) {
		t.Errorf("the image holds %q, %v", content, err)
	}
	if c.made > 0 {
		checkMade(t, on, c.made)
	}
	if _, err := os.Lstat(inside(launcher, "/etc/shadow")); c.nothing && !os.IsNotExist(err) {
		t.Errorf("something was made outside: %v", err)
	}
}

// checkMade looks at an image that was made, and for what else is in its directory.
func checkMade(t *testing.T, path string, size int64) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	file := info.Sys().(*syscall.Stat_t)
	if info.Size() != size || file.Blocks != 0 || file.Uid != launcherUser || info.Mode() != 0o660 || file.Nlink != 1 {
		t.Errorf("made %s with %d bytes in %d blocks for user %d", info.Mode(), info.Size(), file.Blocks, file.Uid)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("its directory has %v", entries)
	}
}

// What somebody else makes at the same time is kept.
func TestHostDiskMadeMeanwhile(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("changing owners needs root")
	}
	path := filepath.Join(t.TempDir(), "disk.img")
	must(os.WriteFile(path, []byte("theirs"), 0o666))
	must(os.Chmod(path, 0o666))
	must(os.Chown(filepath.Dir(path), launcherUser, launcherUser))
	directory, err := os.Open(filepath.Dir(path))
	must(err)
	defer directory.Close()
	source := &v1.HostDisk{Path: path, Capacity: resource.MustParse("1Mi")}
	if err := makeHostDisk(directory, "disk.img", source, Pod{UID: podUID, User: launcherUser}); err != nil {
		t.Error(err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "theirs" {
		t.Errorf("it holds %q, %v", content, err)
	}
}

// What was made smaller than asked for is told, once.
func TestHostDiskMadeSmaller(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("changing owners needs root")
	}
	path := filepath.Join(t.TempDir(), "disk.img")
	must(os.Chown(filepath.Dir(path), launcherUser, launcherUser))
	directory, err := os.Open(filepath.Dir(path))
	must(err)
	defer directory.Close()
	const asked = 4 << 60
	var told []int64
	pod := Pod{UID: podUID, User: launcherUser, Space: clusterconfig.DiskSpace{TolerancePercent: 100}}
	pod.Smaller = func(of string, size, made int64) {
		if of != path || size != asked {
			t.Errorf("told of %d bytes of %s", size, of)
		}
		told = append(told, made)
	}
	source := &v1.HostDisk{Path: path, Capacity: resource.MustParse("4Ei")}
	for range 2 {
		if err := makeHostDisk(directory, "disk.img", source, pod); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Lstat(path)
	must(err)
	if len(told) != 1 || told[0] != info.Size() || info.Size() >= asked {
		t.Errorf("made %d bytes, told of %v", info.Size(), told)
	}
}

func TestPermissions(t *testing.T) {
	for name, c := range map[string]struct {
		uid, gid uint32
		mode     uint32
		want     uint32
	}{
		"the owner's":            {launcherUser, 0, 0o640, 6},
		"the owner's, not all's": {launcherUser, launcherUser, 0o466, 4},
		"the group's":            {0, launcherUser, 0o750, 5},
		"all's":                  {0, 0, 0o604, 4},
	} {
		if got := permissions(&unix.Stat_t{Uid: c.uid, Gid: c.gid, Mode: unix.S_IFREG | c.mode}, launcherUser); got != c.want {
			t.Errorf("%s: %s", name, fmt.Sprintf("%o, want %o", got, c.want))
		}
	}
}

// A directory counts as made for a pod only if it is not older than the pod is here.
func TestMadeFor(t *testing.T) {
	older, err := os.Open("/usr")
	must(err)
	defer older.Close()
	newer, err := os.Open(t.TempDir())
	must(err)
	defer newer.Close()
	pod := Pod{Directory: t.TempDir()}
	if madeFor(pod, older) {
		t.Error("an old directory counts as made for the pod")
	}
	if !madeFor(pod, newer) {
		t.Error("a directory of now does not")
	}
	if madeFor(Pod{Directory: "/nowhere"}, newer) {
		t.Error("nobody knows the pod")
	}
}

func TestSizeWithin(t *testing.T) {
	tolerant := clusterconfig.DiskSpace{TolerancePercent: 10, Reserve: 100 << 10}
	for name, c := range map[string]struct {
		free  int64
		space clusterconfig.DiskSpace
		want  int64
	}{
		"there is room":                       {1 << 20, tolerant, 1 << 20},
		"there is a little less":              {1<<20 - 1, tolerant, 1<<20 - 101<<10 + 512},
		"less by a tenth, with what is to be": {1<<20/10*9 + 101<<10, tolerant, 944640},
		"less by more than a tenth":           {1 << 20 / 10 * 9, tolerant, 0},
		"nothing less is tolerated":           {1<<20 - 512, clusterconfig.DiskSpace{}, 0},
		"nothing is free":                     {0, clusterconfig.DiskSpace{TolerancePercent: 100}, 0},
	} {
		if got := sizeWithin(1<<20, c.free, c.space); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
