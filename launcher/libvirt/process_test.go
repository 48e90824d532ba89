//go:build process && libvirt_dlopen

package libvirt

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"testing"
	"time"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

const testDomain = `<domain type='test'><name>ns_vm</name><memory>8192</memory><os><type>hvm</type></os></domain>`

// The whole interface against libvirt's own test driver.
func TestHypervisor(t *testing.T) {
	if _, err := os.Stat("/usr/lib/x86_64-linux-gnu/libvirt.so.0"); err != nil {
		t.Skip("no libvirt on this machine")
	}
	h, err := Open("test:///default", "ns_vm", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	go h.Run(ctx)
	next := func(want hypervisor.Status) {
		t.Helper()
		select {
		case event := <-h.Events():
			if event.Status == nil || *event.Status != want {
				t.Fatalf("event %+v, want %v", event.Status, want)
			}
		case <-ctx.Done():
			t.Fatalf("no event, want %v", want)
		}
	}
	running := hypervisor.Status{State: hypervisor.StateRunning}
	shutoff := func(reason string) hypervisor.Status {
		return hypervisor.Status{State: hypervisor.StateShutoff, Reason: reason}
	}
	if err := h.Warm(ctx); err != nil {
		t.Fatal(err)
	}
	if err := h.Destroy(ctx); !errors.Is(err, hypervisor.ErrNoDomain) {
		t.Errorf("destroying nothing: %v", err)
	}
	if _, err := h.Start(ctx, "<domain/>", false); err == nil {
		t.Error("a domain without a name was started")
	}
	if _, err := h.Start(ctx, testDomain, false); err != nil {
		t.Fatal(err)
	}
	next(running)
	if err := h.Suspend(ctx); err != nil {
		t.Fatal(err)
	}
	next(hypervisor.Status{State: hypervisor.StatePaused, Reason: hypervisor.ReasonUser})
	if err := h.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	next(running)
	if err := h.PressPowerButton(ctx); err != nil {
		t.Fatal(err)
	}
	next(shutoff("Shutdown"))
	if _, err := h.Start(ctx, testDomain, false); err != nil {
		t.Fatal(err)
	}
	next(running)
	ended, end := context.WithCancel(ctx)
	end()
	for _, call := range []func(context.Context) error{h.Destroy, h.Suspend, h.Thaw} {
		if err := call(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("for somebody who has given up: %v", err)
		}
	}
	if err := h.Destroy(ctx); err != nil {
		t.Fatal(err)
	}
	next(shutoff("Destroyed"))
	if err := h.PressPowerButton(ctx); !errors.Is(err, hypervisor.ErrNoDomain) {
		t.Errorf("after the end: %v", err)
	}
}

// Without libvirtd a call waits as long as it may, and says so.
func TestUnavailable(t *testing.T) {
	h, err := Open("qemu+unix:///session?socket=/nonexistent", "ns_vm", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	go h.Run(ctx)
	if _, err := h.Start(ctx, testDomain, false); !errors.Is(err, hypervisor.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Start: %v", err)
	}
}
