package disk

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/launcherclient/nodetest"
)

const launcherUser = 107

func withClaim(name string, readOnly bool) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Spec.Volumes = []v1.Volume{{Name: name, VolumeSource: v1.VolumeSource{
		PersistentVolumeClaim: &v1.PersistentVolumeClaimVolumeSource{ClaimName: "my-" + name, ReadOnly: readOnly},
	}}}
	return vmi
}

func ownerOf(t *testing.T, path string) uint32 {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Uid
}

func TestClaims(t *testing.T) {
	const image = claimsDir + "/data/" + claimImage
	for name, c := range map[string]struct {
		files    []string
		readOnly bool
		// owned is what the launcher's user is to own afterwards, foreign what not.
		want, owned, foreign, err string
	}{
		"a device": {files: []string{"/dev/data#", image}, want: "/dev/data", owned: "/dev/data", foreign: image},
		"a filesystem with an image": {
			files: []string{image}, want: claimsDir + "/data", owned: image, foreign: claimsDir + "/data",
		},
		"an empty filesystem":     {files: []string{claimsDir + "/data/"}, want: claimsDir + "/data", owned: claimsDir + "/data"},
		"a newly made filesystem": {files: []string{claimsDir + "/data/lost+found/"}, want: claimsDir + "/data", owned: claimsDir + "/data"},
		"somebody's files": {
			files: []string{claimsDir + "/data/holiday.jpg"}, want: claimsDir + "/data", foreign: claimsDir + "/data",
		},
		"a read-only filesystem":  {files: []string{image}, readOnly: true, want: claimsDir + "/data", foreign: image},
		"a file called as device": {files: []string{"/dev/data", image}, want: claimsDir + "/data", owned: image, foreign: "/dev/data"},
		"a link called as device": {files: []string{"/dev/data->/dev/other", "/dev/other#", image}, want: claimsDir + "/data", owned: image},
		"an image that is a link": {files: []string{"/etc/shadow", image + "->/etc/shadow"}, foreign: "/etc/shadow", err: "disk.img"},
		"an image that is none":   {files: []string{image + "/"}, foreign: image, err: "not a regular file"},
		"no claim":                {err: "looking for its claim"},
	} {
		t.Run(name, func(t *testing.T) {
			node := nodetest.New(t)
			launcher, _ := start(t, node, shortTemp(t), "launcher.sock", c.files...)
			pod := Pod{UID: podUID, Launcher: launcher, User: launcherUser, Cgroups: node.Cgroups, Devices: &Devices{}}
			for range 2 { // a second time must change nothing
				volumes, err := Resolve(t.Context(), withClaim("data", c.readOnly), pod)
				if c.err != "" {
					if err == nil || !strings.Contains(err.Error(), c.err) {
						t.Fatalf("error is %v, want %q", err, c.err)
					}
				} else if err != nil || len(volumes) != 1 || volumes[0].Path != c.want {
					t.Fatalf("volumes are %v, error %v", volumes, err)
				}
			}
			if c.owned != "" && ownerOf(t, inside(launcher, c.owned)) != launcherUser {
				t.Errorf("%s is not the launcher's", c.owned)
			}
			if c.foreign != "" && ownerOf(t, inside(launcher, c.foreign)) == launcherUser {
				t.Errorf("%s has become the launcher's", c.foreign)
			}
		})
	}
}

// What the launcher's group may write to keeps its owner.
func TestGroupIsEnough(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("changing owners needs root")
	}
	path := filepath.Join(t.TempDir(), claimImage)
	must(os.WriteFile(path, nil, 0o660))
	must(os.Chmod(path, 0o660)) // whatever the umask
	must(os.Chown(path, 5, launcherUser))
	file, err := os.Open(path)
	must(err)
	defer file.Close()
	if err := grant(int(file.Fd()), unix.S_IFREG, launcherUser); err != nil || ownerOf(t, path) != 5 {
		t.Errorf("owner %d, error %v", ownerOf(t, path), err)
	}
}
