//go:build process

package run_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"kubevirt.io/kubevirt/launcher/protocol"
)

const (
	launcherName = "virt-launcher"
	daemonName   = "libvirtd"
	qemuName     = "qemu-system-x86"
)

// SIGTERM becomes a press of the power button; the guest shuts down, the
// handler releases the launcher, which exits with 0.
func TestGracefulStop(t *testing.T) {
	p := startPod(t, 30)
	states := p.watch()
	p.until(states, protocol.State_STATE_NONE)
	p.boot(bootSector)
	running := p.until(states, protocol.State_STATE_RUNNING)
	for !strings.HasPrefix(running.GetMachine(), "pc-q35-") {
		running = p.until(states, protocol.State_STATE_RUNNING)
	}
	if testing.Verbose() { // for the record; takes its time
		time.Sleep(12 * time.Second)
		logMemory(t, p)
	}
	p.kill(launcherName, syscall.SIGTERM)
	off := p.until(states, protocol.State_STATE_SHUTOFF)
	if off.GetReason() != "Shutdown" {
		t.Errorf("reason %q", off.GetReason())
	}
	p.signal(protocol.Action_ACTION_RELEASE)
	if code := p.exit(time.Second); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// The guest powers itself off; without a handler's word the launcher waits its
// two seconds, then exits with 0.
func TestGuestPowersOff(t *testing.T) {
	p := startPod(t, 30)
	states := p.watch()
	p.boot(bootSector)
	p.say("p")
	if off := p.until(states, protocol.State_STATE_SHUTOFF); off.GetReason() != "Shutdown" {
		t.Errorf("reason %q", off.GetReason())
	}
	began := time.Now()
	if code := p.exit(4 * time.Second); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if waited := time.Since(began); waited < time.Second {
		t.Errorf("the launcher waited only %v for its release", waited)
	}
}

// QEMU dies: crashed, exit code 1.
func TestCrash(t *testing.T) {
	p := startPod(t, 30)
	states := p.watch()
	p.boot(bootSector)
	p.kill(qemuName, syscall.SIGKILL)
	if crashed := p.until(states, protocol.State_STATE_CRASHED); crashed.GetReason() != "Crashed" {
		t.Errorf("reason %q", crashed.GetReason())
	}
	p.signal(protocol.Action_ACTION_RELEASE)
	if code := p.exit(time.Second); code != 1 {
		t.Errorf("exit code %d", code)
	}
}

// A guest that does not listen is destroyed when its grace period ends; with a
// grace period of 0 at once.
func TestGraceEnds(t *testing.T) {
	for grace, limits := range map[int][2]time.Duration{
		2: {2 * time.Second, 4 * time.Second},
		0: {0, time.Second},
	} {
		t.Run(strconv.Itoa(grace), func(t *testing.T) {
			p := startPod(t, grace)
			states := p.watch()
			p.boot(deafSector())
			began := time.Now()
			p.kill(launcherName, syscall.SIGTERM)
			if off := p.until(states, protocol.State_STATE_SHUTOFF); off.GetReason() != "Destroyed" {
				t.Errorf("reason %q", off.GetReason())
			}
			if took := time.Since(began); took < limits[0] || took > limits[1] {
				t.Errorf("destroyed after %v, want %v to %v", took, limits[0], limits[1])
			}
			p.signal(protocol.Action_ACTION_RELEASE)
			if code := p.exit(time.Second); code != 1 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

// Without a guest SIGTERM ends the launcher at once, also while libvirtd starts.
func TestStopWithoutGuest(t *testing.T) {
	p := startPod(t, 30)
	began := time.Now()
	p.kill(launcherName, syscall.SIGTERM)
	if code := p.exit(time.Second); code != 0 {
		t.Errorf("exit code %d", code)
	}
	t.Logf("gone after %v", time.Since(began))
}

// The guest survives libvirtd's death, and the launcher goes on managing it.
func TestDaemonDies(t *testing.T) {
	p := startPod(t, 30)
	states := p.watch()
	p.boot(bootSector)
	p.until(states, protocol.State_STATE_RUNNING)
	guest := p.processes()[qemuName]
	old := p.processes()[daemonName]
	p.kill(daemonName, syscall.SIGKILL)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if now := p.processes()[daemonName]; len(now) == 1 && now[0] != old[0] {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("libvirtd was not started again")
		}
	}
	p.signal(protocol.Action_ACTION_SHUTDOWN)
	if now := p.processes()[qemuName]; len(now) != 1 || now[0] != guest[0] {
		t.Errorf("QEMU was %v, is %v", guest, now)
	}
	if off := p.until(states, protocol.State_STATE_SHUTOFF); off.GetReason() != "Shutdown" {
		t.Errorf("reason %q", off.GetReason())
	}
	p.signal(protocol.Action_ACTION_RELEASE)
	if code := p.exit(time.Second); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// A handler that starts anew takes over: the old one's session is refused, the
// same request changes nothing, the present state comes first.
func TestHandlerRestarts(t *testing.T) {
	p := startPod(t, 30)
	states := p.watch()
	image := containerDisk(t, bootSector)
	if _, err := p.client.Sync(p.ctx(), p.request(image)); err != nil {
		t.Fatal(err)
	}
	guest := p.processes()[qemuName]
	old := p.session
	p.dial()
	for open := true; open; {
		_, open = <-states
	}
	if _, err := p.client.Signal(p.ctx(), &protocol.SignalRequest{Session: old, Action: protocol.Action_ACTION_KILL}); protocol.ReasonOf(err) != protocol.ReasonStaleSession {
		t.Errorf("the old session: %v", err)
	}
	if first := <-p.watch(); first.GetState() != protocol.State_STATE_RUNNING {
		t.Errorf("the new watch begins with %v", first)
	}
	if _, err := p.client.Sync(p.ctx(), p.request(image)); err != nil {
		t.Error(err)
	}
	if now := p.processes()[qemuName]; len(now) != 1 || now[0] != guest[0] {
		t.Errorf("QEMU was %v, is %v", guest, now)
	}
}

// A start that fails says why, and a later one may succeed.
func TestFailedStart(t *testing.T) {
	p := startPod(t, 30)
	empty := containerDisk(t, bootSector)
	if err := os.Remove(filepath.Join(empty, "disk", "boot.img")); err != nil {
		t.Fatal(err)
	}
	if _, err := p.client.Sync(p.ctx(), p.request(empty)); protocol.ReasonOf(err) != protocol.ReasonInvalidVolume {
		t.Errorf("an image without a disk: %v", err)
	}
	request := p.request(containerDisk(t, bootSector))
	request.Vmi = []byte(strings.Replace(string(request.GetVmi()), `"uid":"1234"`, `"uid":"4321"`, 1))
	if _, err := p.client.Sync(p.ctx(), request); protocol.ReasonOf(err) != protocol.ReasonInvalidRequest {
		t.Errorf("another VMI: %v", err)
	}
	if _, err := p.client.Signal(p.ctx(), &protocol.SignalRequest{Session: p.session, Action: protocol.Action_ACTION_KILL}); protocol.ReasonOf(err) != protocol.ReasonNotRunning {
		t.Errorf("killing no guest: %v", err)
	}
	p.boot(bootSector)
}

// A real kernel boots to its login from a qcow2 container disk, hears the power
// button and shuts down. KUBEVIRT_GUEST_TINY names the disk.
func TestTinyGuest(t *testing.T) {
	tiny := os.Getenv("KUBEVIRT_GUEST_TINY")
	if tiny == "" {
		t.Skip("KUBEVIRT_GUEST_TINY is not set")
	}
	p := startPod(t, 60)
	states := p.watch()
	request := p.request(tiny)
	request.Vmi = []byte(strings.Replace(string(request.GetVmi()), `"64Mi"`, `"128Mi"`, 1))
	if _, err := p.client.Sync(p.ctx(), request); err != nil {
		t.Fatal(err)
	}
	t.Logf("domain running after %v", time.Since(p.began))
	p.waitLog("login:")
	t.Logf("login after %v", time.Since(p.began))
	p.kill(launcherName, syscall.SIGTERM)
	if off := p.until(states, protocol.State_STATE_SHUTOFF); off.GetReason() != "Shutdown" {
		t.Errorf("reason %q", off.GetReason())
	}
	p.signal(protocol.Action_ACTION_RELEASE)
	if code := p.exit(time.Second); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// libvirt takes a former answer about QEMU for its own: no QEMU is started to
// ask again, which shows in the answer's file staying as it was written.
func TestKnownCapabilities(t *testing.T) {
	cache := "cache/libvirt/qemu/cache/capabilities/926803a9278e445ec919c2b6cbd8c1c449c75b26dcb1686b774314180376c725.xml"
	first := startPod(t, 30)
	first.boot(bootSector)
	raw, err := os.ReadFile(filepath.Join(first.runDir, cache))
	if err != nil {
		t.Fatal(err)
	}
	// As in an image that was unpacked at another time.
	stale := regexp.MustCompile(`<(qemuctime|selfctime|qemumoddirmtime)>\d+<`).ReplaceAll(raw, []byte("<$1>1<"))
	marked := append(stale, "<!-- from the image -->\n"...)
	template := filepath.Join(filepath.Dir(binary), "capabilities.xml")
	if err := os.WriteFile(template, marked, 0o644); err != nil {
		t.Fatal(err)
	}
	second := startPod(t, 30, "--qemu-capabilities", template)
	second.boot(bootSector)
	now, err := os.ReadFile(filepath.Join(second.runDir, cache))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(now), "from the image") {
		t.Error("libvirt has asked QEMU again")
	}
}

// logMemory prints what the pod's processes weigh.
func logMemory(t *testing.T, p *pod) {
	for name, pids := range p.processes() {
		for _, pid := range pids {
			raw, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
			for _, line := range strings.Split(string(raw), "\n") {
				if strings.HasPrefix(line, "Pss") {
					t.Logf("%s %s", name, strings.Join(strings.Fields(line), " "))
				}
			}
		}
	}
}
