//go:build process

package run_test

import (
	"os"
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
	logMemory(t, p)
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

// logMemory prints what the pod's processes weigh.
func logMemory(t *testing.T, p *pod) {
	for name, pids := range p.processes() {
		for _, pid := range pids {
			raw, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
			for _, line := range strings.Split(string(raw), "\n") {
				if strings.HasPrefix(line, "Pss:") {
					t.Logf("%s %s", name, strings.Join(strings.Fields(line), " "))
				}
			}
		}
	}
}
