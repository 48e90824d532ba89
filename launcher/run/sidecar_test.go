//go:build process

package run_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/hook"
	"kubevirt.io/kubevirt/launcher/protocol"
	"kubevirt.io/kubevirt/test/hooksidecar"
)

// A binding plugin's sidecar, which comes up later than the launcher, gives the guest
// the interface that the launcher itself leaves out.
func TestHookSidecar(t *testing.T) {
	hooks, err := os.MkdirTemp("/tmp", "h")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(hooks) })
	own := filepath.Join(hooks, "hook-sidecar-0")
	if err := os.Mkdir(own, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(hooks, 0o755); err != nil {
		t.Fatal(err)
	}
	p := startPod(t, 30, "--hooks-dir", hooks, "--hook-sidecars", "1")
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go func() {
		time.Sleep(500 * time.Millisecond)
		// In a pod both run as the same user.
		go func() {
			for os.Chmod(filepath.Join(own, "test.sock"), 0o777) != nil && ctx.Err() == nil {
				time.Sleep(10 * time.Millisecond)
			}
		}()
		sidecar := hooksidecar.Sidecar{Name: "test", Versions: []string{"v1alpha3"}, HookPoints: []string{hook.OnDefineDomain}, Plugin: "user"}
		if err := sidecar.Serve(ctx, own); err != nil {
			t.Error(err)
		}
	}()
	guest := vmi()
	guest.Annotations = map[string]string{hooksidecar.AnnotationBoardMaker: "ACME"}
	guest.Spec.Networks = []v1.Network{{Name: "blue", NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}}}}
	guest.Spec.Domain.Devices.Interfaces = []v1.Interface{{Name: "blue", MacAddress: "02:00:00:00:00:01", Binding: &v1.PluginBinding{Name: "user"}}}
	request := p.request(containerDisk(t, bootSector))
	if request.Vmi, err = json.Marshal(guest); err != nil {
		t.Fatal(err)
	}
	request.Interfaces = []*protocol.Interface{{Network: "blue", Mac: "02:00:00:00:00:01"}}
	if _, err := p.client.Sync(p.ctx(), request); err != nil {
		t.Fatal(err)
	}
	p.waitLog(greeting)
	processes, err := exec.Command("pgrep", "-a", "-f", "^/usr/bin/qemu-system-x86_64.*"+p.runDir).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"type":"user"`, `"mac":"02:00:00:00:00:01"`, "manufacturer=ACME"} {
		if !strings.Contains(string(processes), want) {
			t.Errorf("QEMU runs without %s: %s", want, processes)
		}
	}
}
