//go:build process

package run_test

import (
	endian "encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// kernel is the smallest one that a loader of Linux's boot protocol takes. It says
// "kernel is up", its command line and the size of its initrd, two characters, on
// the first serial port:
//
//	mov si,0x300; mov dx,0x3f8
//	next: lodsb; test al,al; jz line; out dx,al; jmp next
//	line: mov bx,[0x21c]                                ; ramdisk_size
//	mov ax,[0x228]; shr ax,4; mov cx,[0x22a]; shl cx,12 ; cmd_line_ptr
//	or ax,cx; mov ds,ax; xor si,si
//	more: lodsb; test al,al; jz size; out dx,al; jmp more
//	size: mov al,bl; out dx,al; mov al,bh; out dx,al
//	idle: hlt; jmp idle
var kernel = []byte{
	0xbe, 0x00, 0x03, 0xba, 0xf8, 0x03,
	0xac, 0x84, 0xc0, 0x74, 0x03, 0xee, 0xeb, 0xf8,
	0x8b, 0x1e, 0x1c, 0x02,
	0xa1, 0x28, 0x02, 0xc1, 0xe8, 0x04, 0x8b, 0x0e, 0x2a, 0x02, 0xc1, 0xe1, 0x0c,
	0x09, 0xc8, 0x8e, 0xd8, 0x31, 0xf6,
	0xac, 0x84, 0xc0, 0x74, 0x03, 0xee, 0xeb, 0xf8,
	0x88, 0xd8, 0xee, 0x88, 0xf8, 0xee,
	0xf4, 0xeb, 0xfd,
}

const (
	kernelGreeting = "kernel is up "
	kernelArgs     = "console=ttyS0 answer=42 "
	// initrdSize is "OK" to who reads it byte by byte.
	initrdSize = 'K'<<8 | 'O'
)

// kernelImage lays the root of a container image with kernel and initrd out.
func kernelImage(t *testing.T) string {
	t.Helper()
	image := make([]byte, 8<<10)
	image[0x1f1] = 1 // sectors of setup code beside the first
	copy(image[0x1fe:], "\x55\xaa\xeb\x66HdrS")
	endian.LittleEndian.PutUint16(image[0x206:], 0x206) // version of the protocol
	image[0x211] = 1                                    // the rest is loaded high
	endian.LittleEndian.PutUint32(image[0x22c:], 0x37ffffff)
	endian.LittleEndian.PutUint32(image[0x238:], 255) // longest command line
	copy(image[0x268:], kernel)
	copy(image[0x300:], kernelGreeting+"\x00")
	root, err := os.MkdirTemp("/tmp", "kernel")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	if err := os.Mkdir(filepath.Join(root, "boot"), 0o755); err != nil {
		t.Fatal(err)
	}
	// The launcher's alone, and everybody's.
	for name, file := range map[string]struct {
		content []byte
		mode    os.FileMode
	}{"vmlinuz-1": {image, 0o440}, "initrd": {make([]byte, initrdSize), 0o444}} {
		path := filepath.Join(root, "boot", name)
		if err := os.WriteFile(path, file.content, file.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, launcherUser, launcherUser); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("boot/vmlinuz-1", filepath.Join(root, "vmlinuz")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(root, "passwd")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	return root
}

// withKernel is the wanted state of a guest without disks that boots a kernel.
func (p *pod) withKernel(path, args string, source *protocol.KernelBoot) *protocol.SyncRequest {
	p.t.Helper()
	instance := vmi()
	instance.Spec.Domain.Devices.Disks, instance.Spec.Volumes = nil, nil
	instance.Spec.Domain.Firmware.KernelBoot = &v1.KernelBoot{
		KernelArgs: args,
		Container:  &v1.KernelBootContainer{Image: "x", KernelPath: path, InitrdPath: "/boot/initrd"},
	}
	raw, err := json.Marshal(instance)
	if err != nil {
		p.t.Fatal(err)
	}
	request := p.request("")
	request.Vmi, request.Volumes, request.KernelBoot = raw, nil, source
	return request
}

// A guest boots the kernel of an image, by a link in it, with its initrd and
// arguments. A path that leads out of the image is refused.
func TestKernelBoot(t *testing.T) {
	p := startPod(t, 0)
	image := kernelImage(t)
	source := &protocol.KernelBoot{Kernel: image, Initrd: image}
	for _, path := range []string{"/passwd", "/../../../etc/passwd", "/boot", "/nowhere"} {
		_, err := p.client.Sync(p.ctx(), p.withKernel(path, kernelArgs, source))
		if protocol.ReasonOf(err) != protocol.ReasonInvalidVolume || !strings.Contains(err.Error(), "kernel") {
			t.Errorf("kernel %s: %v", path, err)
		}
	}
	if _, err := p.client.Sync(p.ctx(), p.withKernel("/vmlinuz", kernelArgs, source)); err != nil {
		t.Fatal(err)
	}
	p.waitLog(kernelGreeting + kernelArgs + "OK")
}

// The files themselves, as the handler shares them on clusters without image
// volumes.
func TestKernelBootFiles(t *testing.T) {
	p := startPod(t, 0)
	image := kernelImage(t)
	source := &protocol.KernelBoot{Kernel: image + "/boot/vmlinuz-1", Initrd: image + "/boot/initrd"}
	if _, err := p.client.Sync(p.ctx(), p.withKernel("/vmlinuz", kernelArgs, source)); err != nil {
		t.Fatal(err)
	}
	p.waitLog(kernelGreeting + kernelArgs + "OK")
}

// A real kernel boots to its login without a disk.
func TestTinyKernel(t *testing.T) {
	image := os.Getenv("KUBEVIRT_GUEST_TINY")
	if _, err := os.Stat(image + "/boot/vmlinuz"); image == "" || err != nil {
		t.Skip("KUBEVIRT_GUEST_TINY does not name an image with a kernel")
	}
	p := startPod(t, 0)
	request := p.withKernel("/boot/vmlinuz", kernelArgs+"rdinit=/sbin/init", &protocol.KernelBoot{Kernel: image, Initrd: image})
	request.Vmi = []byte(strings.Replace(string(request.GetVmi()), `"64Mi"`, `"128Mi"`, 1))
	if _, err := p.client.Sync(p.ctx(), request); err != nil {
		t.Fatal(err)
	}
	guest := p.login()
	guest.run("grep -q answer=42 /proc/cmdline", true)
	guest.run("ls /sys/block | grep -q vda", false)
}
