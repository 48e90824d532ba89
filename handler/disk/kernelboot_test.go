package disk

import (
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/launcherclient/nodetest"
	"kubevirt.io/kubevirt/launcher/protocol"
)

func withKernel(kernel, initrd string) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Spec.Domain.Firmware = &v1.Firmware{KernelBoot: &v1.KernelBoot{
		Container: &v1.KernelBootContainer{Image: "x", KernelPath: kernel, InitrdPath: initrd},
	}}
	return vmi
}

func TestKernelInImageVolume(t *testing.T) {
	node := nodetest.New(t)
	launcher, _ := start(t, node, shortTemp(t), "launcher.sock", kernelImageDir+"/boot/vmlinuz")
	got, err := KernelBoot(t.Context(), withKernel("/boot/vmlinuz", ""), Pod{UID: podUID, Launcher: launcher, Cgroups: node.Cgroups})
	if want := (&protocol.KernelBoot{Kernel: kernelImageDir, Initrd: kernelImageDir}); err != nil || !proto.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestKernelIsSharedReadOnly(t *testing.T) {
	node := nodetest.New(t)
	sockets := shortTemp(t)
	launcher, _ := start(t, node, shortTemp(t), "launcher.sock", "/var/run/kubevirt/launcher.sock")
	start(t, node, sockets, kernelSocketName+".sock", "/boot/vmlinuz-1", "/vmlinuz->boot/vmlinuz-1", "/boot/initrd", "/shadow->/etc/shadow")
	pod := Pod{UID: podUID, Launcher: launcher, Sockets: sockets, Cgroups: node.Cgroups}
	for range 2 { // a second time must change nothing
		got, err := KernelBoot(t.Context(), withKernel("/vmlinuz", "/boot/initrd"), pod)
		if want := (&protocol.KernelBoot{Kernel: kernelDir + "/kernel", Initrd: kernelDir + "/initrd"}); err != nil || !proto.Equal(got, want) {
			t.Fatalf("got %v, %v", got, err)
		}
	}
	for target, want := range map[string]string{"kernel": "content of /boot/vmlinuz-1", "initrd": "content of /boot/initrd"} {
		seen := inside(launcher, kernelDir+"/"+target)
		if content, err := os.ReadFile(seen); err != nil || string(content) != want {
			t.Errorf("%s: read %q, %v", target, content, err)
		}
		if file, err := os.OpenFile(seen, os.O_WRONLY, 0); err == nil {
			file.Close()
			t.Errorf("%s can be written to", target)
		}
	}
	for path, want := range map[string]string{"/shadow": "no such file", "/../../nowhere": "no such file", "/boot": "not a regular file"} {
		if _, err := KernelBoot(t.Context(), withKernel(path, ""), pod); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", path, err, want)
		}
	}
}

func TestNoKernel(t *testing.T) {
	for name, firmware := range map[string]*v1.Firmware{"firmware": nil, "kernelBoot": {}, "container": {KernelBoot: &v1.KernelBoot{}}} {
		vmi := &v1.VirtualMachineInstance{}
		vmi.Spec.Domain.Firmware = firmware
		if got, err := KernelBoot(t.Context(), vmi, Pod{}); got != nil || err != nil {
			t.Errorf("without %s: %v, %v", name, got, err)
		}
	}
}
