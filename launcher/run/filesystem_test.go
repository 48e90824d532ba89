//go:build process

package run_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

const serverName = "virtiofsd"

// startShared boots the tiny guest with filesystems: data that it may write to,
// fixed that it may not, and a path of the launcher's container.
func startShared(t *testing.T, path string) (p *pod, data, fixed string, err error) {
	t.Helper()
	tiny := os.Getenv("KUBEVIRT_GUEST_TINY")
	if tiny == "" {
		t.Skip("KUBEVIRT_GUEST_TINY is not set")
	}
	if _, err := os.Stat(os.Getenv("KUBEVIRT_LAUNCHER_ROOT") + "/usr/libexec/virtiofsd"); err != nil {
		t.Skip("virtiofsd is not there; KUBEVIRT_LAUNCHER_ROOT may name the launcher's image, unpacked")
	}
	p = startPod(t, 30)
	data, fixed = claimOf(t), claimOf(t)
	claim := func(name string, readOnly bool) v1.VolumeSource {
		source := &v1.PersistentVolumeClaimVolumeSource{ReadOnly: readOnly}
		source.ClaimName = name
		return v1.VolumeSource{PersistentVolumeClaim: source}
	}
	instance := vmi()
	memory := resource.MustParse("128Mi")
	instance.Spec.Domain.Memory.Guest = &memory
	instance.Spec.Volumes = append(instance.Spec.Volumes,
		v1.Volume{Name: "data", VolumeSource: claim("data", false)}, v1.Volume{Name: "fixed", VolumeSource: claim("fixed", true)},
		v1.Volume{Name: "injected", VolumeSource: v1.VolumeSource{ContainerPath: &v1.ContainerPathVolumeSource{Path: path}}})
	for _, name := range []string{"data", "fixed", "injected"} {
		instance.Spec.Domain.Devices.Filesystems = append(instance.Spec.Domain.Devices.Filesystems,
			v1.Filesystem{Name: name, Virtiofs: &v1.FilesystemVirtiofs{}})
	}
	raw, err := json.Marshal(instance)
	if err != nil {
		t.Fatal(err)
	}
	request := p.request(tiny)
	request.Vmi = raw
	request.Volumes = append(request.Volumes, &protocol.Volume{Name: "data", Path: data}, &protocol.Volume{Name: "fixed", Path: fixed})
	_, err = p.client.Sync(p.ctx(), request)
	return p, data, fixed, err
}

func writeAs(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, launcherUser, launcherUser); err != nil {
		t.Fatal(err)
	}
}

// A guest mounts directories: it reads what is there and what comes there later,
// and writes where it may, also after a reset. The end of a server leaves the guest
// running; that of the guest ends the servers.
func TestFilesystems(t *testing.T) {
	p, data, fixed, err := startShared(t, "/usr/share")
	if err != nil {
		t.Fatal(err)
	}
	states := p.watch()
	writeAs(t, data+"/from-outside", "hello", 0o640)
	writeAs(t, fixed+"/from-outside", "first", 0o640)
	if servers := p.processes()[serverName]; len(servers) != 3 {
		t.Errorf("the servers are %v", servers)
	}
	guest := p.login()
	guest.run("mkdir -p /d /f /i && mount -t virtiofs data /d && mount -t virtiofs fixed /f && mount -t virtiofs injected /i", true)
	guest.run("grep -q hello /d/from-outside && grep -q first /f/from-outside && ls /i | grep -q .", true)
	guest.run("mkdir /d/sub && echo world >/d/sub/from-guest && mv /d/sub/from-guest /d/moved && ln -s moved /d/link", true)
	if content, err := os.ReadFile(data + "/moved"); err != nil || string(content) != "world\n" {
		t.Errorf("the guest wrote %q, %v", content, err)
	}
	info, err := os.Stat(data + "/moved")
	if err != nil || info.Sys().(*syscall.Stat_t).Uid != launcherUser {
		t.Errorf("what the guest wrote is %v, %v", info, err)
	}
	guest.run("echo x >/f/new", false)
	guest.run("rm /f/from-outside", false)
	guest.run("touch /i/new", false)

	// As the kubelet changes the files of a ConfigMap.
	writeAs(t, fixed+"/next", "second", 0o640)
	if err := os.Rename(fixed+"/next", fixed+"/from-outside"); err != nil {
		t.Fatal(err)
	}
	guest.run("sleep 2; grep -q second /f/from-outside", true)

	if testing.Verbose() {
		guest.run("for i in $(seq 400); do echo $i >/d/sub/$i; done; ls -l /d/sub | wc -l", true)
		logMemory(t, p)
	}
	if server := p.serverOf(data); oomScore(t, server) <= oomScore(t, p.processes()[qemuName][0]) {
		t.Error("where memory is short the guest goes before its filesystem")
	}
	if err := syscall.Kill(p.serverOf(fixed), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for state := range states {
		if lost := state.GetLostFilesystems(); len(lost) > 0 {
			if len(lost) != 1 || lost[0] != "fixed" || state.GetState() != protocol.State_STATE_RUNNING {
				t.Errorf("lost: %v", state)
			}
			break
		}
	}
	guest.run("grep -q hello /d/from-outside", true)

	guest.console.Close()
	p.signal(protocol.Action_ACTION_RESET) // with a dead filesystem it could not shut down
	p.waitSaid("login:", 2, 2*time.Minute)
	guest = p.login()
	guest.run("mkdir -p /d && mount -t virtiofs data /d && grep -q hello /d/from-outside", true)
	p.kill(launcherName, syscall.SIGTERM)
	if off := p.until(states, protocol.State_STATE_SHUTOFF); off.GetReason() != "Shutdown" {
		t.Errorf("reason %q", off.GetReason())
	}
	for deadline := time.Now().Add(time.Second); len(p.processes()[serverName]) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the servers outlive the guest")
		}
	}
}

// serverOf is the process that serves a directory.
func (p *pod) serverOf(directory string) int {
	p.t.Helper()
	wanted, err := os.Stat(directory)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, server := range p.processes()[serverName] {
		if served, err := os.Stat(fmt.Sprintf("/proc/%d/fd/4", server)); err == nil && os.SameFile(served, wanted) {
			return server
		}
	}
	p.t.Fatalf("nothing serves %s", directory)
	return 0
}

func oomScore(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid))
	if err != nil {
		t.Fatal(err)
	}
	score, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return score
}

// What is the launcher's own is refused, also by a link.
func TestReservedPaths(t *testing.T) {
	link := filepath.Join(claimOf(t), "link")
	if err := os.Symlink("/proc", link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/proc/1", link, link + "/self/root", "/nowhere"} {
		if _, _, _, err := startShared(t, path); protocol.ReasonOf(err) != protocol.ReasonInvalidVolume {
			t.Errorf("%s: %v", path, err)
		}
	}
}
