package vm

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"k8s.io/apimachinery/pkg/api/resource"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/hypervisor"
)

// DumpMemory stops the guest, waits for the test where that wants it, and writes a word.
func (f *fakeHypervisor) DumpMemory(_ context.Context, path string) error {
	_ = f.verb("dump", nil, hypervisor.Status{State: hypervisor.StatePaused, Reason: hypervisor.ReasonUser})
	if f.dumping != nil {
		<-f.dumping
	}
	defer f.status(running)
	if f.dumpFails != nil {
		return f.dumpFails
	}
	return os.WriteFile(path, []byte("memory"), 0o600)
}

// dumpTo is where a dump of a guest with next to no memory goes.
func dumpTo(directory string) *DumpTarget {
	return &DumpTarget{Volume: "dump", Claim: "claim", Directory: directory, Name: "vm-claim"}
}

func TestDumpTargetOf(t *testing.T) {
	wanted := Wanted{VMI: &v1.VirtualMachineInstance{}, Volumes: map[string]string{"dump": "/dir"}}
	if target := dumpTargetOf(wanted); target != nil {
		t.Errorf("without a volume: %+v", target)
	}
	wanted.VMI.Name = "vm"
	memory := resource.MustParse("64Mi")
	wanted.VMI.Spec.Domain.Memory = &v1.Memory{Guest: &memory}
	wanted.VMI.Spec.Volumes = []v1.Volume{{
		Name: "dump", VolumeSource: v1.VolumeSource{MemoryDump: &v1.MemoryDumpVolumeSource{ClaimName: "claim"}},
	}}
	if target, want := dumpTargetOf(wanted), (DumpTarget{"dump", "claim", "/dir", "vm-claim", 64 << 20}); *target != want {
		t.Errorf("%+v", target)
	}
}

// A dump is made once. While it is, the guest is not paused for anybody, and nobody
// pauses it.
func TestDumpMemory(t *testing.T) {
	withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
		if err := m.DumpMemory(t.Context()); !errors.Is(err, errNoDumpTarget) {
			t.Errorf("without a volume: %v", err)
		}
		directory := t.TempDir()
		m.dumpTarget, f.dumping = dumpTo(directory), make(chan struct{})
		must(t, m.Pause(t.Context()))
		if err := m.DumpMemory(t.Context()); !errors.Is(err, ErrPaused) {
			t.Errorf("of a paused guest: %v", err)
		}
		must(t, m.Resume(t.Context()))
		f.want(t, "suspend", "resume")

		must(t, m.DumpMemory(t.Context()))
		s := m.Snapshot()
		if dump := s.MemoryDump; dump == nil || dump.Volume != "dump" || dump.Started.IsZero() || !dump.Ended.IsZero() ||
			dump.File != "vm-claim-"+dump.Started.UTC().Format(dumpTime)+".memory.dump" {
			t.Errorf("dump %+v", dump)
		}
		if s.Status != (hypervisor.Status{State: hypervisor.StatePaused, Reason: hypervisor.ReasonDump}) {
			t.Errorf("status %+v", s.Status)
		}
		paused := make(chan error)
		go func() { paused <- m.Pause(t.Context()) }()
		f.want(t, "dump")
		close(f.dumping)
		must(t, <-paused)
		f.want(t, "suspend")

		dump := m.Snapshot().MemoryDump
		if dump.Ended.IsZero() || dump.Error != "" {
			t.Errorf("dump %+v", dump)
		}
		if content, err := os.ReadFile(filepath.Join(directory, dump.File)); string(content) != "memory" {
			t.Errorf("the file holds %q: %v", content, err)
		}
		must(t, m.DumpMemory(t.Context())) // also for one that has been paused since
		f.want(t)
		if again := m.Snapshot().MemoryDump; again != dump {
			t.Errorf("another dump: %+v", again)
		}
	})
}

func TestDumpMemoryFails(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(target *DumpTarget, f *fakeHypervisor)
		says  string
	}{
		"a device":          {func(target *DumpTarget, _ *fakeHypervisor) { target.Directory = "" }, "claim claim: a memory dump needs volumeMode Filesystem"},
		"no directory":      {func(target *DumpTarget, _ *fakeHypervisor) { target.Directory += "/none" }, "claim claim: "},
		"no room":           {func(target *DumpTarget, _ *fakeHypervisor) { target.Memory = 1 << 60 }, "of room, and a memory dump needs 1"},
		"QEMU cannot":       {func(_ *DumpTarget, f *fakeHypervisor) { f.dumpFails = errors.New("no space left") }, "claim claim: no space left"},
		"the guest is gone": {func(_ *DumpTarget, f *fakeHypervisor) { f.dumpFails = hypervisor.ErrNoDomain }, "claim claim: no guest is running"},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
				m.dumpTarget = dumpTo(directory)
				tc.spoil(m.dumpTarget, f)
				must(t, m.DumpMemory(t.Context()))
				s := m.Snapshot()
				if !strings.Contains(s.MemoryDump.Error, tc.says) || s.MemoryDump.Ended.IsZero() || s.Status != running {
					t.Errorf("%+v, %+v", s.MemoryDump, s.Status)
				}
				if left, _ := os.ReadDir(directory); len(left) != 0 {
					t.Errorf("left behind: %v", left)
				}
				must(t, m.Pause(t.Context())) // others have their turn again
			})
		})
	}
}

// Nothing that is in the claim is touched, whatever it is called.
func TestDumpOverwritesNothing(t *testing.T) {
	directory, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "disk.img")
	fill := func(path string) error { return os.WriteFile(path, []byte("memory"), 0o600) }
	for _, path := range []string{filepath.Join(directory, "file"), elsewhere} {
		if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(elsewhere, filepath.Join(directory, "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"file", "link"} {
		if err := dumpTo(directory).write(name, fill); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, path := range []string{filepath.Join(directory, "file"), filepath.Join(directory, "link")} {
		if content, _ := os.ReadFile(path); string(content) != "precious" {
			t.Errorf("%s holds %q", path, content)
		}
	}
}

// A guest that a bad disk has stopped just before stays so.
func TestDumpOfAGuestWithABadDisk(t *testing.T) {
	l := lifecycle{status: running, dumping: true}
	l, _ = l.observed(badDisk)
	if l, _ = l.dumped(); l.status != badDisk || l.dumping {
		t.Errorf("%+v", l)
	}
}

// A guest that is to shut down in the middle of a dump hears the button afterwards.
func TestShutdownInADump(t *testing.T) {
	withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
		m.dumpTarget, f.dumping, f.deaf = dumpTo(t.TempDir()), make(chan struct{}), true
		must(t, m.DumpMemory(t.Context()))
		must(t, m.Shutdown())
		f.want(t, "dump", "press") // and is not resumed by us
		close(f.dumping)
		synctest.Wait()
		if s := m.Snapshot(); s.Status != running || s.MemoryDump.Error != "" {
			t.Errorf("%+v, %+v", s.Status, s.MemoryDump)
		}
		f.status(shutdown)
		synctest.Wait()
	})
}
