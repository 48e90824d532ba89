//go:build process

package run_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// writtenSectors is how much writer writes, in sectors.
const writtenSectors = 14336

// writer is a guest that, after its greeting, fills the first 7 MiB of its second disk
// by the firmware, eight sectors at a time, each piece beginning with its own number:
//
//	next: mov eax,[dap+8]; mov [0x8000],eax
//	mov ax,0x4300; mov dl,0x81; mov si,dap; int 0x13; jc failed
//	add dword [dap+8],8; cmp dword [dap+8],14336; jb next
//	mov si,"all is written"; jmp say
//	failed: mov si,"a write failed"; say it; idle: hlt; jmp idle
//	dap: db 16,0; dw 8,0x8000,0; dq 0
func writer() []byte {
	sector := make([]byte, writerAt, 510)
	sector[0], sector[1] = 0xeb, writerAt-2 // jmp, over the greeting
	return append(sector, writerCode...)
}

const writerAt = 0x60

var writerCode = []byte{
	0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0, 0xbc, 0x00, 0x7c, 0xfb, 0xbe, 0x43, 0x7c, 0xe8, 0x33,
	0x00, 0x66, 0xa1, 0xdc, 0x7c, 0x66, 0xa3, 0x00, 0x80, 0xb8, 0x00, 0x43, 0xb2, 0x81, 0xbe, 0xd4,
	0x7c, 0xcd, 0x13, 0x72, 0x16, 0x66, 0x83, 0x06, 0xdc, 0x7c, 0x08, 0x66, 0x81, 0x3e, 0xdc, 0x7c,
	0x00, 0x38, 0x00, 0x00, 0x72, 0xdb, 0xbe, 0xb0, 0x7c, 0xeb, 0x03, 0xbe, 0xc1, 0x7c, 0xe8, 0x03,
	0x00, 0xf4, 0xeb, 0xfd, 0xba, 0xf8, 0x03, 0xac, 0x84, 0xc0, 0x74, 0x03, 0xee, 0xeb, 0xf8, 0xc3,
	0x61, 0x6c, 0x6c, 0x20, 0x69, 0x73, 0x20, 0x77, 0x72, 0x69, 0x74, 0x74, 0x65, 0x6e, 0x0d, 0x0a,
	0x00, 0x61, 0x20, 0x77, 0x72, 0x69, 0x74, 0x65, 0x20, 0x66, 0x61, 0x69, 0x6c, 0x65, 0x64, 0x0d,
	0x0a, 0x00, 0x66, 0x90, 0x10, 0x00, 0x08, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00,
}

// fullClaim is a claim of 8 MiB with a disk of 7 MiB, of which another file leaves 3 MiB.
func fullClaim(t *testing.T) (directory, filler string) {
	t.Helper()
	directory = claimOf(t)
	if err := syscall.Mount("tmpfs", directory, "tmpfs", 0, "size=8m,uid=107,gid=107,mode=0770"); err != nil {
		t.Skip("mounting a file system: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(directory, syscall.MNT_DETACH) })
	filler = filepath.Join(directory, "filler")
	image := filepath.Join(directory, "disk.img")
	for path, content := range map[string][]byte{filler: bytes.Repeat([]byte("x"), 5<<20), image: nil} {
		if err := os.WriteFile(path, content, 0o660); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, launcherUser, launcherUser); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(image, writtenSectors*512); err != nil {
		t.Fatal(err)
	}
	return directory, filler
}

// bootable gives the disks of an instance an order: the firmware knows no others.
func bootable(t *testing.T, raw []byte) []byte {
	t.Helper()
	instance := &v1.VirtualMachineInstance{}
	if err := json.Unmarshal(raw, instance); err != nil {
		t.Fatal(err)
	}
	for i := range instance.Spec.Domain.Devices.Disks {
		order := uint(i + 1)
		instance.Spec.Domain.Devices.Disks[i].BootOrder = &order
	}
	raw, err := json.Marshal(instance)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// A claim runs full under a guest: the guest stops, and what it has written and was
// about to write is there once it has room and may go on.
func TestFullClaim(t *testing.T) {
	root := claimOf(t)
	disk, err := os.ReadFile(filepath.Join(containerDisk(t, writer()), "disk", "boot.img"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "disk.img"), disk, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(filepath.Join(root, "disk.img"), launcherUser, launcherUser); err != nil {
		t.Fatal(err)
	}
	data, filler := fullClaim(t)
	p := startPod(t, 0)
	states := p.watch()
	request := p.withClaims(root, data)
	request.Vmi = bootable(t, request.Vmi)
	if _, err := p.client.Sync(p.ctx(), request); err != nil {
		t.Fatal(err)
	}
	p.waitLog(greeting)
	paused := p.until(states, protocol.State_STATE_PAUSED)
	if paused.GetReason() != "IOError" || paused.GetDiskError().GetVolume() != "data" || !paused.GetDiskError().GetNoSpace() {
		t.Fatalf("paused: %v", paused)
	}
	if disks := paused.GetDisks(); len(disks) != 2 || disks[1].GetTarget() != "vdb" || disks[1].GetSize() != writtenSectors*512 {
		t.Errorf("disks: %v", disks)
	}
	p.signal(protocol.Action_ACTION_RESUME) // as long as there is no room, it stops again
	p.until(states, protocol.State_STATE_PAUSED)
	if p.said("a write failed") != 0 {
		t.Error("the guest has seen the error")
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	p.signal(protocol.Action_ACTION_RESUME)
	p.waitSaid("all is written", 1, 30*time.Second)
	if now := p.until(states, protocol.State_STATE_RUNNING); now.GetDiskError() != nil {
		t.Errorf("it runs, and still has an error: %v", now)
	}
	p.kill("qemu-system-x86", syscall.SIGKILL)
	written, err := os.ReadFile(filepath.Join(data, "disk.img"))
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < writtenSectors; at += 8 {
		if got := int(written[at*512]) | int(written[at*512+1])<<8; got != at {
			t.Fatalf("sector %d holds %d", at, got)
		}
	}
}
