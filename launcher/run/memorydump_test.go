//go:build process

package run_test

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// withDump is the wanted state of a guest with a volume for its memory, mounted at a
// directory; empty for a claim that is a device.
func (p *pod) withDump(directory string) *protocol.SyncRequest {
	p.t.Helper()
	instance := vmi()
	instance.Spec.Volumes = append(instance.Spec.Volumes, v1.Volume{
		Name: "dump", VolumeSource: v1.VolumeSource{MemoryDump: &v1.MemoryDumpVolumeSource{ClaimName: "claim"}},
	})
	raw, err := json.Marshal(instance)
	if err != nil {
		p.t.Fatal(err)
	}
	request := p.request(containerDisk(p.t, bootSector))
	request.Vmi = raw
	if directory != "" {
		request.Volumes = append(request.Volumes, &protocol.Volume{Name: "dump", Path: directory})
	}
	return request
}

// dumped waits for the end of a dump.
func (p *pod) dumped(states <-chan *protocol.DomainState) *protocol.MemoryDump {
	p.t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case state := <-states:
			if state.GetState() == protocol.State_STATE_PAUSED && state.GetReason() != "Dump" {
				p.t.Errorf("paused for the reason %q", state.GetReason())
			}
			if dump := state.GetMemoryDump(); dump.GetEnded() != 0 {
				return dump
			}
		case <-deadline:
			p.t.Fatal("the dump does not end")
		}
	}
}

var dumpName = regexp.MustCompile(`^tiny-claim-\d{8}-\d{6}\.memory\.dump$`)

// The dump is an ELF core that has what is in the guest's memory, and the guest runs on.
func TestMemoryDump(t *testing.T) {
	directory := claimOf(t)
	p := startPod(t, 30)
	states := p.watch()
	if _, err := p.client.Sync(p.ctx(), p.withDump(directory)); err != nil {
		t.Fatal(err)
	}
	p.waitLog(greeting)
	p.signal(protocol.Action_ACTION_DUMP_MEMORY)
	p.signal(protocol.Action_ACTION_DUMP_MEMORY) // it is done once
	dump := p.dumped(states)
	if dump.GetError() != "" || dump.GetVolume() != "dump" || !dumpName.MatchString(dump.GetFile()) || dump.GetEnded() < dump.GetStarted() {
		t.Fatalf("dump %v", dump)
	}
	t.Logf("dumped in %d s", dump.GetEnded()-dump.GetStarted())
	p.signal(protocol.Action_ACTION_DUMP_MEMORY)
	if files, _ := os.ReadDir(directory); len(files) != 1 {
		t.Errorf("the claim holds %v", files)
	}
	checkCore(t, filepath.Join(directory, dump.GetFile()), 64<<20)
	p.say("p") // it still listens
	if off := p.until(states, protocol.State_STATE_SHUTOFF); off.GetReason() != "Shutdown" || off.GetMemoryDump().GetEnded() == 0 {
		t.Errorf("the end: %v", off)
	}
}

// checkCore wants a core of a guest with some memory that has its boot sector.
func checkCore(t *testing.T, path string, memory uint64) {
	t.Helper()
	core, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer core.Close()
	size, found := uint64(0), false
	for _, segment := range core.Progs {
		if segment.Type != elf.PT_LOAD {
			continue
		}
		size += segment.Filesz
		content := make([]byte, segment.Filesz)
		if _, err := segment.ReadAt(content, 0); err != nil {
			t.Fatal(err)
		}
		found = found || bytes.Contains(content, bootSector)
	}
	if core.Type != elf.ET_CORE || size < memory || !found {
		t.Errorf("type %v, %d bytes of memory, want %d; its boot sector is there: %v", core.Type, size, memory, found)
	}
}

// What keeps a dump from being made is told, nothing of it stays, and the guest runs on.
func TestMemoryDumpFails(t *testing.T) {
	small := claimOf(t)
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=80m,uid=107,gid=107,mode=0770"); err != nil {
		t.Skip("mounting a file system: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(small, syscall.MNT_DETACH) })
	foreign := claimOf(t)
	if err := os.Chown(foreign, 0, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(foreign, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ directory, says string }{
		"a small claim":            {small, "claim claim: it has 80Mi of room, and a memory dump needs 164Mi"},
		"somebody else's claim":    {foreign, "claim claim cannot be written to: "},
		"a claim that is a device": {"", "claim claim: a memory dump needs volumeMode Filesystem"},
	} {
		t.Run(name, func(t *testing.T) {
			p := startPod(t, 30)
			states := p.watch()
			if _, err := p.client.Sync(p.ctx(), p.withDump(tc.directory)); err != nil {
				t.Fatal(err)
			}
			p.waitLog(greeting)
			p.signal(protocol.Action_ACTION_DUMP_MEMORY)
			if dump := p.dumped(states); !strings.Contains(dump.GetError(), tc.says) {
				t.Errorf("dump %v", dump)
			}
			if tc.directory != "" {
				if files, _ := os.ReadDir(tc.directory); len(files) != 0 {
					t.Errorf("the claim holds %v", files)
				}
			}
			p.say("p")
			p.until(states, protocol.State_STATE_SHUTOFF)
		})
	}
}
